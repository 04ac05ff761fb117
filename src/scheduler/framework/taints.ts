// Taints keep Pods off a node unless they tolerate them.
// Source: core/v1 Toleration.ToleratesTaint; component-helpers scheduling/corev1/helpers.go.
import type { Taint, Toleration } from "../../api/scheduling.js";

export const TAINT_UNSCHEDULABLE: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Operators Lt and Gt tolerate nothing: their feature is off in v1.36. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = "", operator = "Equal", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  return operator === "Exists" || (operator === "Equal" && value === (taint.value ?? ""));
}

export function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint));
}

/** The first taint that forbids scheduling and is not tolerated; null when there is none. */
export function forbiddingTaint(
  taints: readonly Taint[] = [],
  tolerations: readonly Toleration[] = [],
): Taint | null {
  const forbids = (taint: Taint) => taint.effect !== "PreferNoSchedule" && !isTolerated(taint, tolerations);
  return taints.find(forbids) ?? null;
}

/** How many PreferNoSchedule taints are not tolerated. */
export function countAvoidedTaints(
  taints: readonly Taint[] = [],
  tolerations: readonly Toleration[] = [],
): number {
  const isAvoided = (taint: Taint) => taint.effect === "PreferNoSchedule" && !isTolerated(taint, tolerations);
  return taints.filter(isAvoided).length;
}
