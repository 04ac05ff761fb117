// How long a Job waits before it replaces Pods that failed: 10 s, doubling with each failure since the last success, to
// 10 min; counted from the end of the last one. Read off the Pods, so that a restart forgets nothing.
// Source: pkg/controller/job/backoff_utils.go.
import type { Pod } from "../../client/object-types.js";
import { timeMs } from "../harness/times.js";

const FIRST_MS = 10_000;
const MAX_MS = 600_000;

/** 0: now. */
export function retryInMs(succeeded: readonly Pod[], failed: readonly Pod[], nowMs: number): number {
  const lastSuccessMs = succeeded.reduce((latest, pod) => Math.max(latest, endedMs(pod, nowMs)), 0);
  const failures = failed.map((pod) => endedMs(pod, nowMs)).filter((endMs) => endMs > lastSuccessMs);
  if (failures.length === 0) return 0;
  const lastMs = failures.reduce((latest, endMs) => Math.max(latest, endMs), 0);
  return Math.max(0, lastMs + retryDelayMs(failures.length) - nowMs);
}

/** After so many failures, one at least. */
export function retryDelayMs(failuresCount: number): number {
  return Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failuresCount - 1, 20));
}

/** Of its last container; else when it was asked to go. */
export function endedMs(pod: Pod, nowMs: number): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) =>
    timeMs(state?.terminated?.finishedAt),
  );
  const lastMs = Math.max(0, ...ends);
  return lastMs || timeMs(pod.metadata.deletionTimestamp) || timeMs(pod.metadata.creationTimestamp) || nowMs;
}
