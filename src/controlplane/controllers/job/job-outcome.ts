// How a Job is to end: decided once, then kept as a condition, however many Pods still run.
// Source: pkg/controller/job/job_controller.go (syncJob, the order of its checks).
import type { Job, Pod } from "../../client/object-types.js";
import { type Condition, conditionOf } from "../harness/conditions.js";
import { timeMs } from "../harness/times.js";
import { judgeFailure } from "./failure-policy.js";
import { isIndexed, isSuspended, isTrue, type JobView } from "./job-state.js";
import type { Tally } from "./pod-tally.js";
import { successMessage } from "./success-policy.js";

export interface Outcome {
  readonly isSuccess: boolean;
  readonly reason: string;
  readonly message: string;
}

export const COMPLETIONS_REACHED: Outcome = {
  isSuccess: true,
  reason: "CompletionsReached",
  message: "Reached expected number of succeeded pods",
};

/** null: it goes on. @param startTime RFC 3339; undefined: it has not started */
export function judge(view: JobView, tally: Tally, startTime: string | undefined): Outcome | null {
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

/** ms, 0: it has passed; null: there is none. */
export function deadlineInMs(job: Job, startTime: string | undefined, nowMs: number): number | null {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds === undefined || startTime === undefined || isSuspended(job)) return null;
  return Math.max(0, timeMs(startTime) + seconds * 1000 - nowMs);
}
