// A score over utilization, drawn through points and flat beyond the ends:
//
//   score          ____   last point
//            /\___/
//        ___/             first point
//        0            100  utilization
//
// Source: kube-scheduler plugins/helper/shape_score.go.
import { assert } from "../../base/assert.js";
import type { Shape } from "../config/configuration.js";
import { MAX_NODE_SCORE } from "./normalize.js";

/** Scores of points are 0..10. */
const SCALE = MAX_NODE_SCORE / 10;

/** Score, 0..100, at a utilization in percent. Between two points the rise is truncated towards the left one. */
export function scoreAtUtilization(shape: Shape, utilization: number): number {
  let left: Shape[number] | null = null;
  for (const right of shape) {
    if (utilization <= right.utilization) {
      if (left === null) return right.score * SCALE;
      const rise = (right.score - left.score) * SCALE;
      const run = right.utilization - left.utilization;
      return left.score * SCALE + Math.trunc((rise * (utilization - left.utilization)) / run);
    }
    left = right;
  }
  assert(left !== null, "a shape has no points");
  return left.score * SCALE;
}
