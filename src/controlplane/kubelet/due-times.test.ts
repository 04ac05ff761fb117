import assert from "node:assert/strict";
import test from "node:test";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { DueTimes } from "./due-times.js";

test("DueTimes runs entries in order of their moment, then of their arrival", async () => {
  const timers = new ManualTimers();
  const due = new DueTimes(timers);
  const ran: string[] = [];
  due.after(20, () => ran.push("c"));
  due.after(10, () => ran.push("a"));
  due.after(10, () => ran.push("b"));
  await timers.advance(9);
  assert.deepEqual(ran, []);
  await timers.advance(1);
  assert.deepEqual(ran, ["a", "b"]);
  await timers.advance(10);
  assert.deepEqual(ran, ["a", "b", "c"]);
});

test("DueTimes keeps what a sorted list keeps, when entries are added and cancelled at random", async () => {
  const seed = 7;
  const prng = new Prng(seed);
  const timers = new ManualTimers();
  const due = new DueTimes(timers);
  const ran: number[] = [];
  const waiting: { id: number; atMs: number; entry: ReturnType<DueTimes["at"]> }[] = [];
  for (let id = 0; id < 500; id++) {
    const atMs = prng.below(1000);
    waiting.push({ id, atMs, entry: due.at(atMs, () => ran.push(id)) });
    if (prng.below(3) === 0) {
      const [gone] = waiting.splice(prng.below(waiting.length), 1);
      due.cancel(gone?.entry ?? null);
    }
  }
  assert.equal(due.count, waiting.length, `seed ${seed}`);
  await timers.advance(1000);
  const wanted = waiting.sort((a, b) => a.atMs - b.atMs || a.id - b.id).map((each) => each.id);
  assert.deepEqual(ran, wanted, `seed ${seed}`);
});

test("DueTimes runs what a running entry adds for now, and forgets all when stopped", async () => {
  const timers = new ManualTimers();
  const due = new DueTimes(timers);
  const ran: string[] = [];
  due.after(5, () => {
    ran.push("first");
    due.after(0, () => ran.push("second"));
  });
  due.after(50, () => ran.push("never"));
  await timers.advance(5);
  assert.deepEqual(ran, ["first", "second"]);
  due.stop();
  await timers.advance(100);
  assert.deepEqual(ran, ["first", "second"]);
});
