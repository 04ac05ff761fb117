// Strategy LeastAllocated: the share that stays free. Spreads load over nodes.
// Source: kube-scheduler plugins/noderesources/least_allocated.go.
import { mulDiv } from "../../framework/integer-division.js";
import { MAX_NODE_SCORE } from "../../framework/normalize.js";
import { type Allocation, weightedMean } from "./resource-allocation.js";

export function leastAllocated(list: readonly Allocation[]): number {
  return weightedMean(list, ({ requested, allocatable }) =>
    requested > allocatable ? 0 : mulDiv(allocatable - requested, MAX_NODE_SCORE, allocatable),
  );
}
