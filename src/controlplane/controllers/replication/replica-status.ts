// The status of a ReplicaSet from its Pods, and when to look again for Pods that are to become available.
// Source: pkg/controller/replicaset/replica_set_utils.go.
import { matchesLabels } from "../../../api/selector.js";
import type { Pod, ReplicaSet } from "../../client/object-types.js";
import { type Condition, conditionOf, withCondition, withoutCondition } from "../harness/conditions.js";
import { availableInMs, isReady } from "../harness/pod-state.js";
import { timeText } from "../harness/times.js";

const FAILURE = "ReplicaFailure";

export interface ReplicaStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration: number;
  readonly conditions?: readonly Condition[];
}

export interface ReplicaPods {
  readonly active: readonly Pod[];
  /** null: they are not counted. */
  readonly terminatingCount: number | null;
}

/** @param error what creating or deleting Pods failed with */
export function replicaStatus(
  set: ReplicaSet,
  { active, terminatingCount }: ReplicaPods,
  error: Error | null,
  nowMs: number,
): ReplicaStatus {
  const templateLabels = set.spec?.template?.metadata?.labels ?? {};
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  let fullyLabeledReplicas = 0;
  let readyReplicas = 0;
  let availableReplicas = 0;
  for (const pod of active) {
    if (matchesLabels(pod.metadata.labels, templateLabels)) fullyLabeledReplicas++;
    if (!isReady(pod)) continue;
    readyReplicas++;
    if (availableInMs(pod, minReadySeconds, nowMs) === 0) availableReplicas++;
  }
  const conditions = replicaConditions(set, active.length, error, nowMs);
  return {
    replicas: active.length,
    fullyLabeledReplicas,
    readyReplicas,
    availableReplicas,
    ...(terminatingCount === null ? {} : { terminatingReplicas: terminatingCount }),
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function replicaConditions(
  set: ReplicaSet,
  activeCount: number,
  error: Error | null,
  nowMs: number,
): readonly Condition[] {
  const conditions: readonly Condition[] = set.status?.conditions ?? [];
  if (error === null) return withoutCondition(conditions, FAILURE);
  if (conditionOf(conditions, FAILURE) !== undefined) return conditions;
  return withCondition(conditions, {
    type: FAILURE,
    status: "True",
    reason: activeCount < (set.spec?.replicas ?? 1) ? "FailedCreate" : "FailedDelete",
    message: error.message,
    lastTransitionTime: timeText(nowMs),
  });
}

export function isSameStatus(set: ReplicaSet, status: ReplicaStatus): boolean {
  const before = set.status as Partial<ReplicaStatus> | undefined;
  return (
    before?.replicas === status.replicas &&
    (before.fullyLabeledReplicas ?? 0) === status.fullyLabeledReplicas &&
    (before.readyReplicas ?? 0) === status.readyReplicas &&
    (before.availableReplicas ?? 0) === status.availableReplicas &&
    (before.terminatingReplicas ?? 0) === (status.terminatingReplicas ?? 0) &&
    (before.observedGeneration ?? 0) === status.observedGeneration &&
    JSON.stringify(before.conditions ?? []) === JSON.stringify(status.conditions ?? [])
  );
}

/** Until the next Pod becomes available by itself; null: none will. */
export function nextAvailableMs(set: ReplicaSet, active: readonly Pod[], nowMs: number): number | null {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  let nextMs = Number.POSITIVE_INFINITY;
  for (const pod of active) {
    const waitMs = availableInMs(pod, minReadySeconds, nowMs);
    if (waitMs > 0) nextMs = Math.min(nextMs, waitMs);
  }
  return nextMs === Number.POSITIVE_INFINITY ? null : nextMs;
}
