// Which Pods a PodDisruptionBudget protects. Budgets are spent in the order of importance, so the least important Pods
// are the ones that break them.
// Cost: O(Pods x budgets).
// Source: kube-scheduler plugins/defaultpreemption/default_preemption.go (filterPodsWithPDBViolation).
import type { PodDisruptionBudget } from "../../../api/scheduling.js";
import { matchesSelector } from "../../../api/selector.js";
import type { LabelSelector } from "../../../api/types.js";
import { DEFAULT_NAMESPACE, type PodInfo } from "../../cache/pod-info.js";

export type DisruptionBudgets = readonly PodDisruptionBudget[];

export interface BudgetSplit {
  readonly violating: readonly PodInfo[];
  readonly others: readonly PodInfo[];
}

/** Keeps the order of `pods`, which are given by decreasing importance. */
export function splitByBudgets(pods: readonly PodInfo[], budgets: DisruptionBudgets): BudgetSplit {
  if (budgets.length === 0) return { violating: [], others: pods };
  const allowed = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let isViolating = false;
    budgets.forEach((budget, index) => {
      if (!protects(budget, pod)) return;
      const left = (allowed[index] as number) - 1;
      allowed[index] = left;
      if (left < 0) isViolating = true;
    });
    (isViolating ? violating : others).push(pod);
  }
  return { violating, others };
}

/** A Pod whose disruption was already counted is not counted again. */
function protects(
  { metadata, spec, status }: PodDisruptionBudget,
  { pod, namespace, labelSet }: PodInfo,
): boolean {
  return (
    (metadata.namespace ?? DEFAULT_NAMESPACE) === namespace &&
    selects(spec.selector, labelSet.labels) &&
    !Object.hasOwn(status?.disruptedPods ?? {}, pod.metadata.name)
  );
}

/** Here an empty selector matches nothing, and a Pod without labels is matched by none. */
function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined || Object.keys(labels).length === 0) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const isEmpty = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
  return !isEmpty && matchesSelector(labels, selector);
}
