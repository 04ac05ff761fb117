// Which indices of an Indexed Job have failed for good (spec.backoffLimitPerIndex), and how often the others have.
// How often is written on Pods: each has as an annotation the failures of its index before it. So the last Pod of an index
// that failed is held, finalizer and all, until another of that index has taken the number over.
// Source: pkg/controller/job/indexed_job_utils.go, backoff_utils.go; KEP-3850.
import type { Job, Pod } from "../../client/object-types.js";
import { judgeFailure } from "./failure-policy.js";
import { parseIndexes } from "./index-set.js";
import { hasFailed, hasTracking, indexOf, isTrue, type JobStatus } from "./job-state.js";
import { endedMs, retryDelayMs } from "./retry-delay.js";
import { isActive } from "../harness/pod-state.js";

const FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count";
const IGNORED_FAILURE_COUNT = "batch.kubernetes.io/job-index-ignored-failure-count";

export interface FailedIndexes {
  readonly failed: ReadonlySet<number>;
  /** By index: the failed Pod that is held until it is replaced. */
  readonly held: ReadonlyMap<number, Pod>;
}

/** @param completed those of Pods that are still to be counted, too @returns null: its indices have no limit of their own */
export function failedIndexesOf(
  job: Job,
  pods: readonly Pod[],
  completed: ReadonlySet<number>,
): FailedIndexes | null {
  const { backoffLimitPerIndex: limit, completions = 0 } = job.spec ?? {};
  if (limit === undefined) return null;
  const failed = parseIndexes((job.status as JobStatus | undefined)?.failedIndexes, completions);
  // Pods that end because the Job does fail no index.
  if (isDecided(job)) return { failed, held: new Map() };
  const waiting = pods.filter((pod) => {
    const index = indexOf(pod);
    return hasTracking(pod) && index >= 0 && index < completions && hasFailed(job, pod);
  });
  for (const pod of waiting) if (isIndexFailed(job, pod, limit)) failed.add(indexOf(pod));
  const busy = new Set(pods.filter(isActive).map(indexOf));
  const held = new Map<number, Pod>();
  for (const pod of waiting) {
    const index = indexOf(pod);
    if (completed.has(index) || failed.has(index) || busy.has(index)) continue;
    const other = held.get(index);
    if (other === undefined || isLater(pod, other)) held.set(index, pod);
  }
  return { failed, held };
}

function isDecided({ status }: Job): boolean {
  return ["FailureTarget", "SuccessCriteriaMet"].some((type) => isTrue(status?.conditions, type));
}

function isIndexFailed(job: Job, pod: Pod, limit: number): boolean {
  const { counts, failsIndex } = judgeFailure(job, pod);
  return failsIndex || (counts && countOf(pod, FAILURE_COUNT) >= limit);
}

function isLater(pod: Pod, other: Pod): boolean {
  return allFailures(pod) >= allFailures(other) && endedMs(pod, 0) >= endedMs(other, 0);
}

/** Of the next Pod of an index. @param held the one it replaces; undefined: it is the first */
export function failureAnnotations(job: Job, held: Pod | undefined): Readonly<Record<string, string>> {
  if (held === undefined) return { [FAILURE_COUNT]: "0" };
  const isCounted = judgeFailure(job, held).counts;
  const ignored = countOf(held, IGNORED_FAILURE_COUNT) + (isCounted ? 0 : 1);
  return {
    [FAILURE_COUNT]: String(countOf(held, FAILURE_COUNT) + (isCounted ? 1 : 0)),
    ...(ignored === 0 ? {} : { [IGNORED_FAILURE_COUNT]: String(ignored) }),
  };
}

/** Each index waits for itself. 0: now. */
export function indexRetryInMs(held: Pod | undefined, nowMs: number): number {
  if (held === undefined) return 0;
  return Math.max(0, endedMs(held, nowMs) + retryDelayMs(allFailures(held) + 1) - nowMs);
}

function allFailures(pod: Pod): number {
  return countOf(pod, FAILURE_COUNT) + countOf(pod, IGNORED_FAILURE_COUNT);
}

function countOf(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? "";
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}
