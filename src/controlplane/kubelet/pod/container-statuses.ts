// containerStatuses as kubectl shows them, from what the runtime says and why something has not been started.
// Source: kubernetes pkg/kubelet/kubelet_pods.go convertToAPIContainerStatuses.
import type { RuntimeContainer } from "../runtime/runtime-service.js";
import {
  type Container,
  type ContainerState,
  type ContainerStateTerminated,
  type ContainerStatus,
  timestamp,
} from "./pod.js";

export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

export interface ContainerView {
  readonly container: Container;
  /** Instances that are kept, newest first. */
  readonly records: readonly RuntimeContainer[];
  /** Why the next instance is not running: CrashLoopBackOff, ErrImagePull...; null: no reason is known. */
  readonly waiting: WaitingReason | null;
  /** Probes' verdicts. */
  readonly isReady: boolean;
  readonly isStarted: boolean;
}

/** @param idle what a container that was never made waits for: "ContainerCreating" or "PodInitializing" */
export function containerStatus(view: ContainerView, idle: string): ContainerStatus {
  const [newest, previous] = view.records;
  const { container, waiting } = view;
  if (newest === undefined)
    return {
      name: container.name,
      image: container.image ?? "",
      imageID: "",
      ready: false,
      started: false,
      restartCount: 0,
      state: { waiting: waiting === null ? { reason: idle } : { ...waiting } },
      lastState: {},
    };
  const isRunning = newest.state === "running";
  const isWaiting = waiting !== null && !isRunning;
  const ended = newest.state === "exited" ? newest : previous;
  const last = isWaiting ? ended : previous;
  return {
    name: container.name,
    image: newest.image,
    imageID: newest.imageRef,
    containerID: apiContainerId(newest.id),
    ready: view.isReady,
    started: view.isStarted,
    restartCount: newest.attempt,
    state: isWaiting ? { waiting: { ...waiting } } : stateOf(newest),
    lastState: last?.state === "exited" ? { terminated: terminatedOf(last) } : {},
    ...(container.resources === undefined ? {} : resourcesOf(container)),
  };
}

/** As the API names containers of this runtime. */
export function apiContainerId(id: string): string {
  return `containerd://${id}`;
}

function resourcesOf(container: Container): Partial<ContainerStatus> {
  const { resources } = container;
  if (resources?.requests === undefined && resources?.limits === undefined) return {};
  return {
    resources,
    ...(resources.requests === undefined ? {} : { allocatedResources: resources.requests }),
  };
}

function stateOf(record: RuntimeContainer): ContainerState {
  switch (record.state) {
    case "created":
      return { waiting: {} };
    case "running":
      return { running: { startedAt: timestamp(record.startedAtMs) } };
    case "exited":
      return { terminated: terminatedOf(record) };
  }
}

function terminatedOf(record: RuntimeContainer): ContainerStateTerminated {
  return {
    exitCode: record.exitCode,
    reason: record.reason,
    ...(record.message === "" ? {} : { message: record.message }),
    startedAt: timestamp(record.startedAtMs),
    finishedAt: timestamp(record.finishedAtMs),
    containerID: apiContainerId(record.id),
  };
}
