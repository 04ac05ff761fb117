// What to do next for a Pod: which sandbox, which containers to start, which to stop. Pure: what the runtime says and
// what probes found in, actions out.
// Source: kubernetes pkg/kubelet/kuberuntime computePodActions, computeInitContainerActions.
import type { RuntimeContainer } from "../runtime/runtime-service.js";
import { type Container, isSidecar, type PodSpec, restartsAfter } from "./pod.js";

export type KillCause = "liveness" | "startup";

export interface PodView {
  readonly spec: PodSpec;
  /** Newest instance of each container that there ever was. */
  readonly containers: ReadonlyMap<string, RuntimeContainer>;
  /** A sandbox that is ready. */
  readonly hasSandbox: boolean;
  /** Sandboxes that there were before. */
  readonly sandboxAttempts: number;
  /** Probes that failed for good for the instance that runs. */
  readonly failedProbe: (container: string) => KillCause | null;
  /** The startup probe, if there is one, has succeeded. */
  readonly hasStarted: (container: string) => boolean;
}

export interface PodActions {
  readonly createSandbox: boolean;
  /** Nothing more will run: stop what does, and the sandbox. */
  readonly killPod: boolean;
  readonly stop: readonly { readonly name: string; readonly cause: KillCause }[];
  /** In order; init containers come alone or as sidecars that are to be restarted. */
  readonly start: readonly Container[];
}

const NOTHING: PodActions = { createSandbox: false, killPod: false, stop: [], start: [] };

export function podActions(view: PodView): PodActions {
  return view.hasSandbox ? actionsInSandbox(view) : actionsWithoutSandbox(view);
}

function actionsWithoutSandbox(view: PodView): PodActions {
  const { spec, containers } = view;
  const isRetryOfDone = spec.restartPolicy === "Never" && view.sandboxAttempts > 0 && containers.size > 0;
  if (isRetryOfDone) return { ...NOTHING, killPod: true };
  const start = spec.containers.filter(
    (container) => !(runsOnce(container, spec) && hasSucceeded(view, container)),
  );
  const hasInitialized = spec.containers.some((container) => containers.has(container.name));
  if (start.length === 0 && hasInitialized) return { ...NOTHING, killPod: true };
  const firstInit = spec.initContainers?.[0];
  return { ...NOTHING, createSandbox: true, start: firstInit === undefined ? start : [firstInit] };
}

function runsOnce(container: Container, spec: PodSpec): boolean {
  return (container.restartPolicy ?? spec.restartPolicy) === "OnFailure";
}

function hasSucceeded(view: PodView, container: Container): boolean {
  const record = view.containers.get(container.name);
  return record?.state === "exited" && record.exitCode === 0;
}

function actionsInSandbox(view: PodView): PodActions {
  const stop: Stops = [];
  const start: Container[] = [];
  const init = initActions(view, stop, start);
  if (init === "failed") return { ...NOTHING, killPod: true };
  if (init === "pending") return { ...NOTHING, stop, start };
  let kept = 0;
  for (const container of view.spec.containers) {
    const record = view.containers.get(container.name);
    if (record?.state !== "running") {
      if (shouldStart(record, container, view.spec)) start.push(container);
      continue;
    }
    const cause = view.failedProbe(container.name);
    if (cause === null) {
      kept++;
      continue;
    }
    stop.push({ name: container.name, cause });
    if (view.spec.restartPolicy !== "Never") start.push(container);
  }
  const isDone = kept === 0 && !start.some((container) => !isSidecar(container));
  return isDone ? { ...NOTHING, killPod: true } : { ...NOTHING, stop, start };
}

function shouldStart(record: RuntimeContainer | undefined, container: Container, spec: PodSpec): boolean {
  if (record === undefined || record.state === "created") return true;
  return record.state === "exited" && restartsAfter(container, spec, record.exitCode);
}

type Stops = { name: string; cause: KillCause }[];

/** Init containers run one after the other; a sidecar makes way for the next once it has started. */
function initActions(view: PodView, stop: Stops, start: Container[]): "done" | "pending" | "failed" {
  const init = view.spec.initContainers ?? [];
  if (init.length === 0) return "done";
  const isUnderWay = view.spec.containers.some((container) => {
    const state = view.containers.get(container.name)?.state;
    return state === "created" || state === "running";
  });
  // Once the others run, only sidecars matter; until then the newest one says how far the Pod has come.
  const newest = isUnderWay
    ? init.length
    : init.findLastIndex((container) => view.containers.has(container.name));
  for (const container of init.slice(0, Math.max(0, newest)))
    if (isSidecar(container)) keepSidecar(view, container, stop, start);
  if (isUnderWay) return "done";
  if (newest < 0) {
    start.push(init[0] as Container);
    return "pending";
  }
  const progress = newestInit(view, init[newest] as Container, stop, start);
  if (progress !== "done") return progress;
  const next = init[newest + 1];
  if (next === undefined) return "done";
  start.push(next);
  return "pending";
}

function newestInit(
  view: PodView,
  container: Container,
  stop: Stops,
  start: Container[],
): "done" | "pending" | "failed" {
  if (isSidecar(container)) return keepSidecar(view, container, stop, start) ? "done" : "pending";
  const record = view.containers.get(container.name) as RuntimeContainer;
  if (record.state === "exited" && record.exitCode === 0) return "done";
  if (record.state === "exited" && !restartsAfter(container, view.spec, record.exitCode)) return "failed";
  if (record.state !== "running") start.push(container);
  return "pending";
}

/** @returns whether it runs and has started */
function keepSidecar(view: PodView, container: Container, stop: Stops, start: Container[]): boolean {
  const isRunning = view.containers.get(container.name)?.state === "running";
  const cause = isRunning ? view.failedProbe(container.name) : null;
  if (cause !== null) stop.push({ name: container.name, cause });
  if (!isRunning || cause !== null) start.push(container);
  return isRunning && cause === null && view.hasStarted(container.name);
}
