// A Pod's phase from what its containers do.
// Source: kubernetes pkg/kubelet/kubelet_pods.go getPhase.
import {
  type Container,
  type ContainerStateTerminated,
  type ContainerStatus,
  isSidecar,
  type PodSpec,
  restartsAfter,
} from "./pod.js";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

type Progress =
  | { readonly is: "unknown" | "waiting" }
  | { readonly is: "running"; readonly isStarted: boolean }
  | { readonly is: "stopped"; readonly exitCode: number };

/**
 * @param statuses of init and other containers
 * @param isTerminating nothing will be started again, whatever the restart policy says
 */
export function podPhase(
  spec: PodSpec,
  statuses: readonly ContainerStatus[],
  isTerminating: boolean,
): PodPhase {
  const progress = new Map(statuses.map((status) => [status.name, progressOf(status)]));
  const init = initialization(spec, progress);
  if (init === "failed") return "Failed";
  const main = spec.containers.map((container) => ({ container, at: at(progress, container) }));
  const sidecars = (spec.initContainers ?? []).filter(isSidecar).map((each) => at(progress, each));
  const hasStarted = main.some(({ at }) => at.is === "running" || at.is === "stopped");
  if (init === "pending" || (init === "sidecars" && !hasStarted)) return "Pending";
  const all = [...main.map((each) => each.at), ...sidecars];
  if (all.some((each) => each.is === "waiting" || each.is === "unknown")) return "Pending";
  if (all.some((each) => each.is === "running")) return "Running";
  const codes = main.flatMap(({ container, at }) =>
    at.is === "stopped" ? [{ container, exitCode: at.exitCode }] : [],
  );
  if (codes.length === 0) return "Pending";
  if (!isTerminating && codes.some(({ container, exitCode }) => restartsAfter(container, spec, exitCode)))
    return "Running";
  return codes.every(({ exitCode }) => exitCode === 0) ? "Succeeded" : "Failed";
}

function initialization(
  spec: PodSpec,
  progress: ReadonlyMap<string, Progress>,
): "done" | "pending" | "sidecars" | "failed" {
  let isPending = false;
  let isSidecarPending = false;
  for (const container of spec.initContainers ?? []) {
    const state = at(progress, container);
    if (isSidecar(container)) {
      isSidecarPending ||= state.is !== "stopped" && !(state.is === "running" && state.isStarted);
    } else if (state.is !== "stopped") isPending = true;
    else if (state.exitCode !== 0 && !restartsAfter(container, spec, state.exitCode)) return "failed";
    else if (state.exitCode !== 0) isPending = true;
  }
  if (isPending) return "pending";
  return isSidecarPending ? "sidecars" : "done";
}

function at(progress: ReadonlyMap<string, Progress>, container: Container): Progress {
  return progress.get(container.name) ?? { is: "unknown" };
}

/** Waiting after a termination counts as stopped: the container is between two runs. */
function progressOf(status: ContainerStatus): Progress {
  const state = status.state ?? {};
  if (state.running !== undefined) return { is: "running", isStarted: status.started === true };
  if (state.terminated !== undefined) return stopped(state.terminated);
  if (state.waiting === undefined) return { is: "unknown" };
  const last = status.lastState?.terminated;
  return last === undefined ? { is: "waiting" } : stopped(last);
}

function stopped(terminated: ContainerStateTerminated): Progress {
  return { is: "stopped", exitCode: terminated.exitCode };
}
