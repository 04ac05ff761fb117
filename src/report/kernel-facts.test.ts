import assert from "node:assert/strict";
import { test } from "node:test";
import { calibrationText, closePoints, kernelStrip } from "./kernel-facts.js";
import { sampleKernelRecord } from "./sections/sample-kernel.test-data.js";

const record = sampleKernelRecord();
const timing = record.timing as NonNullable<typeof record.timing>;

test("kernelStrip says how much agreed, and never rounds up to all of it", () => {
  assert.match(
    kernelStrip(record),
    /^checked against Linux 6\.18\.0-example: 99\.99% of 84,000 flows, \d\d\.\d% of 124 times within 15%$/,
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

test("closePoints counts points whose modelled time is within 15% of the measured, edges included", () => {
  const [point] = timing.points;
  assert.ok(point);
  const at = (ratio: number) => ({ ...point, measuredNs: 1000, modelledNs: 1000 * ratio });
  assert.deepEqual(closePoints([at(0.84), at(0.85), at(1), at(1.15), at(1.16)]), { points: 5, close: 3 });
});

test("calibrationText says where and how long before prices were measured", () => {
  assert.equal(
    calibrationText(record, timing),
    "another machine (Another example CPU, Linux 6.18), 16 days before",
  );
  const own = { ...timing, calibration: { ...timing.calibration, own: true, measuredAt: record.startedAt } };
  assert.equal(calibrationText(record, own), "this machine, on the same day");
});
