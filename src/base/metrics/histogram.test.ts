import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram } from "./histogram.js";

function newHistogram(...values: readonly number[]): Histogram {
  const histogram = new Histogram([1, 2, 4]);
  for (const value of values) histogram.observe(value);
  return histogram;
}

test("observe counts a value on a bound below it, and one just above it in the next bucket", () => {
  for (const [value, cumulativeCounts] of [
    [0, [1, 1, 1]],
    [1, [1, 1, 1]],
    [1.0000000000000002, [0, 1, 1]],
    [2, [0, 1, 1]],
    [4, [0, 0, 1]],
    [4.000000000000001, [0, 0, 0]],
    [Number.POSITIVE_INFINITY, [0, 0, 0]],
  ] as const) {
    const json = newHistogram(value).toJSON();
    assert.deepEqual(json, { upperBounds: [1, 2, 4], cumulativeCounts, count: 1, sum: value });
  }
});

test("observe refuses NaN, which would spoil the sum for good", () => {
  assert.throws(() => newHistogram(Number.NaN), /cannot count NaN/);
});

test("constructor refuses bounds that do not rise", () => {
  assert.throws(() => new Histogram([1, 1]), /do not rise/);
});

test("merge gives what one histogram of all values has, and refuses other bounds", () => {
  const merged = newHistogram(0.5, 3);
  merged.merge(newHistogram(1.5, 9));
  assert.deepEqual(merged.toJSON(), newHistogram(0.5, 3, 1.5, 9).toJSON());
  assert.throws(() => merged.merge(new Histogram([1, 2, 5])), /same bounds/);
  assert.throws(() => merged.merge(new Histogram([1, 2])), /same bounds/);
});

test("fromJSON gives back what toJSON said, and counts on", () => {
  const original = newHistogram(0.5, 3, 9);
  const copy = Histogram.fromJSON(JSON.parse(JSON.stringify(original)));
  copy.observe(1);
  original.observe(1);
  assert.deepEqual(copy.toJSON(), original.toJSON());
  assert.equal(copy.count, 4);
  assert.equal(copy.sum, 13.5);
});

test("fromJSON refuses cumulative counts that fall", () => {
  const json = { upperBounds: [1, 2], cumulativeCounts: [3, 2], count: 3, sum: 0 };
  assert.throws(() => Histogram.fromJSON(json), /cumulative count 2 is below 3/);
});
