import assert from "node:assert/strict";
import { test } from "node:test";
import {
  caseStatistics,
  relativeSpread,
  roundsThatCount,
  soundChunks,
  type TimedChunk,
} from "./chunk-statistics.js";

function chunk(perPacket: number, rest: Partial<TimedChunk> = {}): TimedChunk {
  return { case: 0, packets: 100, ns: perPacket * 100, delivered: 100, spinNs: 0, ...rest };
}

test("a case's time is the lower quartile of its chunks, which a few slow ones do not move", () => {
  const quiet = [1000, 1010, 1020, 1030, 1040].map((ns) => chunk(ns));
  assert.deepEqual(caseStatistics(quiet), { ns: 1010, spread: 20 / 1020, chunks: 5, packets: 500 });
  const disturbed = [...quiet, chunk(5000), chunk(9000)];
  assert.equal(caseStatistics(disturbed).ns, 1015);
});

test("chunks that lost packets, or were sent while the spin was slow, do not count", () => {
  const chunks = [
    chunk(1, { delivered: 99 }),
    chunk(2, { delivered: 101 }),
    chunk(3, { spinNs: 16_000 }),
    chunk(4, { spinNs: 17_000 }),
    chunk(5, { spinNs: 32_000 }),
  ];
  const sound = soundChunks(chunks.map((each) => (each.spinNs === 0 ? { ...each, spinNs: 16_400 } : each)));
  assert.deepEqual(
    sound.map(({ ns }) => ns / 100),
    [3, 4],
  );
});

test("a round is thrown away when any control is more than 5% off its best, whichever round that was", () => {
  const rounds = [
    [2000, 2800],
    [2150, 2800],
    [1960, 2950],
    [1950, 2790],
    [Number.NaN, 2800],
  ];
  assert.deepEqual(roundsThatCount(rounds), [true, false, false, true, false]);
});

test("when too few rounds count, the least disturbed do, whichever control was; one without a sound chunk never", () => {
  const rounds = [
    [2000, 3000],
    [2500, 2500],
    [2200, 2600],
    [Number.NaN, 2500],
  ];
  assert.deepEqual(roundsThatCount(rounds), [false, false, false, false]);
  assert.deepEqual(roundsThatCount(rounds, 1), [false, false, true, false]);
  assert.deepEqual(roundsThatCount(rounds, 2), [true, false, true, false]);
});

test("a slow beginning is found out as soon as a better round comes", () => {
  assert.deepEqual(roundsThatCount([[2200], [2210]]), [true, true]);
  assert.deepEqual(roundsThatCount([[2200], [2210], [2000]]), [false, false, true]);
});

test("the relative spread is the sample's standard deviation over its mean", () => {
  assert.equal(relativeSpread([7]), 0);
  assert.equal(relativeSpread([9, 11]), Math.SQRT2 / 10);
});
