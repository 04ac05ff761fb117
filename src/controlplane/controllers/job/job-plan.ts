// What a Job does next.
//
// Counting each Pod once, though Pods may be deleted and the controller may stop at any moment:
//   1. a Pod that ended, and still has the finalizer, is written to status.uncountedTerminatedPods (of an Indexed Job
//      that succeeded: its index to completedIndexes);
//   2. then its finalizer is removed;
//   3. then, when the finalizer is seen to be gone, the uid moves from the list to the counter.
// A Job ends when nothing is uncounted and nothing terminates any more.
// Source: pkg/controller/job/job_controller.go; KEP-2307.
import type { Job, Pod } from "../../client/object-types.js";
import { type Condition, conditionOf } from "../harness/conditions.js";
import { isActive, isReady, isTerminal, isTerminating } from "../harness/pod-state.js";
import { timeMs, timeText } from "../harness/times.js";
import { type FailedIndexes, failedIndexesOf, indexRetryInMs } from "./failed-indexes.js";
import { judgeFailure } from "./failure-policy.js";
import { formatIndexes, parseIndexes } from "./index-set.js";
import {
  hasFailed,
  hasTracking,
  indexOf,
  isIndexed,
  isSuspended,
  isTrue,
  type JobStatus,
  jobCondition,
  replacesFailedOnly,
  withHolds,
} from "./job-state.js";
import { retryInMs } from "./retry-delay.js";
import { successMessage } from "./success-policy.js";

export interface JobView {
  readonly job: Job;
  /** Those it controls, ended and terminating ones, too. */
  readonly pods: readonly Pod[];
  /** Whether all Pods it made and deleted have been seen: only then may it make or delete more. */
  readonly isSettled: boolean;
  readonly nowMs: number;
}

export interface JobPlan {
  /** An Indexed Job: the indices of Pods to make; else as many -1. */
  readonly create: readonly number[];
  /** By index: the failed Pods that those to make replace, where these are to know how often their index failed. */
  readonly replaced: ReadonlyMap<number, Pod>;
  readonly remove: readonly Pod[];
  /** Written before finalizers are removed. */
  readonly status: JobStatus;
  /** Pods that lose their finalizer. */
  readonly release: readonly Pod[];
  readonly events: readonly JobEvent[];
  readonly requeueMs: number | null;
}

export interface JobEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Pods made or deleted, and ends counted, in one pass. */
const BURST_MAX = 500;

export function planJob(view: JobView): JobPlan {
  const { job, nowMs } = view;
  const perIndex = failedIndexesOf(job, view.pods, completedIndexesOf(view));
  const startTime = startTimeOf(job, nowMs);
  const first = countEnds(view, perIndex, perIndex?.held ?? NONE_HELD);
  const verdict = judge(view, first, startTime);
  // Of a Job whose end is decided no index is tried again.
  const isHolding = verdict === null || first.heldCount === 0;
  const tally = isHolding ? first : countEnds(view, perIndex, NONE_HELD);
  const active = view.pods.filter(isActive);
  const size =
    verdict === null ? resize(view, tally, active) : { create: [], remove: active, requeueMs: null };
  const mayAct = view.isSettled && job.metadata.deletionTimestamp === undefined;
  const create = mayAct ? size.create.slice(0, BURST_MAX) : [];
  const remove = mayAct ? size.remove.slice(0, BURST_MAX) : [];
  const remaining = active.length - remove.length;
  const isReached =
    verdict === null && mayAct && create.length === 0 && remaining === 0 && isComplete(job, tally);
  const terminating =
    view.pods.filter((pod) => isTerminating(pod) && !isTerminal(pod)).length + remove.length;
  const outcome = verdict ?? (isReached ? COMPLETIONS_REACHED : null);
  const isQuiet = remaining === 0 && terminating === 0 && view.isSettled;
  const events: JobEvent[] = [];
  const conditions = conditionsOf(view, outcome, isQuiet && tally.uncountedCount === 0, events);
  const status: JobStatus = {
    ...tally.counted,
    active: remaining + create.length,
    ready: active.filter((pod) => isReady(pod) && !remove.includes(pod)).length,
    terminating,
    ...(startTime === undefined ? {} : { startTime }),
    ...(isTrue(conditions, "Complete") ? { completionTime: timeText(nowMs) } : {}),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
  // Past the deadline there is nothing to wait for: the outcome is decided, Pods' ends bring the rest.
  const deadlineMs = outcome === null ? deadlineInMs(job, startTime, nowMs) : null;
  const waits = [size.requeueMs, deadlineMs].filter((ms) => ms !== null);
  return {
    create,
    replaced: perIndex?.held ?? NONE_HELD,
    remove,
    status,
    release: tally.release,
    events,
    requeueMs: waits.length === 0 ? null : Math.min(...waits),
  };
}

interface Tally {
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
}

const NONE_HELD: ReadonlyMap<number, Pod> = new Map();

/** With those of Pods that are still to be counted. */
function completedIndexesOf({ job, pods }: JobView): ReadonlySet<number> {
  if (!isIndexed(job)) return new Set();
  const completed = parseIndexes(job.status?.completedIndexes, job.spec?.completions ?? 0);
  for (const pod of pods)
    if (pod.status?.phase === "Succeeded" && hasTracking(pod) && hasPlace(job, pod))
      completed.add(indexOf(pod));
  return completed;
}

function countEnds(
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
  for (const pod of [...succeededPods, ...failedPods]) {
    const { uid = "" } = pod.metadata;
    if (!held.has(uid) || release.length === BURST_MAX || heldPods.get(indexOf(pod)) === pod) continue;
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
  };
}

function countedOf(job: Job, heldPods: ReadonlyMap<number, Pod>): number {
  return [...heldPods.values()].filter((pod) => judgeFailure(job, pod).counts).length;
}

/** Pods of an Indexed Job whose index is not one of the Job's are not counted. */
function hasPlace(job: Job, pod: Pod): boolean {
  return !isIndexed(job) || (indexOf(pod) >= 0 && indexOf(pod) < (job.spec?.completions ?? 0));
}

interface Outcome {
  readonly isSuccess: boolean;
  readonly reason: string;
  readonly message: string;
}

const COMPLETIONS_REACHED: Outcome = {
  isSuccess: true,
  reason: "CompletionsReached",
  message: "Reached expected number of succeeded pods",
};

/** How the Job is to end, though Pods may still run; null: it goes on. Decided once: the condition is kept. */
function judge(view: JobView, tally: Tally, startTime: string | undefined): Outcome | null {
  const { job, pods, nowMs } = view;
  const conditions: readonly Condition[] = job.status?.conditions ?? [];
  const isDecided = (type: string): Condition | undefined =>
    isTrue(conditions, type) ? conditionOf(conditions, type) : undefined;
  const success = isDecided("SuccessCriteriaMet");
  const decided = success ?? isDecided("FailureTarget");
  if (decided !== undefined)
    return {
      isSuccess: success !== undefined,
      reason: decided.reason ?? "",
      message: decided.message ?? "",
    };
  for (const pod of tally.failedPods) {
    const { failJob } = judgeFailure(job, pod);
    if (failJob !== null) return { isSuccess: false, reason: "PodFailurePolicy", message: failJob };
  }
  if (tally.failed > backoffLimit(job) || isOverRestarted(job, pods))
    return {
      isSuccess: false,
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    };
  if (deadlineInMs(job, startTime, nowMs) === 0)
    return {
      isSuccess: false,
      reason: "DeadlineExceeded",
      message: "Job was active longer than specified deadline",
    };
  const failure = failureOfIndexes(job, tally);
  if (failure !== null) return failure;
  const message = isIndexed(job) ? successMessage(job, tally.completed) : null;
  return message === null ? null : { isSuccess: true, reason: "SuccessPolicy", message };
}

function failureOfIndexes(job: Job, { perIndex, completed }: Tally): Outcome | null {
  if (perIndex === null || perIndex.failed.size === 0) return null;
  const { maxFailedIndexes, completions = 0 } = job.spec ?? {};
  if (maxFailedIndexes !== undefined && perIndex.failed.size > maxFailedIndexes)
    return {
      isSuccess: false,
      reason: "MaxFailedIndexesExceeded",
      message: "Job has exceeded the specified maximal number of failed indexes",
    };
  if (perIndex.failed.size + completed.size < completions) return null;
  return { isSuccess: false, reason: "FailedIndexes", message: "Job has failed indexes" };
}

function backoffLimit(job: Job): number {
  return job.spec?.backoffLimit ?? 6;
}

/** Containers that restart in their Pods count as well as Pods that fail. */
function isOverRestarted(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec?.template.spec?.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const { status } of pods)
    if (status?.phase === "Running" || status?.phase === "Pending")
      for (const each of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
        restarts += each.restartCount;
  return backoffLimit(job) === 0 ? restarts > 0 : restarts >= backoffLimit(job);
}

function startTimeOf(job: Job, nowMs: number): string | undefined {
  const { startTime, conditions } = job.status ?? {};
  if (isSuspended(job)) return undefined;
  const isResuming = isTrue(conditions, "Suspended");
  return startTime === undefined || isResuming ? timeText(nowMs) : startTime;
}

/** null: there is no deadline. */
function deadlineInMs(job: Job, startTime: string | undefined, nowMs: number): number | null {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds === undefined || startTime === undefined || isSuspended(job)) return null;
  return Math.max(0, timeMs(startTime) + seconds * 1000 - nowMs);
}

function isComplete(job: Job, { succeeded }: Tally): boolean {
  const { completions } = job.spec ?? {};
  return completions === undefined ? succeeded > 0 : succeeded >= completions;
}

interface Resizing {
  readonly create: readonly number[];
  readonly remove: readonly Pod[];
  readonly requeueMs: number | null;
}

const NOTHING: Resizing = { create: [], remove: [], requeueMs: null };

function resize(view: JobView, tally: Tally, active: readonly Pod[]): Resizing {
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

/** First the decision (FailureTarget, SuccessCriteriaMet), then, when all is quiet, the end (Failed, Complete). */
function conditionsOf(
  { job, nowMs, isSettled }: JobView,
  outcome: Outcome | null,
  isOver: boolean,
  events: JobEvent[],
): readonly Condition[] {
  const time = timeText(nowMs);
  let conditions: readonly Condition[] = job.status?.conditions ?? [];
  if (outcome === null) return isSettled ? suspensionOf(job, conditions, time, events) : conditions;
  const { isSuccess, reason, message } = outcome;
  const decision = jobCondition(isSuccess ? "SuccessCriteriaMet" : "FailureTarget", reason, message, time);
  conditions = withHolds(conditions, decision, true);
  if (!isOver) return conditions;
  events.push(
    isSuccess
      ? { type: "Normal", reason: "Completed", message: "Job completed" }
      : { type: "Warning", reason, message },
  );
  return withHolds(conditions, jobCondition(isSuccess ? "Complete" : "Failed", reason, message, time), true);
}

function suspensionOf(
  job: Job,
  conditions: readonly Condition[],
  time: string,
  events: JobEvent[],
): readonly Condition[] {
  const suspended = isSuspended(job);
  const [reason, message] = suspended ? ["JobSuspended", "Job suspended"] : ["JobResumed", "Job resumed"];
  const after = withHolds(conditions, jobCondition("Suspended", reason, message, time), suspended);
  if (after !== conditions)
    events.push({ type: "Normal", reason: suspended ? "Suspended" : "Resumed", message });
  return after;
}
