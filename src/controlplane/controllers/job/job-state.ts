// What a Job says about itself, and its defaults.
// Source: batch/v1 types.go, pkg/controller/job/job_controller.go.
import type { Job, Pod } from "../../client/object-types.js";
import { type Condition, conditionOf, withCondition } from "../harness/conditions.js";
import type { OwnerKind } from "../harness/owners.js";
import { isTerminal, isTerminating } from "../harness/pod-state.js";

export const JOB_KIND: OwnerKind = { apiVersion: "batch/v1", kind: "Job" };
/** Pods keep it until they are counted: one that is deleted before is not lost. */
export const TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking";
const JOB_CONTROLLER = "kubernetes.io/job-controller";
export const INDEX_KEY = "batch.kubernetes.io/job-completion-index";

export interface UncountedPods {
  /** uids */
  readonly succeeded?: readonly string[];
  readonly failed?: readonly string[];
}

export interface JobStatus {
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly completedIndexes?: string;
  /** Of a Job whose indices have limits of their own. */
  readonly failedIndexes?: string;
  readonly uncountedTerminatedPods?: UncountedPods;
  readonly conditions?: readonly Condition[];
}

/** What is known of a Job when its next step is decided. */
export interface JobView {
  readonly job: Job;
  /** Those it controls, ended and terminating ones, too. */
  readonly pods: readonly Pod[];
  /** Whether all Pods it made and deleted have been seen: only then may it make or delete more. */
  readonly isSettled: boolean;
  readonly nowMs: number;
}

/** Pods made or deleted, and ends counted, in one pass. */
export const BURST_MAX = 500;

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditionOf(conditions, type)?.status === "True";
}

export function isFinished(job: Job): boolean {
  return isTrue(job.status?.conditions, "Complete") || isTrue(job.status?.conditions, "Failed");
}

/** Another controller looks after it. */
export function isManagedByOthers({ spec }: Job): boolean {
  return spec?.managedBy !== undefined && spec.managedBy !== JOB_CONTROLLER;
}

export function isSuspended(job: Job): boolean {
  return job.spec?.suspend === true;
}

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === "Indexed";
}

/** Pods are replaced when they have failed, not yet when they are being deleted. */
export function replacesFailedOnly(job: Job): boolean {
  return job.spec?.podReplacementPolicy === "Failed" || job.spec?.podFailurePolicy !== undefined;
}

export function hasTracking(pod: Pod): boolean {
  return (pod.metadata.finalizers ?? []).includes(TRACKING_FINALIZER);
}

/** Failed, or (where that is enough) being deleted before it succeeded. */
export function hasFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === "Failed") return true;
  return !replacesFailedOnly(job) && isTerminating(pod) && !isTerminal(pod);
}

/** -1: none. */
export function indexOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[INDEX_KEY] ?? "";
  return /^\d+$/.test(text) ? Number(text) : -1;
}

export function jobCondition(type: string, reason: string, message: string, time: string): Condition {
  return { type, status: "True", lastProbeTime: time, lastTransitionTime: time, reason, message };
}

/** A condition that is not there need not be said not to hold. */
export function withHolds(
  conditions: readonly Condition[] | undefined,
  condition: Condition,
  holds: boolean,
): readonly Condition[] {
  if (!holds && conditionOf(conditions, condition.type) === undefined) return conditions ?? [];
  return withCondition(conditions, { ...condition, status: holds ? "True" : "False" });
}
