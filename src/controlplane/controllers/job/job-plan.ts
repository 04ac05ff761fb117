// What a Job does next: counts the ends of its Pods (pod-tally.ts), decides how it ends (job-outcome.ts), or which Pods it
// makes and removes (job-size.ts). A Job ends when nothing is uncounted and nothing terminates any more.
// Source: pkg/controller/job/job_controller.go (syncJob).
import type { Job, Pod } from "../../client/object-types.js";
import { isActive, isReady, isTerminal, isTerminating } from "../harness/pod-state.js";
import { timeText } from "../harness/times.js";
import { failedIndexesOf } from "./failed-indexes.js";
import { conditionsOf, type JobEvent } from "./job-conditions.js";
import { COMPLETIONS_REACHED, deadlineInMs, judge } from "./job-outcome.js";
import { resize } from "./job-size.js";
import { BURST_MAX, isSuspended, isTrue, type JobStatus, type JobView } from "./job-state.js";
import { completedIndexesOf, countEnds, NONE_HELD, type Tally } from "./pod-tally.js";

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
  // Nobody looks at the Pods of a Job that has ended: all must have lost their finalizer by then.
  const isCounted = tally.uncountedCount === 0 && !tally.hasMoreToRelease;
  const { conditions, events } = conditionsOf(view, outcome, isQuiet && isCounted);
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

function startTimeOf(job: Job, nowMs: number): string | undefined {
  const { startTime, conditions } = job.status ?? {};
  if (isSuspended(job)) return undefined;
  const isResuming = isTrue(conditions, "Suspended");
  return startTime === undefined || isResuming ? timeText(nowMs) : startTime;
}

function isComplete(job: Job, { succeeded }: Tally): boolean {
  const { completions } = job.spec ?? {};
  return completions === undefined ? succeeded > 0 : succeeded >= completions;
}
