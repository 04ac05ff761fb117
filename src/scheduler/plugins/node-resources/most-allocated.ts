// Strategy MostAllocated: the share that is taken. Packs load onto few nodes.
// Source: kube-scheduler plugins/noderesources/most_allocated.go.
import { mulDiv } from "../../framework/integer-division.js";
import { MAX_NODE_SCORE } from "../../framework/normalize.js";
import { type Allocation, weightedMean } from "./resource-allocation.js";

export function mostAllocated(list: readonly Allocation[]): number {
  return weightedMean(list, ({ requested, allocatable }) =>
    mulDiv(Math.min(requested, allocatable), MAX_NODE_SCORE, allocatable),
  );
}
