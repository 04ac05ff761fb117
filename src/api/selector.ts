// Label selectors: which objects a Service, a workload or a policy means.
// Source: metav1.LabelSelector and labels.Selector, staging/src/k8s.io/apimachinery/pkg/labels/selector.go.
import { unreachable } from "../base/assert.js";
import type { LabelSelector, LabelSelectorRequirement } from "./types.js";

type Labels = Readonly<Record<string, string>>;

/** Whether every pair of `wanted` stands in `labels`. An empty `wanted` matches everything, as in labels.Set. */
export function matchesLabels(labels: Labels | undefined, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labelOf(labels, key) === value);
}

/** Whether `labels` satisfy all parts of `selector`. An empty selector matches everything. */
export function matchesSelector(labels: Labels | undefined, selector: LabelSelector): boolean {
  return (
    matchesLabels(labels, selector.matchLabels ?? {}) &&
    (selector.matchExpressions ?? []).every((requirement) => holds(labels, requirement))
  );
}

/** NotIn holds for objects without the key, as upstream's does. */
function holds(labels: Labels | undefined, requirement: LabelSelectorRequirement): boolean {
  const value = labelOf(labels, requirement.key);
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return unreachable(requirement.operator, "label selector operator");
  }
}

/** Own properties only: a label may be called "constructor". */
function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
