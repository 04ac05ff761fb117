import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, realClock } from "../base/clock.js";
import { calibrateRepetitions, calibrateTimer, timeOperation } from "./timer.js";

/** A clock on which every reading takes `readNs`, and which only shows multiples of `stepNs`. */
class CostlyClock extends ManualClock {
  readonly #readNs: number;
  readonly #stepNs: bigint;
  constructor(readNs: number, stepNs = 1) {
    super();
    this.#readNs = readNs;
    this.#stepNs = BigInt(stepNs);
  }
  override now() {
    this.advance(this.#readNs);
    const exact = super.now();
    return (exact - (exact % this.#stepNs)) as typeof exact;
  }
}

test("calibrateTimer finds the cost of a reading and the resolution", () => {
  assert.deepEqual(calibrateTimer(new CostlyClock(60)), { resolutionNs: 60, overheadNs: 60 });
  const coarse = calibrateTimer(new CostlyClock(60, 1000));
  assert.equal(coarse.resolutionNs, 1000);
  assert.ok(Math.abs(coarse.overheadNs - 60) < 1, `${coarse.overheadNs}`);
  assert.deepEqual(calibrateTimer(new ManualClock()), { resolutionNs: 1, overheadNs: 0 });
});

test("calibrateRepetitions keeps the clock below 1% of a window", () => {
  const clock = new CostlyClock(60);
  const timer = calibrateTimer(clock);
  const repetitions = calibrateRepetitions(clock, timer, (times) => clock.advance(5 * times));
  assert.ok(
    (timer.overheadNs + timer.resolutionNs) / (5 * repetitions) < 0.0101,
    `${repetitions} repetitions`,
  );
  assert.ok(repetitions <= 4096);
});

test("timeOperation reports ns per operation without the clock, the cold run apart", () => {
  const clock = new CostlyClock(60);
  let calls = 0;
  const body = (times: number) => clock.advance(calls++ === 0 ? 9000 : 50 * times);
  const timing = timeOperation(clock, calibrateTimer(clock), body, { warmup: "auto", budgetNs: 5e6 });
  assert.ok(timing.coldNs >= 9000);
  assert.equal(timing.steady, true);
  assert.equal(timing.warmupWindows, 5);
  for (const ns of timing.windowsNs) assert.ok(Math.abs(ns - 50) < 0.01, `${ns} ns`);
});

test("timeOperation waits until five windows agree, and says so when they never do", () => {
  const clock = new CostlyClock(1);
  let runs = 0;
  const settling = (times: number) => clock.advance((100 + Math.max(0, 600 - 20 * runs++)) * times);
  const settled = timeOperation(clock, calibrateTimer(clock), settling, { warmup: "auto", budgetNs: 1e7 });
  assert.equal(settled.steady, true);
  assert.ok(settled.warmupWindows > 20, `${settled.warmupWindows} windows`);
  assert.ok([...settled.windowsNs].every((ns) => Math.abs(ns - 100) < 3));
  let flip = 0;
  const restless = (times: number) => clock.advance((flip++ % 2 === 0 ? 100 : 150) * times);
  assert.equal(
    timeOperation(clock, calibrateTimer(clock), restless, { warmup: "auto", budgetNs: 1e6 }).steady,
    false,
  );
});

test("timeOperation runs the number of warm-up windows asked for, and an operation longer than the budget once", () => {
  const clock = new CostlyClock(10);
  const timer = calibrateTimer(clock);
  const short = timeOperation(clock, timer, (times) => clock.advance(100 * times), {
    warmup: 3,
    budgetNs: 1e6,
  });
  assert.equal(short.warmupWindows, 3);
  const long = timeOperation(clock, timer, (times) => clock.advance(5e9 * times), {
    warmup: 0,
    budgetNs: 1e6,
  });
  assert.equal(long.repetitions, 1);
  assert.equal(long.windowsNs.length, 1);
});

test("calibrateTimer works on the real clock", () => {
  const timer = calibrateTimer(realClock);
  assert.ok(timer.resolutionNs > 0 && timer.resolutionNs < 1e6, JSON.stringify(timer));
  assert.ok(timer.overheadNs > 0 && timer.overheadNs < 1e6, JSON.stringify(timer));
});
