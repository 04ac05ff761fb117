import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTimers } from "../../base/timers.js";
import { WorkQueue } from "./work-queue.js";

function newQueue(): { queue: WorkQueue; timers: ManualTimers } {
  const timers = new ManualTimers();
  return { queue: new WorkQueue({ name: "test", timers }), timers };
}

test("WorkQueue hands a key out once, when it is added twice before anyone takes it", async () => {
  const { queue } = newQueue();
  queue.add("a");
  queue.add("b");
  queue.add("a");
  assert.equal(queue.length, 2);
  assert.deepEqual([await queue.take(), await queue.take()], ["a", "b"]);
});

test("WorkQueue keeps a key back while it is in work, and hands it out again afterwards", async () => {
  const { queue } = newQueue();
  queue.add("a");
  await queue.take();
  queue.add("a");
  queue.add("a");
  assert.equal(queue.length, 0);
  queue.done("a");
  assert.equal(queue.length, 1);
  assert.equal(await queue.take(), "a");
  queue.done("a");
  assert.equal(queue.isIdle, true);
});

test("WorkQueue gives a key to the taker that waited longest", async () => {
  const { queue } = newQueue();
  const takers = [queue.take(), queue.take()];
  queue.add("a");
  queue.add("b");
  assert.deepEqual(await Promise.all(takers), ["a", "b"]);
});

test("WorkQueue.addRateLimited waits 5 ms, then twice as long each time, up to 1000 s", async () => {
  const { queue, timers } = newQueue();
  for (const waitMs of [5, 10, 20, 40]) {
    queue.addRateLimited("a");
    await timers.advance(waitMs - 1);
    assert.equal(queue.length, 0, `before ${waitMs} ms`);
    await timers.advance(1);
    assert.equal(queue.length, 1, `after ${waitMs} ms`);
    queue.done((await queue.take()) as string);
  }
  for (let failure = 0; failure < 30; failure++) {
    queue.addRateLimited("a");
    await timers.advance(1_000_000);
    queue.done((await queue.take()) as string);
  }
  assert.equal(queue.retries("a"), 34);
  queue.forget("a");
  queue.addRateLimited("a");
  await timers.advance(5);
  assert.equal(queue.length, 1);
});

test("WorkQueue.addAfter keeps the earlier moment, when a key is delayed twice", async () => {
  const { queue, timers } = newQueue();
  queue.addAfter("a", 100);
  queue.addAfter("a", 50);
  queue.addAfter("a", 200);
  await timers.advance(50);
  assert.equal(await queue.take(), "a");
  queue.done("a");
  await timers.advance(1000);
  assert.equal(queue.length, 0);
});

test("WorkQueue.shutDown lets what waits be worked on, then ends takers", async () => {
  const { queue } = newQueue();
  queue.add("a");
  queue.addAfter("b", 10);
  queue.shutDown();
  queue.add("c");
  assert.equal(await queue.take(), "a");
  let isDrained = false;
  const drained = queue.drained().then(() => {
    isDrained = true;
  });
  assert.equal(await queue.take(), null);
  assert.equal(isDrained, false);
  queue.done("a");
  await drained;
});

test("WorkQueue keeps its order over many keys", async () => {
  const { queue } = newQueue();
  const keys = Array.from({ length: 5000 }, (_, index) => `key-${index}`);
  for (const key of keys) queue.add(key);
  for (const key of keys) assert.equal(await queue.take(), key);
});

test("WorkQueue reports upstream's metrics", async () => {
  const timers = new ManualTimers();
  const seen = new Map<string, number>();
  const note = (name: string, _labels: object, value: number) => void seen.set(name, value);
  const queue = new WorkQueue({
    name: "deployment",
    timers,
    metrics: {
      add: (name, _labels, by) => seen.set(name, (seen.get(name) ?? 0) + by),
      set: note,
      observe: note,
    },
  });
  queue.add("a");
  await timers.advance(3000);
  await queue.take();
  await timers.advance(500);
  queue.addRateLimited("a");
  queue.done("a");
  assert.deepEqual(Object.fromEntries(seen), {
    workqueue_adds_total: 1,
    workqueue_depth: 0,
    workqueue_queue_duration_seconds: 3,
    workqueue_retries_total: 1,
    workqueue_work_duration_seconds: 0.5,
  });
});
