// Log-linear histogram: counts of non-negative values in buckets whose width grows with the value.
//
// Why ours: Node's createHistogram refuses 0 and fractions, has no corrected recording and took three times as long per
// value, both timed together; hdr-histogram-js took 7 (plain) to 180 (packed) times as long as counting in a bare typed
// array, which is nearly all that happens here.
// How: values are counted in units of `resolution`. The first SUB_BUCKETS units are exact; above, every power of two is
// cut into SUB_BUCKETS equal buckets, so a bucket is never wider than 1/128 of its lowest value.
//
//   unit value      0 .. 127 | 128 .. 255 | 256 .. 511 | 512 .. 1023 | ...
//   bucket width        1    |     1      |     2      |      4      | ...
//   bucket index    0 .. 127 | 128 .. 255 | 256 .. 383 | 384 .. 511  | ...
//
// Cost: record O(1); 512 bytes per power of two reached. Merging adds counts, so percentiles of a merge are those of
// all values together; averages of percentiles would be those of nothing.
// Source: G. Tene, HdrHistogram (the bucket layout and the correction for coordinated omission).
import { assert } from "../base/assert.js";

const SUB_BITS = 7;
const SUB_BUCKETS = 1 << SUB_BITS;
const COUNT_MAX = 0xffffffff;

/** What a process sends home: everything needed to merge. */
export interface HistogramJson {
  readonly resolution: number;
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  /** [upper bound inclusive, count], rising, without empty buckets. */
  readonly buckets: readonly (readonly [number, number])[];
}

export class Histogram {
  /** The smallest difference kept, in the caller's unit. */
  readonly resolution: number;
  #counts = new Uint32Array(SUB_BUCKETS * 8);
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  /** @param resolution 1 counts whole units; 1/16 keeps sixteenths of a nanosecond. */
  constructor(resolution = 1) {
    assert(
      resolution > 0 && Number.isFinite(resolution),
      `histogram resolution ${resolution} is not above 0`,
    );
    this.resolution = resolution;
  }

  static fromJSON(json: HistogramJson): Histogram {
    const histogram = new Histogram(json.resolution);
    for (const [upper, count] of json.buckets) histogram.#add(bucketOf(upper / json.resolution), count);
    if (json.min !== null && json.max !== null) histogram.#widen(json.min, json.max);
    return histogram;
  }

  get count(): number {
    return this.#count;
  }

  /** Smallest and largest value recorded, exact; null when empty. */
  get min(): number | null {
    return this.#count === 0 ? null : this.#min;
  }

  get max(): number | null {
    return this.#count === 0 ? null : this.#max;
  }

  /** Count one value, 0 or more, rounded to the resolution. */
  record(value: number): void {
    this.#add(bucketOf(value / this.resolution), 1);
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /**
   * Count a value and the ones a stalled closed loop failed to take: value - interval, value - 2 intervals, ...
   * down to the interval. An estimate of what an open loop would have seen; label it post-corrected.
   */
  recordCorrected(value: number, expectedInterval: number): void {
    assert(expectedInterval > 0, `expected interval ${expectedInterval} is not above 0`);
    this.record(value);
    for (let missing = value - expectedInterval; missing >= expectedInterval; missing -= expectedInterval) {
      this.record(missing);
    }
  }

  /** Add another histogram's counts. Both must have one resolution. */
  merge(other: Histogram): void {
    assert(
      other.resolution === this.resolution,
      `merging resolution ${other.resolution} into ${this.resolution}`,
    );
    if (other.#count === 0) return;
    for (let index = 0; index < other.#counts.length; index++) {
      const count = other.#counts[index] as number;
      if (count > 0) this.#add(index, count);
    }
    this.#widen(other.#min, other.#max);
  }

  /**
   * The value that `percent` of the recorded values do not exceed (nearest rank), as its bucket's upper bound:
   * never below the true one, at most 1/128 or one resolution above it. null when empty.
   */
  percentile(percent: number): number | null {
    assert(percent >= 0 && percent <= 100, `percentile ${percent} is outside 0..100`);
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count - 1e-9));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] as number;
      if (seen >= rank) return Math.min(this.#max, Math.max(this.#min, this.#upperBound(index)));
    }
    throw new RangeError(`rank ${rank} is beyond the ${seen} values counted`);
  }

  /** [upper bound inclusive, count] of every bucket that holds something, rising. */
  buckets(): [number, number][] {
    const result: [number, number][] = [];
    this.#counts.forEach((count, index) => {
      if (count > 0) result.push([this.#upperBound(index), count]);
    });
    return result;
  }

  toJSON(): HistogramJson {
    const { resolution, count, min, max } = this;
    return { resolution, count, min, max, buckets: this.buckets() };
  }

  #add(index: number, count: number): void {
    if (index >= this.#counts.length) this.#grow(index);
    const total = this.#count + count;
    if (total > COUNT_MAX) throw new RangeError(`a histogram counts ${COUNT_MAX} values at most`);
    this.#count = total;
    this.#counts[index] = (this.#counts[index] as number) + count;
  }

  #grow(index: number): void {
    const counts = new Uint32Array((Math.floor(index / SUB_BUCKETS) + 2) * SUB_BUCKETS);
    counts.set(this.#counts);
    this.#counts = counts;
  }

  #widen(min: number, max: number): void {
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
  }

  /** Largest unit value of a bucket, times the resolution. */
  #upperBound(index: number): number {
    if (index < 2 * SUB_BUCKETS) return index * this.resolution;
    const power = Math.floor(index / SUB_BUCKETS) - 1;
    const sub = index - power * SUB_BUCKETS;
    return ((sub + 1) * 2 ** power - 1) * this.resolution;
  }
}

/** Bucket of a value in units of the resolution. Whole numbers below 2^31 take the path of shifts alone. */
function bucketOf(value: number): number {
  if (value >= 0 && value < 0x7fffffff) {
    const units = (value + 0.5) | 0;
    if (units < SUB_BUCKETS) return units;
    const shift = 31 - SUB_BITS - Math.clz32(units);
    return shift * SUB_BUCKETS + (units >>> shift);
  }
  const units = Math.round(value);
  if (!(units >= 0 && units <= Number.MAX_SAFE_INTEGER))
    throw new RangeError(`cannot count the value ${value}`);
  const shift = 63 - SUB_BITS - Math.clz32(Math.floor(units / 0x100000000));
  // Between 2^31 and 2^32 the high word is 0, whose count of leading zeros is 32: the shift is 24, as it must be.
  return shift * SUB_BUCKETS + Math.floor(units / 2 ** shift);
}
