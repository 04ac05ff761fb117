// Pods: what a new one's status says, and how long a kubelet has to end it.
// Source: pkg/registry/core/pod/strategy.go (PrepareForCreate, applySchedulingGatedCondition, CheckGracefulDelete).
import { type QosSpec, qosClass } from "../../../api/qos-class.js";
import { extended } from "../../../base/extended.js";
import type { SpecObject } from "./strategy.js";

const DEFAULT_GRACE_SECONDS = 30;

/** What a Pod says until its last gate is taken away and a scheduler has looked at it. */
const GATED = {
  type: "PodScheduled",
  status: "False",
  lastProbeTime: null,
  reason: "SchedulingGated",
  message: "Scheduling is blocked due to non-empty scheduling gates",
};

export function newPod(object: SpecObject): SpecObject {
  const gates = (object.spec?.["schedulingGates"] as readonly object[] | undefined) ?? [];
  const conditions =
    gates.length === 0
      ? {}
      : { conditions: [{ ...GATED, lastTransitionTime: object.metadata.creationTimestamp }] };
  return extended(object, { status: { phase: "Pending", ...conditions } });
}

/** A LimitRange may have given it requests and limits. */
export function admittedPod(object: SpecObject): SpecObject {
  const status = { ...object.status, qosClass: qosClass((object.spec ?? {}) as QosSpec) };
  return extended(object, { status });
}

export function podGraceSeconds(pod: SpecObject, asked: number | null): number {
  const own = pod.spec?.["terminationGracePeriodSeconds"] as number | undefined;
  const grace = asked ?? own ?? DEFAULT_GRACE_SECONDS;
  const phase = pod.status?.["phase"];
  // Nobody runs it: there is nothing to wait for.
  const isIdle = !pod.spec?.["nodeName"] || phase === "Succeeded" || phase === "Failed";
  if (isIdle) return 0;
  return grace < 0 ? 1 : grace;
}
