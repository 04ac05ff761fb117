// Prefers nodes whose resources are taken in equal shares, so that none runs out while others lie idle. Two formulas,
// over the shares s of each resource, without defaults for what containers leave unsaid:
//
//   balance(s) = trunc((1 - standard deviation of s) * 100)
//   older        balance(with the Pod)                                               50..100 for two resources
//   v1.36        50 + trunc((50 + balance(with the Pod) - balance(without it)) / 2)  75 when nothing changes
//
// The newer one asks whether the Pod makes the node better: an empty node is balanced, but so it is for any Pod.
// Source: kube-scheduler plugins/noderesources/balanced_allocation.go.
import type { NodeResourcesBalancedAllocationArgs } from "../../config/configuration.js";
import { MAX_NODE_SCORE } from "../../framework/normalize.js";
import type { PreScorePlugin, ScorePlugin } from "../../framework/plugin.js";
import { SKIP } from "../../framework/status.js";
import { type Allocation, allocations, podRequest } from "./resource-allocation.js";

export const NAME = "NodeResourcesBalancedAllocation";
const HALF = MAX_NODE_SCORE / 2;

/** The release whose formula is used. */
export type BalanceFormula = "v1.36" | "older";

export function createBalancedAllocation(
  { resources }: NodeResourcesBalancedAllocationArgs,
  formula: BalanceFormula = "v1.36",
) {
  const scoreOf = formula === "v1.36" ? balanceGain : balanceWith;
  return {
    name: NAME,
    preScore: (_state, pod) =>
      resources.every(({ name }) => podRequest(pod, name, "exact") === 0) ? SKIP : null,
    score: (_state, pod, node) => scoreOf(allocations(resources, pod, node, "exact")),
  } satisfies PreScorePlugin & ScorePlugin;
}

function balanceWith(list: readonly Allocation[]): number {
  return balance(list.map(({ requested, allocatable }) => share(requested, allocatable)));
}

function balanceGain(list: readonly Allocation[]): number {
  const without = balance(list.map(({ allocated, allocatable }) => share(allocated, allocatable)));
  return HALF + Math.trunc((HALF + balanceWith(list) - without) / 2);
}

function share(taken: number, allocatable: number): number {
  return Math.min(taken / allocatable, 1);
}

/** 0..100. The order of operations is upstream's: doubles are added and rounded alike. */
function balance(shares: readonly number[]): number {
  return Math.trunc((1 - standardDeviation(shares)) * MAX_NODE_SCORE);
}

function standardDeviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0;
  const [first, second] = shares as readonly [number, number];
  if (shares.length === 2) return Math.abs((first - second) / 2);
  const mean = shares.reduce((sum, each) => sum + each, 0) / shares.length;
  const squares = shares.reduce((sum, each) => sum + (each - mean) * (each - mean), 0);
  return Math.sqrt(squares / shares.length);
}
