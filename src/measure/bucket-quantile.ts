// Quantiles of a Prometheus histogram by linear interpolation inside a bucket, as upstream's benchmarks report them.
// They are as coarse as the buckets: for our own timings, histogram.ts. Cost: O(buckets).
// Source: k8s.io/component-base metrics/testutil, bucketQuantile.
import { assert } from "../base/assert.js";

export interface BucketHistogram {
  /** Rising, in seconds; without the last, which has no bound. */
  readonly upperBounds: readonly number[];
  /** Values at or below each bound. */
  readonly cumulativeCounts: readonly number[];
  /** All values, those above the last bound too. */
  readonly count: number;
  readonly sum: number;
}

/**
 * @param quantile 0..1
 * @returns in the unit of the bounds; the last bound for what lies above it; NaN without values
 */
export function bucketQuantile(histogram: BucketHistogram, quantile: number): number {
  const { upperBounds, cumulativeCounts, count } = histogram;
  assert(upperBounds.length === cumulativeCounts.length, "a histogram has a count for every bound");
  assert(quantile >= 0 && quantile <= 1, `quantile ${quantile} is outside 0..1`);
  if (upperBounds.length === 0 || count === 0) return Number.NaN;
  const rank = quantile * count;
  const index = cumulativeCounts.findIndex((cumulative) => cumulative >= rank);
  if (index < 0) return upperBounds.at(-1) as number;
  const upper = upperBounds[index] as number;
  const lower = index === 0 ? 0 : (upperBounds[index - 1] as number);
  const below = index === 0 ? 0 : (cumulativeCounts[index - 1] as number);
  const inside = (cumulativeCounts[index] as number) - below;
  // Rank 0 with an empty first bucket: upstream divides 0 by 0.
  return inside === 0 ? lower : lower + (upper - lower) * ((rank - below) / inside);
}

/** The buckets that perf-dash shows, in milliseconds; null without values. `histogram` is in seconds. */
export function bucketSummaryMs(histogram: BucketHistogram): Readonly<Record<string, number>> | null {
  return bucketSummary(histogram, 1000);
}

/** The same of a histogram that counts something else than seconds, times `factor`; null without values. */
export function bucketSummary(
  histogram: BucketHistogram,
  factor: number,
): Readonly<Record<string, number>> | null {
  if (histogram.count === 0) return null;
  const scaled = (quantile: number) => bucketQuantile(histogram, quantile) * factor;
  return {
    Average: (histogram.sum / histogram.count) * factor,
    Perc50: scaled(0.5),
    Perc90: scaled(0.9),
    Perc95: scaled(0.95),
    Perc99: scaled(0.99),
  };
}
