// One metric of one case on two sides: estimate, interval and p-value. Verdicts come later, once p is adjusted.
import { assert } from "../base/assert.js";
import { Prng } from "../base/prng.js";
import type { MetricRecord } from "./run-record.js";
import { median, medianAbsoluteDeviation, MAD_TO_SD } from "./statistics/quantiles.js";
import { mannWhitney, wilcoxonSignedRank } from "./statistics/rank-tests.js";
import { pairedShift, ratioOfMedians, type Shift } from "./statistics/shift.js";

export interface TimingComparison {
  readonly paired: boolean;
  /** Samples of the smaller side, or pairs. */
  readonly samples: number;
  readonly shift: Shift;
  readonly p: number;
  /** Robust standard deviation of one sample (of one pair's log ratio), relative. */
  readonly noise: number;
}

/**
 * Timings of one metric compared.
 * @param paired whether samples of one block were taken side by side, so that they share its drift
 * @returns null when a value is 0 or below, which has no ratio
 */
export function compareTimings(
  baseline: MetricRecord,
  candidate: MetricRecord,
  paired: boolean,
): TimingComparison | null {
  const before = baseline.samples.map(({ value }) => value);
  const after = candidate.samples.map(({ value }) => value);
  assert(before.length > 0 && after.length > 0, `${baseline.name} has no samples to compare`);
  if ([...before, ...after].some((value) => value <= 0)) return null;
  // The name keeps streams apart, so that one metric's interval does not hang on which others are there.
  const prng = new Prng(SEED).fork(baseline.name);
  const logRatios = paired ? logRatiosByBlock(baseline, candidate) : [];
  if (logRatios.length >= 2) {
    const shift = pairedShift(logRatios, prng);
    const { p } = wilcoxonSignedRank(logRatios);
    const noise = MAD_TO_SD * medianAbsoluteDeviation(logRatios);
    return { paired: true, samples: logRatios.length, shift, p, noise };
  }
  return {
    paired: false,
    samples: Math.min(before.length, after.length),
    shift: ratioOfMedians(before, after, prng),
    p: mannWhitney(before, after).p,
    noise: Math.max(relativeNoise(before), relativeNoise(after)),
  };
}

const SEED = 0x636d7072;

/** ln(candidate / baseline) of every block that both have once. */
function logRatiosByBlock(baseline: MetricRecord, candidate: MetricRecord): number[] {
  const before = new Map(baseline.samples.map(({ block, value }) => [block, value]));
  return candidate.samples.flatMap(({ block, value }) => {
    const other = before.get(block);
    return other === undefined ? [] : [Math.log(value / other)];
  });
}

function relativeNoise(values: readonly number[]): number {
  return (MAD_TO_SD * medianAbsoluteDeviation(values)) / median(values);
}
