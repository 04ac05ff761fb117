// Which Pods a quota is about.
// Source: pkg/quota/v1/evaluator/core/pods.go (podMatchesScopeFunc), pkg/quota/v1/evaluator/core/registry.go.
import { qosClass } from "../../../api/qos-class.js";
import type { PodObject } from "./pod-parts.js";

export interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface ScopedSpec {
  readonly scopes?: readonly string[];
  readonly scopeSelector?: { readonly matchExpressions?: readonly ScopeRequirement[] };
}

/** A quota without scopes is about everything. */
export function isInScope(spec: ScopedSpec, pod: PodObject | null): boolean {
  const requirements = [
    ...(spec.scopes ?? []).map((scopeName): ScopeRequirement => ({ scopeName, operator: "Exists" })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ];
  return requirements.every((requirement) => pod !== null && holds(requirement, pod));
}

function holds(requirement: ScopeRequirement, pod: PodObject): boolean {
  switch (requirement.scopeName) {
    case "Terminating":
      return isBounded(pod);
    case "NotTerminating":
      return !isBounded(pod);
    case "BestEffort":
      return isBestEffort(pod);
    case "NotBestEffort":
      return !isBestEffort(pod);
    case "PriorityClass":
      return hasClass(requirement, pod.spec.priorityClassName ?? "");
    case "CrossNamespacePodAffinity":
      return JSON.stringify(pod.spec.affinity ?? {}).includes('"namespace');
    default:
      return false;
  }
}

function isBounded(pod: PodObject): boolean {
  return (pod.spec.activeDeadlineSeconds ?? -1) >= 0;
}

function isBestEffort(pod: PodObject): boolean {
  return qosClass(pod.spec) === "BestEffort";
}

function hasClass({ operator, values = [] }: ScopeRequirement, name: string): boolean {
  switch (operator) {
    case "Exists":
      return name !== "";
    case "DoesNotExist":
      return name === "";
    case "In":
      return values.includes(name);
    case "NotIn":
      return !values.includes(name);
    default:
      return false;
  }
}
