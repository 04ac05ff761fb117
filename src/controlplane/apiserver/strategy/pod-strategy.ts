// Pods: what a new one's status says, and how long a kubelet has to end it.
// Source: pkg/registry/core/pod/strategy.go (PrepareForCreate, applySchedulingGatedCondition, CheckGracefulDelete);
// pkg/apis/core/helper/qos.
import { extended } from "../../../base/extended.js";
import type { SpecObject } from "./strategy.js";

const DEFAULT_GRACE_SECONDS = 30;

interface Container {
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string | number>>;
    readonly limits?: Readonly<Record<string, string | number>>;
  };
}

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
  return extended(object, { status: { phase: "Pending", qosClass: qosClass(object), ...conditions } });
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

/** Guaranteed: every container's cpu and memory have limits that its requests equal. BestEffort: none has either. */
export function qosClass(pod: SpecObject): "Guaranteed" | "Burstable" | "BestEffort" {
  const all = [...containersOf(pod, "initContainers"), ...containersOf(pod, "containers")];
  const asks = (container: Container) =>
    ["cpu", "memory"].some(
      (name) =>
        isPositive(container.resources?.requests?.[name]) || isPositive(container.resources?.limits?.[name]),
    );
  if (!all.some(asks)) return "BestEffort";
  return all.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function containersOf(pod: SpecObject, field: string): readonly Container[] {
  return (pod.spec?.[field] as readonly Container[] | undefined) ?? [];
}

function isGuaranteed({ resources }: Container): boolean {
  return ["cpu", "memory"].every((name) => {
    const limit = resources?.limits?.[name];
    return isPositive(limit) && String(resources?.requests?.[name] ?? limit) === String(limit);
  });
}

function isPositive(amount: string | number | undefined): boolean {
  return amount !== undefined && Number.parseFloat(String(amount)) > 0;
}
