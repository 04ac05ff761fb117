// Draws from the distributions that clusters and traffic are made of. Tables are built once; a draw is O(log n).
// Each draw takes a fixed number of values from its stream, so that streams stay aligned when parameters change.
import { assert } from "../base/assert.js";
import type { Prng } from "../base/prng.js";

/** A distribution over 0..n-1. */
export class WeightedIndex {
  readonly #cumulative: Float64Array;

  /** @param weights relative, at least one above 0 */
  constructor(weights: ArrayLike<number>) {
    this.#cumulative = new Float64Array(weights.length);
    let sum = 0;
    for (let index = 0; index < weights.length; index++) {
      sum += weights[index] as number;
      this.#cumulative[index] = sum;
    }
    assert(sum > 0, "no weight is above 0");
  }

  /** One value of `prng`. An index of weight 0 is never drawn. */
  draw(prng: Prng): number {
    const table = this.#cumulative;
    const target = prng.unit() * (table[table.length - 1] as number);
    let low = 0;
    let high = table.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((table[middle] as number) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Weights rank^-s of ranks 1..count, scaled so that the largest is 1 and none overflows. */
export function zipfWeights(count: number, s: number): Float64Array {
  const largest = s < 0 ? count : 1;
  return Float64Array.from({ length: count }, (_, index) => ((index + 1) / largest) ** -s);
}

/**
 * The exponent s for which k^-s over k = 1..max has mean `mean`. Bisection; the mean falls as s grows.
 * Negative s, which favours large k, serves means above (max + 1) / 2. Cost: 60 x max powers.
 */
export function zipfExponentForMean(mean: number, max: number): number {
  let low = -512;
  let high = 512;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (zipfMean(max, middle) > mean) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function zipfMean(max: number, s: number): number {
  let total = 0;
  let sum = 0;
  for (const [index, weight] of zipfWeights(max, s).entries()) {
    total += weight;
    sum += (index + 1) * weight;
  }
  return sum / total;
}

/** Whole number >= 1 with mean `mean`: the trials up to the first success. One value of `prng`. */
export function drawGeometric(prng: Prng, mean: number): number {
  if (mean <= 1) return 1;
  return 1 + Math.floor(Math.log(1 - prng.unit()) / Math.log(1 - 1 / mean));
}

/** Pareto of shape `alpha` from `min`, cut at `max`, rounded down. One value of `prng`. */
export function drawPareto(prng: Prng, pareto: { alpha: number; min: number; max: number }): number {
  return Math.floor(Math.min(pareto.max, pareto.min * (1 - prng.unit()) ** (-1 / pareto.alpha)));
}

/** Exponential with mean `mean`: the gaps of a Poisson process. One value of `prng`. */
export function drawExponential(prng: Prng, mean: number): number {
  return -mean * Math.log(1 - prng.unit());
}
