// What a Job's conditions say of its outcome, or of its being suspended, and the Events that go with a change.
// Source: pkg/controller/job/job_controller.go (enactJobFinished, ensureJobConditionStatus).
import type { Job } from "../../client/object-types.js";
import type { Condition } from "../harness/conditions.js";
import { timeText } from "../harness/times.js";
import type { Outcome } from "./job-outcome.js";
import { isSuspended, jobCondition, type JobView, withHolds } from "./job-state.js";

export interface JobEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface JobConditions {
  readonly conditions: readonly Condition[];
  /** Of what has changed in them. */
  readonly events: readonly JobEvent[];
}

/** First the decision (FailureTarget, SuccessCriteriaMet), then, when all is quiet, the end (Failed, Complete). */
export function conditionsOf(
  { job, nowMs, isSettled }: JobView,
  outcome: Outcome | null,
  isOver: boolean,
): JobConditions {
  const time = timeText(nowMs);
  const before: readonly Condition[] = job.status?.conditions ?? [];
  if (outcome === null)
    return isSettled ? suspensionOf(job, before, time) : { conditions: before, events: [] };
  const { isSuccess, reason, message } = outcome;
  const decision = jobCondition(isSuccess ? "SuccessCriteriaMet" : "FailureTarget", reason, message, time);
  const decided = withHolds(before, decision, true);
  if (!isOver) return { conditions: decided, events: [] };
  const end = jobCondition(isSuccess ? "Complete" : "Failed", reason, message, time);
  const event: JobEvent = isSuccess
    ? { type: "Normal", reason: "Completed", message: "Job completed" }
    : { type: "Warning", reason, message };
  return { conditions: withHolds(decided, end, true), events: [event] };
}

function suspensionOf(job: Job, conditions: readonly Condition[], time: string): JobConditions {
  const suspended = isSuspended(job);
  const [reason, message] = suspended ? ["JobSuspended", "Job suspended"] : ["JobResumed", "Job resumed"];
  const after = withHolds(conditions, jobCondition("Suspended", reason, message, time), suspended);
  if (after === conditions) return { conditions, events: [] };
  const event: JobEvent = { type: "Normal", reason: suspended ? "Suspended" : "Resumed", message };
  return { conditions: after, events: [event] };
}
