import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTimers } from "../../base/timers.js";
import { paced, saturated } from "./request-load.js";

test("saturated keeps so many requests in flight and no more", async () => {
  const timers = new ManualTimers();
  let now = 0;
  let most = 0;
  const run = () => {
    most = Math.max(most, ++now);
    return new Promise<void>((resolve) => timers.after(10, resolve)).then(() => now--);
  };
  const rate = saturated({ count: 12, run }, 4, timers);
  await timers.advance(100);
  assert.equal(await rate, 400);
  assert.equal(most, 4);
});

test("paced counts from when a request was due, though the server stalls and later ones wait", async () => {
  const timers = new ManualTimers();
  const beganMs: number[] = [];
  const run = (index: number) => {
    beganMs.push(timers.milliseconds());
    return new Promise<void>((resolve) => timers.after(index === 0 ? 50 : 5, resolve));
  };
  const latency = paced({ count: 5, run }, 100, timers);
  await timers.advance(200);
  const { count, max, min } = await latency;
  assert.deepEqual(beganMs, [0, 10, 20, 30, 40]);
  assert.deepEqual([count, min, max], [5, 5e6, 50e6]);
});
