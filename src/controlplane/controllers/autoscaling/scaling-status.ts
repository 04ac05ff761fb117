// The status of an autoscaler while it is put together: what is found changes its conditions one by one.
// Source: pkg/controller/podautoscaler/horizontal.go (setCondition, setStatus).
import type { HorizontalPodAutoscaler } from "../../client/cluster-resources.js";
import type { Condition } from "../harness/conditions.js";

export interface ScalingStatus {
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly currentMetrics: readonly object[];
  readonly conditions: readonly Condition[];
}

export interface ScalingCondition {
  readonly type: "AbleToScale" | "ScalingActive" | "ScalingLimited";
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** As the API server has it. */
export function statusBefore({ status }: HorizontalPodAutoscaler): ScalingStatus {
  return {
    currentReplicas: status?.currentReplicas ?? 0,
    desiredReplicas: status?.desiredReplicas ?? 0,
    currentMetrics: (status?.currentMetrics ?? []) as readonly object[],
    conditions: (status?.conditions ?? []) as readonly Condition[],
  };
}

/** Each keeps its place; one whose status stays keeps its time. @param now RFC 3339 */
export function withScaling(
  conditions: readonly Condition[],
  { type, status, reason, message }: ScalingCondition,
  now: string,
): readonly Condition[] {
  const before = conditions.find((condition) => condition.type === type);
  const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
  const condition = { type, status, reason, message, lastTransitionTime };
  if (before === undefined) return [...conditions, condition];
  return conditions.map((each) => (each === before ? condition : each));
}

/** As it is written. @param lastScaleTime undefined: it has never been scaled */
export function writtenStatus(
  { metadata: { generation } }: HorizontalPodAutoscaler,
  { currentMetrics, ...rest }: ScalingStatus,
  lastScaleTime: string | undefined,
): object {
  return {
    ...rest,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(currentMetrics.length === 0 ? {} : { currentMetrics }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
  };
}
