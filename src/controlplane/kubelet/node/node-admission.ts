// Whether a node takes a Pod that was bound to it. The scheduler has asked before; what has changed since, or came past
// the scheduler, is found here.
// Source: kubernetes pkg/kubelet/lifecycle/predicate.go, eviction_manager.go Admit.
import { type NodeDemands, requiredNodeAffinityMatches } from "../../../api/node-selector.js";
import type { Pod } from "../pod/pod.js";
import { isCritical, qosClass } from "../pod/qos.js";
import { amountOf, podRequest, requestedResources } from "../pod/resources.js";
import type { Verdict } from "../pod/pod-status.js";
import type { Pressure } from "./node-conditions.js";

export interface AdmissionInput {
  readonly pod: Pod;
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  /** What the node's other Pods request of one resource; "pods": how many there are. */
  readonly used: (resource: string) => number;
  readonly pressures: ReadonlySet<Pressure>;
}

/** @returns why not; null: it is taken */
export function admissionProblem(input: AdmissionInput): Verdict | null {
  return pressureProblem(input) ?? affinityProblem(input) ?? resourceProblem(input);
}

function pressureProblem({ pod, pressures }: AdmissionInput): Verdict | null {
  if (pressures.size === 0 || isCritical(pod)) return null;
  const isOnlyMemory = pressures.size === 1 && pressures.has("MemoryPressure");
  if (isOnlyMemory && (qosClass(pod.spec) !== "BestEffort" || toleratesMemoryPressure(pod))) return null;
  return verdict("Evicted", `The node had condition: [${[...pressures].join(" ")}]. `);
}

function toleratesMemoryPressure(pod: Pod): boolean {
  return (pod.spec.tolerations ?? []).some(
    ({ key, effect }) =>
      (key === undefined || key === "node.kubernetes.io/memory-pressure") &&
      (effect === undefined || effect === "NoSchedule"),
  );
}

function affinityProblem({ pod, nodeName, labels }: AdmissionInput): Verdict | null {
  const node = { metadata: { name: nodeName, labels } };
  const isMatch = requiredNodeAffinityMatches(pod.spec as NodeDemands, node);
  return isMatch
    ? null
    : verdict(
        "NodeAffinity",
        "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
      );
}

function resourceProblem({ pod, allocatable, used }: AdmissionInput): Verdict | null {
  const pods = amountOf("pods", allocatable["pods"]);
  if (used("pods") + 1 > pods) return outOf("pods", 1, used("pods"), pods);
  for (const resource of requestedResources(pod.spec)) {
    const wanted = podRequest(pod.spec, resource);
    if (wanted === 0) continue;
    const capacity = amountOf(resource, allocatable[resource]);
    if (used(resource) + wanted > capacity) return outOf(resource, wanted, used(resource), capacity);
  }
  return null;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Verdict {
  return verdict(
    `OutOf${resource}`,
    `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  );
}

function verdict(reason: string, message: string): Verdict {
  return { reason, message, condition: null };
}
