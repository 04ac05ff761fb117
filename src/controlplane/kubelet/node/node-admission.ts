// Whether a node takes a Pod that was bound to it. The scheduler has asked before; what has changed since, or came past
// the scheduler, is found here.
// Source: kubernetes pkg/kubelet/lifecycle/predicate.go, eviction_manager.go Admit.
import type { NodeSelectorRequirement, NodeSelectorTerm } from "../../../api/scheduling.js";
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
  const selector = Object.entries(pod.spec.nodeSelector ?? {});
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const isMatch =
    selector.every(([name, value]) => labels[name] === value) &&
    (terms === undefined || terms.some((term) => matchesTerm(term as NodeSelectorTerm, labels, nodeName)));
  return isMatch
    ? null
    : verdict(
        "NodeAffinity",
        "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
      );
}

function matchesTerm(
  term: NodeSelectorTerm,
  labels: Readonly<Record<string, string>>,
  nodeName: string,
): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((requirement) => matchesRequirement(requirement, labels[requirement.key])) &&
    fields.every((requirement) => matchesRequirement(requirement, nodeName))
  );
}

function matchesRequirement(
  { operator, values = [] }: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
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
