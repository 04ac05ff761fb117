// The status of a Deployment: counts, and the conditions that `kubectl rollout status` reads.
// Source: pkg/controller/deployment/{sync,progress}.go.
import type { Deployment, ReplicaSet } from "../../client/object-types.js";
import { type Condition, conditionOf, withCondition, withoutCondition } from "../harness/conditions.js";
import { timeMs, timeText } from "../harness/times.js";
import {
  hasProgressDeadline,
  maxUnavailable,
  replicasOf,
  totalAvailable,
  totalReplicas,
} from "./replica-sets.js";

const PROGRESSING = "Progressing";
const REPLICA_FAILURE = "ReplicaFailure";

/** Reasons of the condition Progressing. */
export const REASONS = {
  created: "NewReplicaSetCreated",
  createFailed: "ReplicaSetCreateError",
  found: "FoundNewReplicaSet",
  updated: "ReplicaSetUpdated",
  available: "NewReplicaSetAvailable",
  timedOut: "ProgressDeadlineExceeded",
  paused: "DeploymentPaused",
  resumed: "DeploymentResumed",
} as const;

export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly Condition[];
}

export function progressing(
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
  nowMs: number,
): Condition {
  const time = timeText(nowMs);
  return { type: PROGRESSING, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

export function progressingOf(status: DeploymentStatus | undefined): Condition | undefined {
  return conditionOf(status?.conditions, PROGRESSING);
}

/** Says that progress is not judged while paused, and is from now on when resumed. */
export function withPauseCondition(deployment: Deployment, nowMs: number): DeploymentStatus {
  const status: DeploymentStatus = deployment.status ?? {};
  if (!hasProgressDeadline(deployment)) return status;
  const { reason } = progressingOf(status) ?? {};
  if (reason === REASONS.timedOut) return status;
  const isPaused = deployment.spec?.paused === true;
  if (isPaused === (reason === REASONS.paused)) return status;
  const condition = isPaused
    ? progressing("Unknown", REASONS.paused, "Deployment is paused", nowMs)
    : progressing("Unknown", REASONS.resumed, "Deployment is resumed", nowMs);
  return { ...status, conditions: withCondition(status.conditions, condition) };
}

/** Counts and the condition Available. */
export function countedStatus(
  deployment: Deployment,
  before: DeploymentStatus,
  newSet: ReplicaSet | null,
  oldSets: readonly ReplicaSet[],
  nowMs: number,
): DeploymentStatus {
  const sets = newSet === null ? oldSets : [...oldSets, newSet];
  const availableReplicas = totalAvailable(sets);
  const isAvailable = availableReplicas >= replicasOf(deployment) - maxUnavailable(deployment);
  const time = timeText(nowMs);
  const conditions = withCondition(before.conditions, {
    type: "Available",
    status: isAvailable ? "True" : "False",
    lastUpdateTime: time,
    lastTransitionTime: time,
    reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    message: isAvailable
      ? "Deployment has minimum availability."
      : "Deployment does not have minimum availability.",
  });
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(sets, ({ status }) => status?.replicas),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(sets, ({ status }) => status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, totalReplicas(sets) - availableReplicas),
    terminatingReplicas: sum(
      sets,
      ({ status }) => (status as { terminatingReplicas?: number } | undefined)?.terminatingReplicas,
    ),
    ...(before.collisionCount === undefined ? {} : { collisionCount: before.collisionCount }),
    conditions,
  };
}

function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((total, set) => total + (count(set) ?? 0), 0);
}

/** All Pods are of the new template and available, and no others are left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Counts, Available, Progressing and ReplicaFailure during a rollout. */
export function rolloutStatus(
  deployment: Deployment,
  before: DeploymentStatus,
  newSet: ReplicaSet | null,
  oldSets: readonly ReplicaSet[],
  nowMs: number,
): DeploymentStatus {
  const status = countedStatus(deployment, before, newSet, oldSets, nowMs);
  const conditions = progressConditions(deployment, before, status, newSet, nowMs);
  const failure = failureOf(newSet) ?? oldSets.map(failureOf).find((each) => each !== undefined);
  return {
    ...status,
    conditions:
      failure === undefined
        ? withoutCondition(conditions, REPLICA_FAILURE)
        : withCondition(conditions, { ...failure, lastUpdateTime: failure.lastTransitionTime ?? "" }),
  };
}

function failureOf(set: ReplicaSet | null): Condition | undefined {
  return set === null ? undefined : conditionOf<Condition>(set.status?.conditions, REPLICA_FAILURE);
}

function progressConditions(
  deployment: Deployment,
  before: DeploymentStatus,
  status: DeploymentStatus,
  newSet: ReplicaSet | null,
  nowMs: number,
): readonly Condition[] {
  if (!hasProgressDeadline(deployment)) return withoutCondition(status.conditions, PROGRESSING);
  const current = progressingOf(before);
  const wasComplete = status.replicas === status.updatedReplicas && current?.reason === REASONS.available;
  if (wasComplete) return status.conditions ?? [];
  const subject =
    newSet === null ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  const { conditions } = status;
  if (isComplete(deployment, status))
    return withCondition(
      conditions,
      progressing("True", REASONS.available, `${subject} has successfully progressed.`, nowMs),
    );
  if (hasProgressed(before, status)) {
    // Its time of update moves with each step, whatever its status and reason: the deadline counts from there.
    const next = progressing("True", REASONS.updated, `${subject} is progressing.`, nowMs);
    const kept = current?.status === "True" ? current.lastTransitionTime : undefined;
    return [
      ...withoutCondition(conditions, PROGRESSING),
      kept === undefined ? next : { ...next, lastTransitionTime: kept },
    ];
  }
  if (isTimedOut(deployment, current, nowMs))
    return withCondition(
      conditions,
      progressing("False", REASONS.timedOut, `${subject} has timed out progressing.`, nowMs),
    );
  return conditions ?? [];
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldReplicas = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldReplicas(after) < oldReplicas(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, current: Condition | undefined, nowMs: number): boolean {
  if (current === undefined || current.reason === REASONS.available) return false;
  if (current.reason === REASONS.timedOut) return true;
  return deadlineMs(deployment, current) < nowMs;
}

function deadlineMs(deployment: Deployment, current: Condition): number {
  return timeMs(current.lastUpdateTime) + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000;
}

/** When to see whether the deadline has passed; null: there is nothing to wait for. */
export function progressCheckInMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | null {
  const current = progressingOf(status);
  if (!hasProgressDeadline(deployment) || current === undefined) return null;
  if (isComplete(deployment, status) || current.reason === REASONS.timedOut) return null;
  return Math.max(0, deadlineMs(deployment, current) - nowMs) + 1000;
}
