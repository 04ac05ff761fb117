// How the Pods of a Job ended, each counted once, though Pods may be deleted and the controller may stop at any moment:
//   1. a Pod that ended, and still has the finalizer, is written to status.uncountedTerminatedPods (of an Indexed Job
//      that succeeded: its index to completedIndexes);
//   2. then its finalizer is removed;
//   3. then, when the finalizer is seen to be gone, the uid moves from the list to the counter.
// Cost: O(Pods) and a set of their uids.
// Source: pkg/controller/job/job_controller.go (trackJobStatusAndRemoveFinalizers); KEP-2307.
import type { Job, Pod } from "../../client/object-types.js";
import type { FailedIndexes } from "./failed-indexes.js";
import { judgeFailure } from "./failure-policy.js";
import { formatIndexes, parseIndexes } from "./index-set.js";
import {
  BURST_MAX,
  hasFailed,
  hasTracking,
  indexOf,
  isIndexed,
  type JobStatus,
  type JobView,
} from "./job-state.js";

/** No failed Pod waits for one that replaces it. */
export const NONE_HELD: ReadonlyMap<number, Pod> = new Map();

export interface Tally {
  /** Fields of the status. */
  readonly counted: Pick<
    JobStatus,
    "succeeded" | "failed" | "uncountedTerminatedPods" | "completedIndexes" | "failedIndexes"
  >;
  /** With those not counted for good yet. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completed: ReadonlySet<number>;
  readonly succeededPods: readonly Pod[];
  readonly failedPods: readonly Pod[];
  readonly uncountedCount: number;
  readonly perIndex: FailedIndexes | null;
  /** Failed Pods that are not let go yet. */
  readonly heldCount: number;
  readonly release: readonly Pod[];
  /** More Pods have ended than one pass takes: the others keep their finalizer until the next. */
  readonly hasMoreToRelease: boolean;
}

/** With those of Pods that are still to be counted. */
export function completedIndexesOf({ job, pods }: JobView): ReadonlySet<number> {
  if (!isIndexed(job)) return new Set();
  const completed = parseIndexes(job.status?.completedIndexes, job.spec?.completions ?? 0);
  for (const pod of pods)
    if (pod.status?.phase === "Succeeded" && hasTracking(pod) && hasPlace(job, pod))
      completed.add(indexOf(pod));
  return completed;
}

/** @param heldPods failed ones, by index, that keep their finalizer until another takes their place */
export function countEnds(
  { job, pods }: JobView,
  perIndex: FailedIndexes | null,
  heldPods: ReadonlyMap<number, Pod>,
): Tally {
  const before = job.status ?? {};
  const held = new Set(pods.filter(hasTracking).map((pod) => pod.metadata.uid));
  const waiting = before.uncountedTerminatedPods ?? {};
  const stillHeld = (uids: readonly string[] | undefined): string[] =>
    (uids ?? []).filter((uid) => held.has(uid));
  const uncounted = { succeeded: stillHeld(waiting.succeeded), failed: stillHeld(waiting.failed) };
  const settled = {
    succeeded: (waiting.succeeded?.length ?? 0) - uncounted.succeeded.length,
    failed: (waiting.failed?.length ?? 0) - uncounted.failed.length,
  };
  const known = new Set([...uncounted.succeeded, ...uncounted.failed]);
  const succeededPods = pods.filter((pod) => pod.status?.phase === "Succeeded");
  const failedPods = pods.filter((pod) => hasFailed(job, pod));
  const completed = parseIndexes(before.completedIndexes, job.spec?.completions ?? 0);
  const release: Pod[] = [];
  let hasMoreToRelease = false;
  for (const pod of [...succeededPods, ...failedPods]) {
    const { uid = "" } = pod.metadata;
    if (!held.has(uid) || heldPods.get(indexOf(pod)) === pod) continue;
    if (release.length === BURST_MAX) {
      hasMoreToRelease = true;
      break;
    }
    release.push(pod);
    if (known.has(uid) || !hasPlace(job, pod)) continue;
    if (pod.status?.phase === "Succeeded") {
      if (isIndexed(job)) completed.add(indexOf(pod));
      else uncounted.succeeded.push(uid);
    } else if (pod.status?.phase !== "Failed" || judgeFailure(job, pod).counts) uncounted.failed.push(uid);
  }
  const succeeded = isIndexed(job) ? completed.size : (before.succeeded ?? 0) + settled.succeeded;
  const failed = (before.failed ?? 0) + settled.failed;
  return {
    counted: {
      ...(succeeded === 0 ? {} : { succeeded }),
      ...(failed === 0 ? {} : { failed }),
      uncountedTerminatedPods: {
        ...(uncounted.succeeded.length === 0 ? {} : { succeeded: uncounted.succeeded }),
        ...(uncounted.failed.length === 0 ? {} : { failed: uncounted.failed }),
      },
      ...(isIndexed(job) && completed.size > 0 ? { completedIndexes: formatIndexes(completed) } : {}),
      ...(perIndex === null ? {} : { failedIndexes: formatIndexes(perIndex.failed) }),
    },
    succeeded: succeeded + uncounted.succeeded.length,
    failed: failed + uncounted.failed.length + countedOf(job, heldPods),
    completed,
    succeededPods,
    failedPods,
    uncountedCount: uncounted.succeeded.length + uncounted.failed.length,
    perIndex,
    heldCount: heldPods.size,
    // Of a Job that is being deleted nobody will ask how many Pods succeeded.
    release: job.metadata.deletionTimestamp === undefined ? release : pods.filter(hasTracking),
    hasMoreToRelease,
  };
}

function countedOf(job: Job, heldPods: ReadonlyMap<number, Pod>): number {
  return [...heldPods.values()].filter((pod) => judgeFailure(job, pod).counts).length;
}

/** Pods of an Indexed Job whose index is not one of the Job's are not counted. */
function hasPlace(job: Job, pod: Pod): boolean {
  return !isIndexed(job) || (indexOf(pod) >= 0 && indexOf(pod) < (job.spec?.completions ?? 0));
}
