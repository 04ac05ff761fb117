// By how much do two samples differ, as a ratio? With 95% and 90% bootstrap intervals from the same resamples.
// Separate samples: ratio of medians. Pairs: Hodges and Lehmann's estimate (median of all pairwise means) of the log
// ratios, which cancels whatever a block's two members shared.
// Cost: 5,000 resamples; about 3 ms unpaired at n = 10 + 10, 10 ms paired.
// Sources: Hodges and Lehmann 1963; Efron and Tibshirani 1993.
import { assert } from "../../base/assert.js";
import type { Prng } from "../../base/prng.js";
import { bootstrap, type Interval, percentileInterval } from "./bootstrap.js";
import { median, medianInPlace, type Values } from "./quantiles.js";

/** Relative change: 0.1 is 10% more. */
export interface Shift {
  readonly estimate: number;
  readonly ci95: Interval;
  readonly ci90: Interval;
}

/** Of `candidate` over `baseline`; both above 0. */
export function ratioOfMedians(baseline: Values, candidate: Values, prng: Prng): Shift {
  const ratio = ([before, after]: readonly Float64Array[]) =>
    medianInPlace(after as Float64Array) / medianInPlace(before as Float64Array);
  return shiftOf(median(candidate) / median(baseline), bootstrap([baseline, candidate], ratio, prng));
}

/** Of pairs, from ln(candidate / baseline) of each. */
export function pairedShift(logRatios: Values, prng: Prng): Shift {
  const ratio = ([resampled]: readonly Float64Array[]) => Math.exp(hodgesLehmann(resampled as Float64Array));
  return shiftOf(Math.exp(hodgesLehmann(logRatios)), bootstrap([logRatios], ratio, prng));
}

/** Median of the means of all pairs, each value with itself included. Cost: O(n^2 log n). */
export function hodgesLehmann(values: Values): number {
  const n = values.length;
  assert(n > 0, "an empty sample has no location");
  const means = new Float64Array((n * (n + 1)) / 2);
  let next = 0;
  for (let left = 0; left < n; left++) {
    for (let right = left; right < n; right++) {
      means[next++] = ((values[left] as number) + (values[right] as number)) / 2;
    }
  }
  return medianInPlace(means);
}

function shiftOf(ratio: number, resampled: Float64Array): Shift {
  const change = ([low, high]: Interval): Interval => [low - 1, high - 1];
  return {
    estimate: ratio - 1,
    ci95: change(percentileInterval(resampled, 0.95)),
    ci90: change(percentileInterval(resampled, 0.9)),
  };
}
