import assert from "node:assert/strict";
import { test } from "node:test";
import { newQueuedPod, type QueuedPod } from "../framework/queued-pod.js";
import { Backoff } from "./backoff.js";
import { BackoffQueue } from "./backoff-queue.js";
import { podOf, prioritySort } from "./queue.test-data.js";

const DEFAULTS = { initialMs: 1000, maxMs: 10_000, isWindowed: true };

function failed(counts: Partial<QueuedPod>, nowMs = 0): QueuedPod {
  return Object.assign(newQueuedPod(podOf("pod"), nowMs), counts);
}

test("durationMs doubles up to the limit", () => {
  const backoff = new Backoff(DEFAULTS);
  const counts = [0, 1, 2, 3, 4, 5, 6, 100];
  assert.deepEqual(
    counts.map((count) => backoff.durationMs(count)),
    [0, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000],
  );
});

test("isBackingOff is false at once when nothing failed or backoff is off", () => {
  assert.equal(new Backoff(DEFAULTS).isBackingOff(failed({}), 0), false);
  const off = new Backoff({ ...DEFAULTS, maxMs: 0 });
  assert.equal(off.isBackingOff(failed({ unschedulableCount: 3 }), 0), false);
});

test("isBackingOff counts errors in a row instead of rejections when the last try broke", () => {
  const queued = failed({ unschedulableCount: 5, consecutiveErrors: 1 });
  assert.equal(new Backoff(DEFAULTS).expirationMs(queued), 1000);
});

test("isBackingOff holds through the whole window in which the wait ends", () => {
  const backoff = new Backoff(DEFAULTS);
  const queued = failed({ unschedulableCount: 1 }, 1700);
  assert.equal(backoff.expirationMs(queued), 2000);
  assert.equal(backoff.isBackingOff(queued, 2000), true);
  assert.equal(backoff.isBackingOff(queued, 2999), true);
  assert.equal(backoff.isBackingOff(queued, 3000), false);
  assert.equal(backoff.flushMs(queued), 3000);
});

test("isBackingOff goes by the exact end when Pods are not popped early", () => {
  const backoff = new Backoff({ ...DEFAULTS, isWindowed: false });
  const queued = failed({ unschedulableCount: 1 }, 1700);
  assert.equal(backoff.isBackingOff(queued, 2700), true);
  assert.equal(backoff.isBackingOff(queued, 2701), false);
  assert.equal(backoff.flushMs(queued), 3000);
});

test("expirationMs is kept until the Pod fails again", () => {
  const backoff = new Backoff(DEFAULTS);
  const queued = failed({ unschedulableCount: 1 });
  assert.equal(backoff.expirationMs(queued), 1000);
  queued.unschedulableCount = 2;
  assert.equal(backoff.expirationMs(queued), 1000);
  queued.backoffExpirationMs = null;
  assert.equal(backoff.expirationMs(queued), 2000);
});

test("popEarly takes the best Pod of the earliest window and never one that broke", () => {
  const queue = new BackoffQueue(new Backoff(DEFAULTS), prioritySort);
  const put = (name: string, priority: number, counts: Partial<QueuedPod>, nowMs: number) => {
    const queued = Object.assign(newQueuedPod(podOf(name, { priority }), nowMs), counts);
    if (queued.unschedulableCount > 0)
      queued.unschedulablePlugins = new Set([...queued.unschedulablePlugins, "NodeResourcesFit"]);
    queue.add(queued);
  };
  put("low", 1, { unschedulableCount: 1 }, 100);
  put("high", 5, { unschedulableCount: 1 }, 900);
  put("highest-but-later", 9, { unschedulableCount: 2 }, 100);
  put("broke", 99, { consecutiveErrors: 1 }, 0);
  const popped = [queue.popEarly(), queue.popEarly(), queue.popEarly(), queue.popEarly()];
  assert.deepEqual(
    popped.map((queued) => queued?.pod.pod.metadata.name),
    ["high", "low", "highest-but-later", undefined],
  );
  assert.equal(queue.nextFlushMs, 2000);
  assert.equal(queue.popCompleted(1999), undefined);
  assert.equal(queue.popCompleted(2000)?.pod.key, "default/broke");
  assert.equal(queue.nextFlushMs, Number.POSITIVE_INFINITY);
});
