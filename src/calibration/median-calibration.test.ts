import assert from "node:assert/strict";
import { test } from "node:test";
import type { Calibration } from "./calibration.js";
import { recordedCalibration } from "./calibration-file.js";
import { medianCalibration } from "./median-calibration.js";

const recorded = recordedCalibration();

function withFirst(ns: number, cold: number): Calibration {
  return {
    ...recorded,
    path: { ...recorded.path, first: { ...recorded.path.first, ns } },
    sets: {
      cold: {
        ...recorded.sets.cold,
        points: [
          [1, 0],
          [64, cold],
        ],
      },
    },
  };
}

test("prices and points of curves are medians, the rest is as it was", () => {
  const merged = medianCalibration([withFirst(10, 7), withFirst(900, 8), withFirst(12, 300)]);
  assert.deepEqual(merged, withFirst(12, 8));
});

test("one calibration is its own median, none has none", () => {
  assert.deepEqual(medianCalibration([recorded]), recorded);
  assert.throws(() => medianCalibration([]), /no median/);
});
