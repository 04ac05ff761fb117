// Rank tests: is one sample larger than another? No assumption about the shape of the noise.
//
// Two separate samples: Mann-Whitney U. Pairs: Wilcoxon's signed ranks.
// Exact for small samples, ties included: mid-ranks are doubled into whole numbers, and the distribution of their sum
// over all splits (or signs) is counted by dynamic programming. Larger ones use the normal approximation with tie and
// continuity corrections. Two-sided: twice the smaller tail, at most 1.
// Cost: exact O(n^2 x rank sum), under 1 ms at n = 25 + 25; approximate O(n log n).
// Sources: Mann and Whitney 1947; Wilcoxon 1945; Hollander and Wolfe, Nonparametric Statistical Methods.
import { assert } from "../../base/assert.js";
import type { Values } from "./quantiles.js";
import { normalTail } from "./special-functions.js";

/** Observations up to which p is counted exactly. */
const EXACT_MAX = 50;

export interface RankTest {
  /** U of the first sample, or the sum of ranks of positive differences. */
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
}

/** Whether values of `first` tend to be larger or smaller than those of `second`. */
export function mannWhitney(first: Values, second: Values): RankTest {
  const n = first.length;
  const m = second.length;
  assert(n > 0 && m > 0, `Mann-Whitney of ${n} and ${m} values`);
  const ranks = doubledRanks([...Array.from(first), ...Array.from(second)]);
  const sum = ranks.slice(0, n).reduce((total, rank) => total + rank, 0);
  const statistic = sum / 2 - (n * (n + 1)) / 2;
  if (n + m <= EXACT_MAX) return { statistic, p: twoSided(subsetSums(ranks, n), sum) };
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - tieSum(ranks) / (total * (total - 1)));
  return { statistic, p: approximateP(statistic - (n * m) / 2, variance) };
}

/** Whether paired differences lie to one side of 0. Zero differences are left out (Wilcoxon's own way). */
export function wilcoxonSignedRank(differences: Values): RankTest {
  const kept = Array.from(differences).filter((difference) => difference !== 0);
  const n = kept.length;
  if (n === 0) return { statistic: 0, p: 1 };
  const ranks = doubledRanks(kept.map(Math.abs));
  const sum = ranks.reduce((total, rank, index) => total + ((kept[index] as number) > 0 ? rank : 0), 0);
  if (n <= EXACT_MAX) return { statistic: sum / 2, p: twoSided(subsetSums(ranks, null), sum) };
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tieSum(ranks) / 48;
  return { statistic: sum / 2, p: approximateP(sum / 2 - (n * (n + 1)) / 4, variance) };
}

/** Twice the mid-rank of each value, so that tied values have whole numbers too. */
function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++;
    for (let place = start; place < end; place++) ranks[order[place] as number] = start + 1 + end;
    start = end;
  }
  return ranks;
}

/** Sum over groups of tied ranks of t^3 - t. */
function tieSum(ranks: readonly number[]): number {
  const groups = new Map<number, number>();
  for (const rank of ranks) groups.set(rank, (groups.get(rank) ?? 0) + 1);
  return [...groups.values()].reduce((sum, count) => sum + count ** 3 - count, 0);
}

/**
 * How many subsets of the ranks have each sum: those of `size` members, or of any size when null.
 * Counts are doubles: 2^50 and C(50, 25) are both exact.
 */
function subsetSums(ranks: readonly number[], size: number | null): Float64Array {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const width = total + 1;
  const rows = size === null ? 1 : size + 1;
  const counts = new Float64Array(rows * width);
  counts[0] = 1;
  for (const rank of ranks) {
    for (let row = rows - 1; row >= (size === null ? 0 : 1); row--) {
      const into = row * width;
      const from = size === null ? into : into - width;
      for (let sum = total; sum >= rank; sum--) {
        counts[into + sum] = (counts[into + sum] as number) + (counts[from + sum - rank] as number);
      }
    }
  }
  return counts.slice((rows - 1) * width);
}

function twoSided(counts: Float64Array, observed: number): number {
  let all = 0;
  let below = 0;
  let above = 0;
  for (let sum = 0; sum < counts.length; sum++) {
    const count = counts[sum] as number;
    all += count;
    if (sum <= observed) below += count;
    if (sum >= observed) above += count;
  }
  return Math.min(1, (2 * Math.min(below, above)) / all);
}

function approximateP(difference: number, variance: number): number {
  if (variance <= 0) return 1;
  const corrected = Math.max(0, Math.abs(difference) - 0.5);
  return Math.min(1, 2 * normalTail(corrected / Math.sqrt(variance)));
}
