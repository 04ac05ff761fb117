// Order statistics of a sample: median, quantiles, spread, outliers, and how many observations a percentile needs.
import { assert } from "../../base/assert.js";

/** A sample; order does not matter here. */
export type Values = ArrayLike<number>;

/** Makes the MAD of normal values estimate their standard deviation. */
export const MAD_TO_SD = 1.4826;

/** Ascending copy. Cost: O(n log n). */
export function sorted(values: Values): Float64Array {
  return Float64Array.from(values).sort();
}

/** Middle value, or the mean of the two middle ones. @throws when empty. */
export function median(values: Values): number {
  return medianOfSorted(sorted(values));
}

/**
 * The median of a buffer that may be reordered: no copy and no sort, for the inner loop of a bootstrap.
 * Cost: O(n) on average. Source: Hoare, Algorithm 65: FIND (1961).
 */
export function medianInPlace(buffer: Float64Array): number {
  const count = buffer.length;
  assert(count > 0, "an empty sample has no median");
  const middle = (count - 1) >> 1;
  const low = selectInPlace(buffer, middle);
  if (count % 2 === 1) return low;
  let high = buffer[middle + 1] as number;
  for (let index = middle + 2; index < count; index++) high = Math.min(high, buffer[index] as number);
  return low + (high - low) * 0.5;
}

/** The value at `place` in ascending order; none before it is larger, none after it smaller. */
function selectInPlace(buffer: Float64Array, place: number): number {
  let left = 0;
  let right = buffer.length - 1;
  while (left < right) {
    const pivot = buffer[place] as number;
    let up = left;
    let down = right;
    while (up <= down) {
      while ((buffer[up] as number) < pivot) up++;
      while ((buffer[down] as number) > pivot) down--;
      if (up > down) break;
      const swapped = buffer[up] as number;
      buffer[up++] = buffer[down] as number;
      buffer[down--] = swapped;
    }
    if (down < place) left = up;
    if (up > place) right = down;
  }
  return buffer[place] as number;
}

export function medianOfSorted(ascending: Values): number {
  return quantileOfSorted(ascending, 0.5);
}

/** Linear between order statistics (type 7 of Hyndman and Fan, the default of R and NumPy). */
export function quantile(values: Values, share: number): number {
  return quantileOfSorted(sorted(values), share);
}

export function quantileOfSorted(ascending: Values, share: number): number {
  assert(ascending.length > 0, "an empty sample has no quantiles");
  assert(share >= 0 && share <= 1, `quantile ${share} is outside 0..1`);
  const place = (ascending.length - 1) * share;
  const below = Math.floor(place);
  const low = ascending[below] as number;
  const high = ascending[Math.min(below + 1, ascending.length - 1)] as number;
  return low + (high - low) * (place - below);
}

/** Median absolute deviation from the median, unscaled. */
export function medianAbsoluteDeviation(values: Values): number {
  const centre = median(values);
  return median(Float64Array.from(values, (value) => Math.abs(value - centre)));
}

/** MAD as a share of the median; 0 when the median is 0. */
export function relativeMad(values: Values): number {
  const centre = median(values);
  return centre === 0 ? 0 : medianAbsoluteDeviation(values) / Math.abs(centre);
}

/**
 * How many observations a percentile needs before its 95% one-sided bound is one of them:
 * p90 29, p95 59, p99 299, p99.9 2,995; the lower tail mirrors the upper, and the median needs 5.
 */
export function observationsNeeded(percent: number): number {
  assert(percent > 0 && percent < 100, `percentile ${percent} is outside 0..100`);
  const share = Math.max(percent, 100 - percent) / 100;
  return Math.ceil(Math.log(0.05) / Math.log(share) - 1e-9);
}

/** Tukey's fences: beyond 1.5 interquartile ranges mild, beyond 3 severe. Classified, never dropped. */
export function outliers(values: Values): { readonly mild: number; readonly severe: number } {
  const ascending = sorted(values);
  const q1 = quantileOfSorted(ascending, 0.25);
  const q3 = quantileOfSorted(ascending, 0.75);
  const beyond = (ranges: number) =>
    ascending.filter((value) => value < q1 - ranges * (q3 - q1) || value > q3 + ranges * (q3 - q1)).length;
  const severe = beyond(3);
  return { mild: beyond(1.5) - severe, severe };
}
