// What a CronJob does next: takes note of Jobs that ended, starts the one that is due, forgets old ones.
// A Job's name comes from the minute it is for: however often it is tried, a minute has one Job.
// Source: pkg/controller/cronjob/cronjob_controllerv2.go.
import type { KubeObject } from "../../../api/meta.js";
import type { CronJob, Job } from "../../client/object-types.js";
import { type Condition, conditionOf } from "../harness/conditions.js";
import { controllerReference, type OwnerKind } from "../harness/owners.js";
import { timeMs, timeText } from "../harness/times.js";
import { dueTime, isTimeZone, parseSchedule, type Schedule } from "./schedule.js";

export const CRON_JOB_KIND: OwnerKind = { apiVersion: "batch/v1", kind: "CronJob" };
const SCHEDULED_TIME = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/** Timers may be early: a look a little late sees that the time has come. */
const LATE_MS = 100;

export interface JobReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface CronJobStatus {
  readonly active?: readonly JobReference[];
  readonly lastScheduleTime?: string;
  readonly lastSuccessfulTime?: string;
}

export interface CronJobView {
  readonly cronJob: CronJob;
  /** Those it controls. */
  readonly jobs: readonly Job[];
  readonly nowMs: number;
}

export interface CronJobEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface CronJobPlan {
  readonly events: readonly CronJobEvent[];
  /** Before anything is created: those that are replaced, and old ones. */
  readonly remove: readonly Job[];
  readonly create: KubeObject | null;
  /** Without the one to be created, but with its time. */
  readonly status: CronJobStatus;
  readonly requeueMs: number | null;
}

export function planCronJob(view: CronJobView): CronJobPlan {
  const events: CronJobEvent[] = [];
  const noted = noteEnds(view, events);
  const old = oldJobs(view);
  const idle: CronJobPlan = { events, remove: old, create: null, status: noted, requeueMs: null };
  if (view.cronJob.metadata.deletionTimestamp !== undefined) return idle;
  const schedule = scheduleOf(view.cronJob, events);
  if (schedule === null || view.cronJob.spec?.suspend === true) return idle;
  return start(view, schedule, idle, events);
}

function noteEnds({ cronJob, jobs }: CronJobView, events: CronJobEvent[]): CronJobStatus {
  const { active = [], lastScheduleTime } = cronJob.status ?? {};
  let { lastSuccessfulTime } = cronJob.status ?? {};
  const byUid = new Map(jobs.map((job) => [job.metadata.uid, job]));
  const stillActive = active.filter(({ uid, name }) => {
    const job = byUid.get(uid);
    const end = job === undefined ? null : endOf(job);
    if (job === undefined) say(events, "Normal", "MissingJob", `Active job went missing: ${name}`);
    else if (end !== null)
      say(events, "Normal", "SawCompletedJob", `Saw completed job: ${name}, condition: ${end}`);
    return job !== undefined && end === null;
  });
  const known = new Set(active.map(({ uid }) => uid));
  for (const job of jobs) {
    const { name, uid } = job.metadata;
    const end = endOf(job);
    if (end === null && !known.has(uid))
      say(
        events,
        "Warning",
        "UnexpectedJob",
        `Saw a job that the controller did not create or forgot: ${name}`,
      );
    const { completionTime } = job.status ?? {};
    if (end === "Complete" && timeMs(completionTime) > timeMs(lastSuccessfulTime))
      lastSuccessfulTime = completionTime;
  }
  return {
    ...(stillActive.length === 0 ? {} : { active: stillActive }),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
    ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
  };
}

/** The condition a Job ended with. */
function endOf(job: Job): "Complete" | "Failed" | null {
  const conditions: readonly Condition[] | undefined = job.status?.conditions;
  for (const type of ["Complete", "Failed"] as const)
    if (conditionOf(conditions, type)?.status === "True") return type;
  return null;
}

/** Beyond the history limits, the oldest. */
function oldJobs({ cronJob, jobs }: CronJobView): Job[] {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec ?? {};
  const beyond = (end: "Complete" | "Failed", limit: number): Job[] => {
    const ended = jobs
      .filter((job) => endOf(job) === end && job.metadata.deletionTimestamp === undefined)
      .sort(byStart);
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...beyond("Complete", successfulJobsHistoryLimit), ...beyond("Failed", failedJobsHistoryLimit)];
}

function byStart(left: Job, right: Job): number {
  const startMs = ({ status }: Job): number => timeMs(status?.startTime) || Number.MAX_SAFE_INTEGER;
  return startMs(left) - startMs(right) || (left.metadata.name < right.metadata.name ? -1 : 1);
}

function scheduleOf({ spec }: CronJob, events: CronJobEvent[]): Schedule | null {
  const timeZone = spec?.timeZone ?? "";
  const text = spec?.schedule ?? "";
  if (timeZone !== "" && !isTimeZone(timeZone)) {
    say(
      events,
      "Warning",
      "UnknownTimeZone",
      `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`,
    );
    return null;
  }
  try {
    return parseSchedule(text, timeZone);
  } catch (error) {
    const { message } = error as Error;
    say(events, "Warning", "UnparseableSchedule", `unparseable schedule: "${text}" : ${message}`);
    return null;
  }
}

function start(
  view: CronJobView,
  schedule: Schedule,
  idle: CronJobPlan,
  events: CronJobEvent[],
): CronJobPlan {
  const { cronJob, jobs, nowMs } = view;
  const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec ?? {};
  const nextMs = schedule.nextMs(nowMs);
  const waiting: CronJobPlan = { ...idle, requeueMs: nextMs === null ? null : nextMs - nowMs + LATE_MS };
  const { lastScheduleTime } = cronJob.status ?? {};
  const lastMs = timeMs(lastScheduleTime ?? cronJob.metadata.creationTimestamp);
  const windowMs = startingDeadlineSeconds === undefined ? 0 : nowMs - startingDeadlineSeconds * 1000;
  const { dueMs, isFarBehind } = dueTime(schedule, Math.max(lastMs, windowMs), nowMs);
  if (dueMs === null) {
    // "@every" has no times of its own: the next is counted from the last run.
    const firstMs = schedule.nextMs(Math.max(lastMs, windowMs));
    return firstMs === null ? idle : { ...idle, requeueMs: firstMs - nowMs + LATE_MS };
  }
  if (isFarBehind)
    say(
      events,
      "Warning",
      "TooManyMissedTimes",
      "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
    );
  if (startingDeadlineSeconds !== undefined && dueMs + startingDeadlineSeconds * 1000 < nowMs) {
    const late = new Date(dueMs).toUTCString().replace("GMT", "+0000");
    say(events, "Warning", "MissSchedule", `Missed scheduled time to start a job: ${late}`);
    return waiting;
  }
  const active = idle.status.active ?? [];
  const name = jobName(cronJob, dueMs);
  if (active.some((reference) => reference.name === name) || timeMs(lastScheduleTime) === dueMs)
    return waiting;
  if (concurrencyPolicy === "Forbid" && active.length > 0) {
    const text = "Not starting job because prior execution is running and concurrency policy is Forbid";
    say(events, "Normal", "JobAlreadyActive", text);
    return waiting;
  }
  const isReplacing = concurrencyPolicy === "Replace";
  const replaced = isReplacing
    ? jobs.filter(({ metadata }) => active.some(({ uid }) => uid === metadata.uid))
    : [];
  const { active: _, ...status } = idle.status;
  return {
    ...waiting,
    remove: [...replaced, ...idle.remove],
    create: newJob(cronJob, dueMs),
    status: {
      ...status,
      ...(isReplacing || active.length === 0 ? {} : { active }),
      lastScheduleTime: timeText(dueMs),
    },
  };
}

function jobName(cronJob: CronJob, scheduledMs: number): string {
  return `${cronJob.metadata.name}-${Math.floor(scheduledMs / 60_000)}`;
}

function newJob(cronJob: CronJob, scheduledMs: number): KubeObject {
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {};
  const job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(cronJob, scheduledMs),
      namespace: cronJob.metadata.namespace ?? "default",
      labels: metadata?.labels ?? {},
      annotations: {
        ...metadata?.annotations,
        [SCHEDULED_TIME]: zonedTime(scheduledMs, cronJob.spec?.timeZone ?? ""),
      },
      ownerReferences: [controllerReference(cronJob, CRON_JOB_KIND)],
    },
    spec,
  };
  return job;
}

/** RFC 3339 with the zone's offset at that time. */
function zonedTime(ms: number, timeZone: string): string {
  if (timeZone === "") return timeText(ms);
  const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts(ms);
  const offset = parts.find(({ type }) => type === "timeZoneName")?.value.replace("GMT", "") ?? "";
  if (offset === "" || offset === "+00:00") return timeText(ms);
  const [hours = 0, minutes = 0] = offset.slice(1).split(":").map(Number);
  const offsetMs = (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return timeText(ms + offsetMs).replace("Z", offset);
}

function say(events: CronJobEvent[], type: "Normal" | "Warning", reason: string, message: string): void {
  events.push({ type, reason, message });
}
