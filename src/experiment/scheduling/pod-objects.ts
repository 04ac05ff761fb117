// Newer objects of a Pod: what does not change is shared with the one before.
import type { ObjectMeta, Pod, PodCondition, PodSpec } from "../../api/types.js";

export interface PodParts {
  readonly metadata?: ObjectMeta;
  readonly spec?: PodSpec;
  readonly status?: Pod["status"] | undefined;
}

/** Written out field by field: all Pods have one shape, which makes reading them fast. */
export function podWith(pod: Pod, changes: PodParts): Pod {
  const { metadata = pod.metadata, spec = pod.spec, status = pod.status } = changes;
  return { apiVersion: pod.apiVersion, kind: "Pod", metadata, spec, status } as Pod;
}

/** The same object when the condition says what is said already. */
export function withCondition(status: Pod["status"], condition: PodCondition): Pod["status"] {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === condition.type);
  const isSame =
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message;
  if (isSame) return status;
  return { ...status, conditions: [...conditions.filter((each) => each !== before), condition] };
}

export function isBound({ spec }: Pod): boolean {
  return (spec?.nodeName ?? "") !== "";
}
