import assert from "node:assert/strict";
import test from "node:test";
import {
  type Backoff,
  backoffLeftMs,
  durationText,
  millisecondsText,
  nextBackoff,
  RESTART_BACKOFF,
} from "./backoff.js";

test("nextBackoff doubles from 10 s to 5 min", () => {
  let backoff: Backoff | null = null;
  const delays: number[] = [];
  for (let tries = 0; tries < 8; tries++) {
    backoff = nextBackoff(backoff, tries * 1000, tries * 1000, RESTART_BACKOFF);
    delays.push(backoff.delayMs / 1000);
  }
  assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300, 300]);
});

test("nextBackoff begins anew when a container ran for more than ten minutes", () => {
  const before = { delayMs: 300_000, sinceMs: 0 };
  assert.equal(nextBackoff(before, 600_000, 600_000, RESTART_BACKOFF).delayMs, 300_000);
  assert.equal(nextBackoff(before, 600_001, 600_001, RESTART_BACKOFF).delayMs, 10_000);
});

test("backoffLeftMs counts from the moment of failure, and is 0 for a first one", () => {
  assert.equal(backoffLeftMs(null, 0, 0, RESTART_BACKOFF), 0);
  assert.equal(backoffLeftMs({ delayMs: 20_000, sinceMs: 0 }, 5000, 10_000, RESTART_BACKOFF), 15_000);
  assert.equal(backoffLeftMs({ delayMs: 20_000, sinceMs: 0 }, 5000, 25_000, RESTART_BACKOFF), 0);
});

test("durationText prints as Go does", () => {
  assert.deepEqual([10_000, 80_000, 300_000, 3_600_000].map(durationText), [
    "10s",
    "1m20s",
    "5m0s",
    "1h0m0s",
  ]);
});

test("millisecondsText prints as Go does a duration cut to ms", () => {
  assert.deepEqual([0.4, 345.9, 1000, 1200, 59_999, 62_500, 120_000, 3_723_004].map(millisecondsText), [
    "0s",
    "345ms",
    "1s",
    "1.2s",
    "59.999s",
    "1m2.5s",
    "2m0s",
    "1h2m3.004s",
  ]);
});
