import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../../base/prng.js";
import type { SchedulingMoment } from "../../../measure/scheduling-record.js";
import { intervalsOf, rateOf } from "./intervals.js";

const moment = (atMs: number, scheduled: number, active = 0): SchedulingMoment => ({
  ...{ atMs, scheduled, attempts: scheduled, queue: { active }, utilisation: {}, fragmentation: null },
});

test("intervalsOf gives nothing for a timeline without two different times", () => {
  assert.deepEqual(intervalsOf([], 10), []);
  assert.deepEqual(intervalsOf([moment(5, 1)], 10), []);
  assert.deepEqual(intervalsOf([moment(5, 1), moment(5, 2)], 10), []);
});

test("intervalsOf joins readings until a step is full, and the rate is what was scheduled by its length", () => {
  const steps = intervalsOf([moment(0, 0), moment(400, 1), moment(1000, 5), moment(2000, 25)], 2);
  assert.deepEqual(
    steps.map(({ fromMs, toMs, moments }) => [fromMs, toMs, moments.length]),
    [
      [0, 1000, 2],
      [1000, 2000, 1],
    ],
  );
  assert.deepEqual(steps.map(rateOf), [5, 20]);
});

test("intervalsOf gives a short end to the step before it", () => {
  const steps = intervalsOf([moment(0, 0), moment(1000, 0), moment(2000, 10), moment(2010, 11)], 2);
  assert.deepEqual(
    steps.map(({ fromMs, toMs, scheduled }) => [fromMs, toMs, scheduled]),
    [[0, 2010, 11]],
    "steps of 1,005 ms: the second reading does not fill one, the third does, 10 ms are left",
  );
});

test("intervalsOf loses no Pod and no reading, whatever the times", () => {
  const seed = 3;
  const random = new Prng(seed);
  for (let trial = 0; trial < 200; trial++) {
    let [atMs, scheduled] = [0, 0];
    const timeline = Array.from({ length: 2 + random.below(80) }, () => {
      atMs += 1 + random.below(50);
      scheduled += random.below(9);
      return moment(atMs, scheduled);
    });
    const steps = intervalsOf(timeline, 1 + random.below(20));
    const [first, last] = [timeline[0], timeline[timeline.length - 1]];
    const total = steps.reduce((sum, step) => sum + step.scheduled, 0);
    assert.equal(total, (last?.scheduled ?? 0) - (first?.scheduled ?? 0), `seed ${seed}, trial ${trial}`);
    assert.equal(
      steps.reduce((sum, step) => sum + step.moments.length, 0),
      timeline.length - 1,
      `seed ${seed}, trial ${trial}`,
    );
  }
});
