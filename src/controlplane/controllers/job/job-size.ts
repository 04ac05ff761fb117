// Which Pods a Job that goes on is to make, and which it has too many of.
// Source: pkg/controller/job/job_controller.go (manageJob), indexed_job_utils.go.
import type { Job, Pod } from "../../client/object-types.js";
import { isReady, isTerminal, isTerminating } from "../harness/pod-state.js";
import { timeMs } from "../harness/times.js";
import { type FailedIndexes, indexRetryInMs } from "./failed-indexes.js";
import { indexOf, isIndexed, isSuspended, type JobView, replacesFailedOnly } from "./job-state.js";
import type { Tally } from "./pod-tally.js";
import { retryInMs } from "./retry-delay.js";

export interface Resizing {
  /** An Indexed Job: the indices of Pods to make; else as many -1. */
  readonly create: readonly number[];
  readonly remove: readonly Pod[];
  /** When to look again; null: when something happens. */
  readonly requeueMs: number | null;
}

const NOTHING: Resizing = { create: [], remove: [], requeueMs: null };

/** @param active Pods that are neither at their end nor on their way out */
export function resize(view: JobView, tally: Tally, active: readonly Pod[]): Resizing {
  const { job, pods, nowMs } = view;
  if (isSuspended(job)) return { ...NOTHING, remove: active };
  const wanted = wantedActive(job, tally, active.length);
  const surplus = isIndexed(job)
    ? surplusIndexed(job, tally, active, wanted)
    : leastUseful(active).slice(wanted);
  if (surplus.length > 0) return { ...NOTHING, remove: surplus };
  const leaving = replacesFailedOnly(job) ? pods.filter((pod) => isTerminating(pod) && !isTerminal(pod)) : [];
  const missing = wanted - active.length - leaving.length;
  if (missing <= 0) return NOTHING;
  if (tally.perIndex !== null)
    return resizePerIndex(
      pendingIndexes(job, tally, [...active, ...leaving], missing),
      tally.perIndex,
      nowMs,
    );
  const waitMs = retryInMs(tally.succeededPods, tally.failedPods, nowMs);
  if (waitMs > 0) return { ...NOTHING, requeueMs: waitMs };
  if (!isIndexed(job)) return { ...NOTHING, create: Array<number>(missing).fill(-1) };
  return { ...NOTHING, create: pendingIndexes(job, tally, [...active, ...leaving], missing) };
}

/** Those whose wait is over are made; while there are none, the next look is when the first one's is. */
function resizePerIndex(indexes: readonly number[], { held }: FailedIndexes, nowMs: number): Resizing {
  const waits = indexes.map((index) => indexRetryInMs(held.get(index), nowMs));
  const create = indexes.filter((_, at) => waits[at] === 0);
  const requeueMs = create.length > 0 || waits.length === 0 ? null : Math.min(...waits);
  return { ...NOTHING, create, requeueMs };
}

/** A Job without completions is done when one Pod says so: then no new ones start. */
function wantedActive(job: Job, { succeeded }: Tally, active: number): number {
  const { completions, parallelism = 1 } = job.spec ?? {};
  if (completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** Those that serve most first: the tail goes. */
function leastUseful(active: readonly Pod[]): Pod[] {
  const rank = (pod: Pod): number =>
    (isReady(pod) ? 0 : 4) +
    (pod.status?.phase === "Running" ? 0 : 2) +
    ((pod.spec?.nodeName ?? "") === "" ? 1 : 0);
  return [...active].sort(
    (left, right) =>
      rank(left) - rank(right) ||
      timeMs(left.metadata.creationTimestamp) - timeMs(right.metadata.creationTimestamp),
  );
}

/** Pods whose index is out of range, done, or has another Pod; then the highest indices. */
function surplusIndexed(job: Job, { completed }: Tally, active: readonly Pod[], wanted: number): Pod[] {
  const completions = job.spec?.completions ?? 0;
  const kept = new Map<number, Pod>();
  const surplus: Pod[] = [];
  for (const pod of leastUseful(active)) {
    const index = indexOf(pod);
    if (index < 0 || index >= completions || completed.has(index) || kept.has(index)) surplus.push(pod);
    else kept.set(index, pod);
  }
  const highestFirst = [...kept].sort(([left], [right]) => right - left);
  for (const [, pod] of highestFirst.slice(0, Math.max(0, kept.size - wanted))) surplus.push(pod);
  return surplus;
}

function pendingIndexes(
  job: Job,
  { completed, perIndex }: Tally,
  busy: readonly Pod[],
  count: number,
): number[] {
  const taken = new Set([...busy.map(indexOf), ...(perIndex?.failed ?? [])]);
  const indexes: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && indexes.length < count; index++)
    if (!completed.has(index) && !taken.has(index)) indexes.push(index);
  return indexes;
}
