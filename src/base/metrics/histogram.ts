// Histogram over fixed buckets, as Prometheus defines it: a value counts in the first bucket whose bound it does not
// exceed, or behind the last.
// Why: upstream's own buckets make our numbers comparable with a kube-scheduler's; counts of several processes add up.
// Cost: observe walks the bounds, 20 at most, and allocates nothing.
import { assert } from "../assert.js";

/** Plain data, as quantiles are computed from. */
export interface HistogramJson {
  /** Rising, inclusive; the last bucket, which has no bound, is left out. */
  readonly upperBounds: readonly number[];
  /** Values at or below each bound. */
  readonly cumulativeCounts: readonly number[];
  /** All values, those above the last bound too. */
  readonly count: number;
  readonly sum: number;
}

export class Histogram {
  readonly #upperBounds: readonly number[];
  /** Values per bucket; one more than there are bounds. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(upperBounds: readonly number[]) {
    const isRising = upperBounds.every((bound, index) => index === 0 || bound > upperBounds[index - 1]!);
    assert(isRising, `bounds ${upperBounds.join(", ")} do not rise`);
    this.#upperBounds = upperBounds;
    this.#counts = new Float64Array(upperBounds.length + 1);
  }

  static fromJSON(json: HistogramJson): Histogram {
    const { upperBounds, cumulativeCounts, count, sum } = json;
    assert(cumulativeCounts.length === upperBounds.length, "a histogram has a count for every bound");
    const histogram = new Histogram(upperBounds);
    let below = 0;
    for (const [bucket, cumulative] of [...cumulativeCounts, count].entries()) {
      assert(cumulative >= below, `cumulative count ${cumulative} is below ${below}`);
      histogram.#counts[bucket] = cumulative - below;
      below = cumulative;
    }
    histogram.#sum = sum;
    return histogram;
  }

  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  get sum(): number {
    return this.#sum;
  }

  /** Count one value, in the unit of the bounds. */
  observe(value: number): void {
    assert(!Number.isNaN(value), "a histogram cannot count NaN");
    const bounds = this.#upperBounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += value;
  }

  /** Add another histogram's values. Both must have the same bounds. */
  merge(other: Histogram): void {
    const isSame =
      other.#upperBounds.length === this.#upperBounds.length &&
      other.#upperBounds.every((bound, index) => bound === this.#upperBounds[index]);
    assert(isSame, "merged histograms have the same bounds");
    for (const [bucket, count] of other.#counts.entries()) this.#counts[bucket]! += count;
    this.#sum += other.#sum;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }

  toJSON(): HistogramJson {
    let count = 0;
    const cumulative = Array.from(this.#counts, (inBucket) => (count += inBucket));
    cumulative.pop();
    return { upperBounds: this.#upperBounds, cumulativeCounts: cumulative, count, sum: this.#sum };
  }
}
