// Strategy RequestedToCapacityRatio: a curve over the share that is taken. Resources that score 0 do not count at all,
// and the mean is rounded, not truncated.
// Source: kube-scheduler plugins/noderesources/requested_to_capacity_ratio.go.
import type { Shape } from "../../config/configuration.js";
import { mulDiv } from "../../framework/integer-division.js";
import { scoreAtUtilization } from "../../framework/utilization-shape.js";
import type { Allocation } from "./resource-allocation.js";

const FULL = 100;

export function requestedToCapacityRatio(list: readonly Allocation[], shape: Shape): number {
  let sum = 0;
  let weights = 0;
  for (const { requested, allocatable, weight } of list) {
    const utilization = requested > allocatable ? FULL : mulDiv(requested, FULL, allocatable);
    const score = scoreAtUtilization(shape, utilization);
    if (score <= 0) continue;
    sum += score * weight;
    weights += weight;
  }
  return weights === 0 ? 0 : Math.round(sum / weights);
}
