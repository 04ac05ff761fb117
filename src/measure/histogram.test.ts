import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../base/prng.js";
import { Histogram } from "./histogram.js";

const PERCENTS = [0, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 100];

/** Values spread over many powers of two, with zeros and repeats among them. */
function randomValues(prng: Prng, count: number): number[] {
  return Array.from({ length: count }, () => {
    const power = prng.below(45);
    return prng.below(10) === 0 ? 0 : Math.floor(prng.unit() * 2 ** power);
  });
}

function nearestRank(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length - 1e-9));
  return sorted[rank - 1] as number;
}

test("percentile lies on or at most 1/128 above the sorted array's, for any values", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const prng = new Prng(seed);
    const values = randomValues(prng, 1 + prng.below(3000));
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    const sorted = values.slice().sort((a, b) => a - b);
    for (const percent of PERCENTS) {
      const want = nearestRank(sorted, percent);
      const got = histogram.percentile(percent) as number;
      assert.ok(
        got >= want && got <= want * (1 + 1 / 128),
        `seed ${seed}: p${percent} is ${got}, sorted ${want}`,
      );
    }
    assert.equal(histogram.min, sorted[0]);
    assert.equal(histogram.max, sorted.at(-1));
  }
});

test("values below 256 resolutions are exact, 0 and fractions included", () => {
  const whole = new Histogram();
  for (let value = 0; value < 256; value++) whole.record(value);
  assert.deepEqual(
    whole.buckets(),
    Array.from({ length: 256 }, (_, value) => [value, 1]),
  );
  const sixteenths = new Histogram(1 / 16);
  for (const value of [0, 0.0625, 3.5, 15.9375]) sixteenths.record(value);
  assert.deepEqual(sixteenths.buckets(), [
    [0, 1],
    [0.0625, 1],
    [3.5, 1],
    [15.9375, 1],
  ]);
});

test("merge gives the buckets of all values together, and keeps min and max", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const [left, right, both] = [new Histogram(), new Histogram(), new Histogram()];
    for (const value of randomValues(prng, 500)) {
      (prng.below(2) === 0 ? left : right).record(value);
      both.record(value);
    }
    left.merge(right);
    assert.deepEqual(left.toJSON(), both.toJSON(), `seed ${seed}`);
  }
});

test("toJSON and fromJSON keep every count, over the whole range of exact integers", () => {
  const histogram = new Histogram();
  for (const value of [
    0,
    127,
    128,
    255,
    256,
    257,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 40 + 12345,
    2 ** 53 - 1,
  ]) {
    histogram.record(value);
  }
  const json = histogram.toJSON();
  assert.deepEqual(Histogram.fromJSON(JSON.parse(JSON.stringify(json))).toJSON(), json);
  assert.equal(histogram.percentile(100), 2 ** 53 - 1);
});

test("recordCorrected adds the requests a stall swallowed", () => {
  const histogram = new Histogram();
  histogram.recordCorrected(100, 25);
  assert.deepEqual(histogram.buckets(), [
    [25, 1],
    [50, 1],
    [75, 1],
    [100, 1],
  ]);
  histogram.recordCorrected(20, 25);
  assert.equal(histogram.count, 5);
});

test("an empty histogram has no percentile, and impossible values are refused", () => {
  const histogram = new Histogram();
  assert.equal(histogram.percentile(50), null);
  assert.deepEqual(histogram.toJSON(), { resolution: 1, count: 0, min: null, max: null, buckets: [] });
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => histogram.record(value), RangeError);
  assert.throws(() => histogram.merge(new Histogram(2)), /resolution/);
});
