import assert from "node:assert/strict";
import { test } from "node:test";
import { calibrationText, kernelStrip, scoreTotals } from "./kernel-facts.js";
import { sampleKernelRecord } from "./sections/sample-kernel.test-data.js";

const record = sampleKernelRecord();
const timing = record.timing as NonNullable<typeof record.timing>;

test("kernelStrip says how much agreed, and never rounds up to all of it", () => {
  assert.match(
    kernelStrip(record),
    /^checked against Linux 6\.18\.0-example: 99\.99% of 84,000 flows, \d\d\.\d% of 152 times within 15%$/,
  );
  assert.match(
    kernelStrip({ ...sampleKernelRecord({ clean: true }), timing: null }),
    /: 100% of 84,000 flows$/,
  );
  assert.equal(
    kernelStrip({ ...record, behaviour: [], timing: null }),
    "not checked against Linux 6.18.0-example",
  );
});

test("scoreTotals adds points up, and those that are close as whole points", () => {
  const [score] = timing.scores;
  assert.ok(score);
  const of = (points: number, withinClose: number) => ({ ...score, points, withinClose });
  assert.deepEqual(scoreTotals([of(3, 1 / 3), of(7, 5 / 7)]), { points: 10, close: 6 });
  assert.deepEqual(scoreTotals([]), { points: 0, close: 0 });
});

test("calibrationText says where and how long before prices were measured", () => {
  assert.equal(
    calibrationText(record, timing),
    "another machine (Another example CPU, Linux 6.18), 16 days before",
  );
  const own = { ...timing, calibration: { ...timing.calibration, own: true, measuredAt: record.startedAt } };
  assert.equal(calibrationText(record, own), "this machine, on the same day");
});
