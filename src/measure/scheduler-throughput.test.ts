import assert from "node:assert/strict";
import { test } from "node:test";
import { throughputSamples, throughputSummary } from "./scheduler-throughput.js";

const readings = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([timestampMs, scheduledCount]) => ({ timestampMs, scheduledCount }));

test("throughputSamples leaves out the first reading with Pods, and divides by the time that passed", () => {
  const samples = throughputSamples(readings([1000, 0], [2000, 40], [3000, 140], [4250, 265]));
  assert.deepEqual(samples, [100, 100]);
});

test("throughputSamples merges an idle interval into the next and repeats its rate for each", () => {
  const samples = throughputSamples(readings([1000, 10], [2000, 10], [3000, 10], [4000, 40], [5000, 45]));
  assert.deepEqual(samples, [10, 10, 10, 5]);
});

test("throughputSamples is empty, when all was over within one reading or nothing followed", () => {
  assert.deepEqual(throughputSamples(readings([1000, 50])), []);
  assert.deepEqual(throughputSamples(readings([1000, 50], [2000, 50])), []);
  assert.equal(throughputSummary([]), null);
});

test("throughputSummary takes the mean of samples and ranks as upstream does", () => {
  const samples = [5, 1, 4, 2, 3];
  assert.deepEqual(throughputSummary(samples), { Average: 3, Perc50: 3, Perc90: 5, Perc95: 5, Perc99: 5 });
  assert.deepEqual(samples, [5, 1, 4, 2, 3]);
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.deepEqual(throughputSummary(hundred), {
    Average: 50.5,
    Perc50: 50,
    Perc90: 90,
    Perc95: 95,
    Perc99: 99,
  });
});
