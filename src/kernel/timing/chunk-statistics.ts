// From timed chunks to one number a case, and which rounds of them count.
// Statistic: the 25th percentile of ns per packet. Whatever disturbs a chunk (another process, a cold cache after one)
// only ever makes it slower, so the lower quartile repeats where means and medians do not.
// A neighbour that comes and goes slows everything at once for a while; the controls show that, so a round is thrown
// away when a control is more than 5% off its best round. Source: doc of the method in README.md.
import { assert } from "../../base/assert.js";
import { quantileOfSorted, sorted } from "../../measure/statistics/quantiles.js";

/** A chunk as far as statistics go. */
export interface TimedChunk {
  readonly case: number;
  readonly packets: number;
  readonly ns: number;
  readonly delivered: number;
  readonly spinNs: number;
}

export interface CaseStatistics {
  /** 25th percentile of the chunks' ns per packet. */
  readonly ns: number;
  /** Interquartile range over the median. */
  readonly spread: number;
  readonly chunks: number;
  readonly packets: number;
}

/** How much slower than its best round a control may be in a round that counts. */
const CONTROL_TOLERANCE = 0.05;
/** A spin this much longer than the shortest shared the core with something else. */
const SPIN_TOLERANCE = 0.08;

/** Chunks that measured what they were meant to: every packet arrived, and the CPU was not taken away. */
export function soundChunks<C extends TimedChunk>(chunks: readonly C[]): C[] {
  const shortestSpin = chunks.reduce((least, { spinNs }) => Math.min(least, spinNs), Infinity);
  return chunks.filter(
    ({ packets, delivered, spinNs }) =>
      delivered === packets && spinNs <= shortestSpin * (1 + SPIN_TOLERANCE),
  );
}

/** Of all chunks of one case, so many whose packets all arrived and whose spins were the shortest. */
export function leastDisturbed<C extends TimedChunk>(chunks: readonly C[], count: number): C[] {
  return chunks
    .filter(({ packets, delivered }) => delivered === packets)
    .sort((left, right) => left.spinNs - right.spinNs)
    .slice(0, count);
}

/** @param chunks of one case, at least one */
export function caseStatistics(chunks: readonly TimedChunk[]): CaseStatistics {
  const perPacket = sorted(chunks.map(({ ns, packets }) => ns / packets));
  const at = (share: number) => quantileOfSorted(perPacket, share);
  return {
    ns: at(0.25),
    spread: (at(0.75) - at(0.25)) / at(0.5),
    chunks: chunks.length,
    packets: chunks.reduce((sum, { packets }) => sum + packets, 0),
  };
}

/**
 * Which rounds count: those in which no control was more than 5% off its best, and where these are fewer than `least`,
 * the least disturbed.
 * @param controls a row per round: the statistic of each control in that round; NaN where it has no sound chunk, and then
 * the round never counts
 */
export function roundsThatCount(controls: readonly (readonly number[])[], least = 0): boolean[] {
  const best = (controls[0] ?? []).map((_, control) =>
    Math.min(...controls.map((row) => row[control] as number).filter((ns) => !Number.isNaN(ns))),
  );
  const slowness = controls.map((row) =>
    Math.max(...row.map((ns, control) => ns / (best[control] as number))),
  );
  const allowed = Math.max(
    1 + CONTROL_TOLERANCE,
    sorted(slowness.filter((each) => each >= 1))[least - 1] ?? 0,
  );
  return slowness.map((each) => each <= allowed);
}

/** Standard deviation over mean; 0 for a single value. */
export function relativeSpread(values: readonly number[]): number {
  assert(values.length > 0, "no values have no spread");
  if (values.length === 1) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / mean;
}
