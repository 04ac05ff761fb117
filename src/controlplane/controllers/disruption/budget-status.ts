// How many Pods of a budget may be taken away now.
// Source: pkg/controller/disruption/disruption.go, component-helpers/apps/poddisruptionbudget.
import type { PodDisruptionBudget } from "../../client/cluster-resources.js";
import type { Pod } from "../../client/object-types.js";
import { type Condition, conditionOf } from "../harness/conditions.js";
import { scaled } from "../harness/int-or-percent.js";
import { isReady, isTerminating } from "../harness/pod-state.js";
import { timeMs, timeText } from "../harness/times.js";

/** An eviction that was allowed is carried out in this time, or it is counted as not done. */
const DELETION_TIMEOUT_MS = 120_000;

export interface BudgetState {
  readonly budget: PodDisruptionBudget;
  readonly pods: readonly Pod[];
  /** Replicas that the Pods' controllers want, all together; null: cannot be told. */
  readonly scale: number | null;
  readonly nowMs: number;
}

export interface BudgetStatus {
  readonly observedGeneration?: number;
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly conditions: readonly Condition[];
}

export interface BudgetDecision {
  readonly status: BudgetStatus;
  /** Look again then: an allowed eviction may not have happened. */
  readonly recheckMs: number | null;
  readonly notDeleted: readonly Pod[];
}

/** Whether the number of Pods does not say it: what the controllers want counts. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable != null || typeof spec?.minAvailable === "string";
}

export function budgetDecision(state: BudgetState): BudgetDecision {
  const { budget, pods, nowMs } = state;
  const { disrupted, recheckMs, notDeleted } = disruptedPods(budget, pods, nowMs);
  const expectedPods = needsScale(budget) ? (state.scale ?? 0) : pods.length;
  const desiredHealthy = desired(budget, expectedPods);
  const currentHealthy = pods.filter(
    (pod) => !isTerminating(pod) && !Object.hasOwn(disrupted, pod.metadata.name) && isReady(pod),
  ).length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { generation } = budget.metadata;
  const status: BudgetStatus = {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    conditions: withAllowed(
      budget,
      disruptionsAllowed > 0
        ? { status: "True", reason: "SufficientPods", message: "" }
        : { status: "False", reason: "InsufficientPods", message: "" },
      nowMs,
    ),
  };
  return { status, recheckMs, notDeleted };
}

/** Nothing may be taken away while nobody knows how many there should be. */
export function failedStatus(budget: PodDisruptionBudget, message: string, nowMs: number): BudgetStatus {
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0, ...others } = budget.status ?? {};
  const conditions = withAllowed(budget, { status: "False", reason: "SyncFailed", message }, nowMs);
  return {
    ...others,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: 0,
    conditions,
  };
}

export function isSameBudgetStatus(budget: PodDisruptionBudget, next: BudgetStatus): boolean {
  const text = (status: Partial<BudgetStatus>): string =>
    JSON.stringify([
      status.observedGeneration,
      status.disruptionsAllowed,
      status.currentHealthy,
      status.desiredHealthy,
      status.expectedPods,
      Object.entries(status.disruptedPods ?? {}).sort(),
      (status.conditions ?? []).map(({ type, status: is, reason, message }) => [type, is, reason, message]),
    ]);
  return text((budget.status ?? {}) as Partial<BudgetStatus>) === text(next);
}

function desired({ spec }: PodDisruptionBudget, expectedPods: number): number {
  if (spec?.maxUnavailable != null)
    return Math.max(0, expectedPods - scaled(spec.maxUnavailable, expectedPods, "up"));
  return scaled(spec?.minAvailable ?? 0, expectedPods, "up");
}

function disruptedPods(
  { status }: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: number,
): { disrupted: Record<string, string>; recheckMs: number | null; notDeleted: Pod[] } {
  const disrupted: Record<string, string> = {};
  const notDeleted: Pod[] = [];
  let recheckMs: number | null = null;
  for (const pod of pods) {
    const time = (status?.disruptedPods as Readonly<Record<string, string>> | undefined)?.[pod.metadata.name];
    if (time === undefined || isTerminating(pod)) continue;
    const leftMs = timeMs(time) + DELETION_TIMEOUT_MS - nowMs;
    if (leftMs < 0) notDeleted.push(pod);
    else {
      disrupted[pod.metadata.name] = time;
      recheckMs = Math.min(recheckMs ?? leftMs, leftMs);
    }
  }
  return { disrupted, recheckMs, notDeleted };
}

function withAllowed(
  { metadata, status }: PodDisruptionBudget,
  allowed: { readonly status: string; readonly reason: string; readonly message: string },
  nowMs: number,
): readonly Condition[] {
  const type = "DisruptionAllowed";
  const before: readonly Condition[] = status?.conditions ?? [];
  const known = conditionOf(before, type);
  const lastTransitionTime =
    known?.status === allowed.status ? (known.lastTransitionTime ?? timeText(nowMs)) : timeText(nowMs);
  const observed = metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
  const condition = { type, ...allowed, lastTransitionTime, ...observed };
  return [...before.filter((each) => each.type !== type), condition];
}
