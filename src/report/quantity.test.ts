import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricRecord } from "../measure/run-record.js";
import { intervalText, metricText, quantityText, supportedDigits, timesText } from "./quantity.js";

const timing = (median: number, ci95: readonly [number, number] | null): MetricRecord => ({
  name: "first.core_ns",
  unit: "ns",
  better: "lower",
  provenance: "measured-core",
  assume: "nothing",
  samples: [],
  summary: { n: 10, median, min: median, max: median, ci95 },
});

test("metricText stops at the first digit that the interval leaves uncertain", () => {
  assert.equal(metricText(timing(29123.4, [28900, 29300])), "29.1 us");
  assert.equal(metricText(timing(29123.4, [27000, 31000])), "29 us");
  assert.equal(metricText(timing(29123.4, [29123.1, 29123.7])), "29.123 us");
  assert.equal(metricText(timing(29123.4, null)), "29 us");
});

test("metricText rounds to one digit at least, even when the interval is wider than the value", () => {
  assert.equal(supportedDigits(timing(20, [1, 900])), 1);
  assert.equal(metricText(timing(23, [1, 900])), "20 ns");
});

test("intervalText prints both ends in the value's unit and to its place", () => {
  assert.equal(intervalText(timing(29123.4, [28900, 29300])), "28.9 to 29.3 us");
  assert.equal(intervalText(timing(1001, [998, 1004])), "0.998 to 1.004 us");
  assert.equal(intervalText(timing(5, null)), null);
});

test("metricText prints counts whole and means of counts without empty digits", () => {
  const counted = (median: number): MetricRecord => ({
    ...timing(median, null),
    unit: "1",
    assume: "exact",
    provenance: "counted",
  });
  assert.equal(metricText(counted(160021)), "160,021");
  assert.equal(metricText(counted(5003.27)), "5,003.3");
  assert.equal(metricText(counted(8.5)), "8.5");
  assert.equal(metricText(counted(0)), "0");
});

test("quantityText moves to the larger unit when rounding reaches it", () => {
  assert.equal(quantityText(999.7, "ns", 3), "1.00 us");
  assert.equal(quantityText(999.4, "ns", 3), "999 ns");
  assert.equal(quantityText(48_200_000, "1/s", 3), "48.2 M/s");
  assert.equal(quantityText(118_000, "B", "exact"), "118 kB");
  assert.equal(quantityText(0.000012, "1", 3), "1.2e-5");
});

test("timesText gives small ratios two digits and large ones three", () => {
  assert.equal(timesText(1.834), "1.8 times");
  assert.equal(timesText(556.3), "556 times");
});
