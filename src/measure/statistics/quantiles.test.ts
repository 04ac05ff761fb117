import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import {
  median,
  medianAbsoluteDeviation,
  medianInPlace,
  observationsNeeded,
  outliers,
  quantile,
  relativeMad,
} from "./quantiles.js";

test("median takes the middle, or the mean of the two middle values", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), /empty/);
});

test("medianInPlace equals median, for any values, ties among them", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const prng = new Prng(seed);
    const values = Float64Array.from({ length: 1 + prng.below(80) }, () => prng.below(20));
    const want = median(values);
    assert.equal(medianInPlace(values), want, `seed ${seed}`);
  }
});

test("quantile interpolates as R's type 7 does", () => {
  const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  assert.deepEqual(
    [0, 0.25, 0.9, 1].map((share) => Number(quantile(ten, share).toFixed(12))),
    [1, 3.25, 9.1, 10],
  );
});

test("medianAbsoluteDeviation of 1 1 2 2 4 6 9 is 1", () => {
  assert.equal(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9]), 1);
  assert.equal(relativeMad([1, 1, 2, 2, 4, 6, 9]), 0.5);
  assert.equal(relativeMad([0, 0, 0]), 0);
});

test("observationsNeeded gives the published minimums", () => {
  const needed = [50, 90, 95, 99, 99.9, 99.99, 1, 10].map(observationsNeeded);
  assert.deepEqual(needed, [5, 29, 59, 299, 2995, 29956, 299, 29]);
});

test("outliers counts values beyond Tukey's fences without dropping them", () => {
  const values = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
  assert.deepEqual(outliers(values), { mild: 0, severe: 0 });
  // Quartiles 12.75 and 18.25 leave fences at 4.5..26.5 and -3.75..34.75.
  assert.deepEqual(outliers([...values, 27, 200]), { mild: 1, severe: 1 });
});
