// Least squares of y on x: does the cost grow in a line, and how well?
import { assert } from "../../base/assert.js";
import type { Values } from "./quantiles.js";

export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Share of y's variance that the line explains, 0..1; 1 when y does not vary. */
  readonly rSquared: number;
}

/** @param y as long as x, at least two points, x not all alike. Sums are taken about the means. */
export function linearRegression(x: Values, y: Values): Line {
  assert(x.length === y.length && x.length >= 2, `a line through ${x.length} and ${y.length} values`);
  const meanX = mean(x);
  const meanY = mean(y);
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let index = 0; index < x.length; index++) {
    const dx = (x[index] as number) - meanX;
    const dy = (y[index] as number) - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  assert(xx > 0, "a line needs two different x");
  const slope = xy / xx;
  return { slope, intercept: meanY - slope * meanX, rSquared: yy === 0 ? 1 : (xy * xy) / (xx * yy) };
}

function mean(values: Values): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] as number;
  return sum / values.length;
}
