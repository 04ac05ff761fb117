// Where the curves of two modes cross. Times that cannot be told apart at a size count as equal there, so that neither
// noise nor the model's error makes crossovers.
import type { MetricName } from "../measure/metrics.js";
import { cannotTellApart } from "./best.js";
import { type Crossover, crossovers } from "./crossover.js";
import { type Grid, metricOf } from "./grid.js";

export interface ModeCurvePoint {
  readonly size: number;
  readonly value: number;
}

/** Points of one mode's curve: the metric's value per packet at every size that has it. */
export function curveOf(grid: Grid, mode: string, name: MetricName): readonly ModeCurvePoint[] {
  return grid.sizes.flatMap((size) => {
    const metric = metricOf(grid.at(mode, size), name);
    return metric ? [{ size, value: metric.summary.median }] : [];
  });
}

/** Crossings of the curves of modes `a` and `b` within the measured sizes. */
export function modeCrossovers(grid: Grid, name: MetricName, a: string, b: string): readonly Crossover[] {
  const curve = curveOf(grid, a, name);
  const other = curveOf(grid, b, name).map((point) => {
    const [left, right] = [metricOf(grid.at(a, point.size), name), metricOf(grid.at(b, point.size), name)];
    return left && right && cannotTellApart(left, right) ? { ...point, value: left.summary.median } : point;
  });
  return crossovers(curve, other);
}
