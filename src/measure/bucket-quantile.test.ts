import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketQuantile, bucketSummaryMs } from "./bucket-quantile.js";

// 10 values up to 1, 30 more up to 2, 10 beyond 4.
const HISTOGRAM = { upperBounds: [1, 2, 4], cumulativeCounts: [10, 40, 40], count: 50, sum: 100 };

test("bucketQuantile interpolates inside the bucket that holds the rank", () => {
  assert.equal(bucketQuantile(HISTOGRAM, 0.1), 0.5);
  assert.equal(bucketQuantile(HISTOGRAM, 0.5), 1.5);
  assert.equal(bucketQuantile(HISTOGRAM, 0.8), 2);
});

test("bucketQuantile gives the last bound, when the value lies above it", () => {
  assert.equal(bucketQuantile(HISTOGRAM, 0.99), 4);
});

test("bucketQuantile is not a number, when there are no values", () => {
  assert.ok(Number.isNaN(bucketQuantile({ ...HISTOGRAM, cumulativeCounts: [0, 0, 0], count: 0 }, 0.5)));
});

test("bucketSummaryMs turns seconds into milliseconds, and is null without values", () => {
  assert.deepEqual(bucketSummaryMs(HISTOGRAM), {
    Average: 2000,
    Perc50: 1500,
    Perc90: 4000,
    Perc95: 4000,
    Perc99: 4000,
  });
  assert.equal(bucketSummaryMs({ upperBounds: [], cumulativeCounts: [], count: 0, sum: 0 }), null);
});
