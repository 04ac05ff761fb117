import assert from "node:assert/strict";
import test from "node:test";
import { Prng } from "../base/prng.js";
import { scheduledStarts } from "./arrivals.js";

test("scheduledStarts puts a closed load at 0, a fixed one at equal gaps, waves together", () => {
  const prng = new Prng(1);
  assert.deepEqual([...scheduledStarts({ model: "closed" }, 3, prng)], [0, 0, 0]);
  assert.deepEqual([...scheduledStarts({ model: "fixed", ratePerSecond: 250 }, 4, prng)], [0, 4, 8, 12]);
  assert.deepEqual(
    [...scheduledStarts({ model: "waves", waveSize: 2, gapMs: 500 }, 5, prng)],
    [0, 0, 500, 500, 1000],
  );
  assert.deepEqual([...scheduledStarts({ model: "fixed", ratePerSecond: 1 }, 0, prng)], []);
});

test("scheduledStarts does not drift at a rate that no number of ms divides", () => {
  const starts = scheduledStarts({ model: "fixed", ratePerSecond: 3 }, 300_001, new Prng(1));
  assert.equal(starts.at(-1), 100_000_000);
});

test("scheduledStarts draws Poisson arrivals: rate, exponential gaps, same seed same schedule", () => {
  const load = { model: "poisson", ratePerSecond: 1000 } as const;
  const starts = scheduledStarts(load, 100_000, new Prng(7));
  assert.deepEqual(starts, scheduledStarts(load, 100_000, new Prng(7)));
  const gaps = starts.map((start, index) => start - (starts[index - 1] ?? 0));
  const mean = (starts.at(-1) as number) / starts.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  assert.ok(gaps.every((gap) => gap >= 0));
  assert.ok(Math.abs(mean - 1) < 0.02, `mean gap ${mean}`);
  // An exponential's standard deviation is its mean.
  assert.ok(Math.abs(Math.sqrt(variance) - 1) < 0.03, `deviation ${Math.sqrt(variance)}`);
});

test("scheduledStarts refuses a rate that is not above 0", () => {
  assert.throws(() => scheduledStarts({ model: "fixed", ratePerSecond: 0 }, 1, new Prng(1)), /rate 0/);
});
