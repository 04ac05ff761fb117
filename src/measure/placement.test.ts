import assert from "node:assert/strict";
import test from "node:test";
import { type PlacementSample, summarisePlacement } from "./placement.js";

function sample(
  timeMs: number,
  allocated: number[],
  counts: { placed: number; unplaced: number },
): PlacementSample {
  return { timeMs, allocated, requested: allocated.map((amount) => amount * 2), ...counts };
}

test("summarisePlacement weighs each sample by the time it holds", () => {
  // cpu: 2 of 8 for 10 ms, 8 of 8 for 30 ms, so (0.25 x 10 + 1 x 30) / 40 = 0.8125.
  const samples = [
    sample(100, [2, 0], { placed: 1, unplaced: 0 }),
    sample(110, [8, 5], { placed: 4, unplaced: 1 }),
  ];
  assert.deepEqual(summarisePlacement(samples, [8, 0], 140), {
    durationMs: 40,
    utilisation: Float64Array.of(0.8125, 0),
    demand: Float64Array.of(1.625, 0),
    peak: Float64Array.of(1, 0),
    placementRate: 0.8,
  });
});

test("summarisePlacement gives the last of several samples at one time, and reads reused arrays", () => {
  const allocated = [0];
  function* samples(): Generator<PlacementSample> {
    for (const [timeMs, amount] of [
      [0, 4],
      [0, 1],
      [50, 3],
    ] as const) {
      allocated[0] = amount;
      yield sample(timeMs, allocated, { placed: 0, unplaced: 0 });
    }
  }
  const summary = summarisePlacement(samples(), [4], 100);
  assert.deepEqual([summary.utilisation[0], summary.peak[0], summary.placementRate], [0.5, 1, 1]);
});

test("summarisePlacement refuses samples out of order and a time of no length", () => {
  const at = (timeMs: number) => sample(timeMs, [1], { placed: 1, unplaced: 0 });
  assert.throws(() => summarisePlacement([at(5), at(4)], [1], 10), /sample at 4 ms follows one at 5 ms/);
  assert.throws(() => summarisePlacement([], [1], 10), /no time passes/);
  assert.throws(() => summarisePlacement([at(5)], [1], 5), /no time passes/);
  assert.throws(() => summarisePlacement([at(1), at(9)], [1], 5), /before the last sample/);
});
