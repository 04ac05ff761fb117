// What controllers ask of a Pod's state.
// Source: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go.
import type { Pod } from "../../client/object-types.js";
import { conditionOf } from "./conditions.js";
import { timeMs } from "./times.js";

export function isReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, "Ready")?.status === "True";
}

/** Milliseconds since 1970; 0 when it is not ready. */
export function readySinceMs(pod: Pod): number {
  const ready = conditionOf(pod.status?.conditions, "Ready");
  return ready?.status === "True" ? timeMs(ready.lastTransitionTime) : 0;
}

/** Ready for long enough. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return availableInMs(pod, minReadySeconds, nowMs) === 0;
}

/** How long until it is available; 0: it is; Infinity: not before it becomes ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number {
  if (!isReady(pod)) return Number.POSITIVE_INFINITY;
  if (minReadySeconds === 0) return 0;
  const sinceMs = readySinceMs(pod);
  if (sinceMs === 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, sinceMs + minReadySeconds * 1000 - nowMs);
}

/** Succeeded or Failed: it never runs again. */
export function isTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === "Succeeded" || phase === "Failed";
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Runs or will run. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isTerminating(pod);
}
