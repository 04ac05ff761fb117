// Bootstrap intervals: draw samples of the same size from the sample, with replacement, and look at how the statistic
// spreads. Percentile method, 5,000 resamples, seeded: the same samples give the same interval on every machine.
// Why: medians and ratios of medians have no simple error formula, and timings are not normal.
// Cost: resamples x cost of the statistic; about 2 ms for the median of 10 values.
// Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
import { assert } from "../../base/assert.js";
import type { Prng } from "../../base/prng.js";
import { medianInPlace, quantileOfSorted, type Values } from "./quantiles.js";

export type Interval = readonly [low: number, high: number];

const RESAMPLES = 5000;

/**
 * The statistic of every resample, ascending. Each of `samples` is resampled on its own.
 * @param statistic gets the resampled values in buffers that are reused: reorder them, but keep none
 */
export function bootstrap(
  samples: readonly Values[],
  statistic: (resampled: readonly Float64Array[]) => number,
  prng: Prng,
): Float64Array {
  const buffers = samples.map((values) => {
    assert(values.length > 0, "an empty sample cannot be resampled");
    return new Float64Array(values.length);
  });
  const result = new Float64Array(RESAMPLES);
  for (let round = 0; round < RESAMPLES; round++) {
    for (const [index, values] of samples.entries()) resample(values, buffers[index] as Float64Array, prng);
    result[round] = statistic(buffers);
  }
  return result.sort();
}

/** The middle `confidence` of sorted bootstrap statistics. */
export function percentileInterval(ascending: Float64Array, confidence: number): Interval {
  const tail = (1 - confidence) / 2;
  return [quantileOfSorted(ascending, tail), quantileOfSorted(ascending, 1 - tail)];
}

/** 95% interval of the median. */
export function medianInterval(values: Values, prng: Prng): Interval {
  return percentileInterval(
    bootstrap([values], ([resampled]) => medianInPlace(resampled as Float64Array), prng),
    0.95,
  );
}

function resample(values: Values, into: Float64Array, prng: Prng): void {
  for (let index = 0; index < into.length; index++) into[index] = values[prng.below(values.length)] as number;
}
