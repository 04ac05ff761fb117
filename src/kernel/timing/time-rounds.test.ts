import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../injector/pace.js";
import { timeRounds } from "./time-rounds.js";

/** Case 0 is the control; a slow round slows both. */
function roundsOf(slowness: readonly number[]): (passes: number) => Promise<Chunk[]> {
  const left = [...slowness];
  return async (passes) => {
    const slow = left.shift() ?? 1;
    return Array.from({ length: passes * 2 }, (_, index) => {
      const ns = (index % 2 === 0 ? 2000 : 4000) * slow * 10;
      return { case: index % 2, packets: 10, ns, wallNs: ns, delivered: 10, spinNs: 0 };
    });
  };
}

const OPTIONS = { controls: [0], isCpuTime: false, rounds: 3, roundsMax: 6, passes: 2 };

test("timeRounds repeats the rounds that were disturbed and counts them", async () => {
  const timed = await timeRounds(roundsOf([1, 1.2, 1.01, 1.3, 1]), 2, OPTIONS);
  assert.equal(timed.rounds, 3);
  assert.equal(timed.rejected, 2);
  assert.deepEqual(
    timed.cases.map(({ ns, chunks }) => [ns, chunks]),
    [
      [2000, 6],
      [4000, 6],
    ],
  );
  assert.ok((timed.noise[0] as number) < 0.01, `noise ${timed.noise[0]}`);
});

test("timeRounds gives up after roundsMax and keeps what counts", async () => {
  const timed = await timeRounds(roundsOf([1, 2, 2, 2, 2, 2, 1, 1]), 2, OPTIONS);
  assert.equal(timed.rounds, 1);
  assert.equal(timed.rejected, 5);
});

test("timeRounds makes up a quarter of the rounds of the least disturbed, and still counts them as rejected", async () => {
  const slowness = [1, 1.4, 1.2, 1.3, 1.1, 1.5, 1.6, 1.7];
  const timed = await timeRounds(roundsOf(slowness), 2, { ...OPTIONS, rounds: 8, roundsMax: 8 });
  assert.deepEqual([timed.rounds, timed.rejected], [2, 7]);
  assert.deepEqual(
    timed.cases.map(({ chunks }) => chunks),
    [4, 4],
  );
});

test("timeRounds says which case had too few packets delivered, and how many of its chunks count", async () => {
  const runOf = (delivered: readonly number[]) => async () =>
    delivered.flatMap((ofSecond) => [
      { case: 0, packets: 10, ns: 1, wallNs: 1, delivered: 10, spinNs: 0 },
      { case: 1, packets: 10, ns: 1, wallNs: 1, delivered: ofSecond, spinNs: 0 },
    ]);
  const once = { ...OPTIONS, rounds: 1 };
  await assert.rejects(
    timeRounds(runOf([7]), 2, once),
    /Cannot time case 1: 0 of 1 chunks count, of 10 packets 7 arrived/,
  );
  const mostLost = [10, 10, 10, ...Array.from({ length: 17 }, () => 0)];
  await assert.rejects(timeRounds(runOf(mostLost), 2, once), /case 1: 3 of 20 chunks count/);
  const enough = [...Array.from({ length: 6 }, () => 10), ...Array.from({ length: 94 }, () => 0)];
  assert.equal((await timeRounds(runOf(enough), 2, once)).cases[1]?.chunks, 6);
});

test("timeRounds of CPU time takes the least disturbed chunks where too few are sound, none that lost packets", async () => {
  const spins = [100, 100, 100, 160, 190, 170, 180, 150, 200, 210, 220, 230];
  const run = async () =>
    spins.flatMap((spinNs, index) => [
      { case: 0, packets: 10, ns: 10, wallNs: 10, delivered: 10, spinNs: 100 },
      { case: 1, packets: 10, ns: spinNs * 10, wallNs: 1, delivered: index === 2 ? 3 : 10, spinNs },
    ]);
  const once = { ...OPTIONS, rounds: 1 };
  const timed = await timeRounds(run, 2, { ...once, isCpuTime: true });
  assert.deepEqual([timed.cases[1]?.chunks, timed.cases[1]?.ns], [3, 100]);
  await assert.rejects(timeRounds(run, 2, once), /case 1: 2 of 12 chunks count/);
});
