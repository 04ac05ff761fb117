import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS } from "../framework/cluster-event.js";
import { FIT, failNext, newQueue, podOf } from "./queue.test-data.js";
import type { SchedulingQueue } from "./scheduling-queue.js";

const GATED = { schedulingGates: [{ name: "gate" }] };
const unschedulable = [FIT];

function popNames(queue: SchedulingQueue): string[] {
  const names: string[] = [];
  for (let queued = queue.pop(); queued !== null; queued = queue.pop()) {
    names.push(queued.pod.pod.metadata.name);
    queue.done(queued.pod.uid);
  }
  return names;
}

test("pop gives higher priority first, then who came first, equals of one millisecond included", () => {
  const { queue } = newQueue();
  for (const [name, priority, nowMs] of [
    ["late", 0, 2],
    ["first", 0, 1],
    ["second", 0, 1],
    ["high", 7, 3],
  ] as const)
    queue.add(podOf(name, { priority }), nowMs);
  assert.deepEqual(popNames(queue), ["high", "first", "second", "late"]);
  assert.equal(queue.pop(), null);
  assert.equal(queue.schedulingCycle, 4);
});

test("pop counts attempts and cycles and clears who turned the Pod down", () => {
  const { queue } = newQueue({ maxBackoffMs: 0 });
  queue.add(podOf("a"), 5);
  failNext(queue, "a", 10, { unschedulable });
  queue.activate([podOf("a")], 11);
  const queued = queue.pop();
  assert.deepEqual([queued?.attempts, queued?.cycle, queued?.unschedulableCount], [2, 2, 1]);
  assert.equal(queued?.unschedulablePlugins.size, 0);
  assert.equal(queued?.initialAttemptMs, 5);
});

test("pop takes the best Pod of the earliest backoff window when none is active, and no Pod that broke", () => {
  for (const [popFromBackoff, expected] of [
    [true, ["high", "low", "later"]],
    [false, []],
  ] as const) {
    const { queue, incoming } = newQueue({ popFromBackoff });
    const fail = (name: string, priority: number, nowMs: number, plugins: readonly string[]) => {
      queue.add(podOf(name, { priority }), nowMs);
      failNext(queue, name, nowMs, { unschedulable: plugins });
    };
    fail("low", 1, 100, unschedulable);
    fail("high", 5, 900, unschedulable);
    fail("later", 9, 1100, unschedulable);
    queue.moveAll(EVENTS.UnschedulableTimeout, { before: null, after: null }, 1100);
    fail("broke", 99, 1100, []);
    assert.deepEqual(popNames(queue), expected);
    assert.equal(queue.counts().backoff, 4 - expected.length);
    assert.equal(incoming.includes("active PopFromBackoffQ"), popFromBackoff);
  }
});

test("addUnschedulableIfNotPresent makes the Pod wait 1, 2, 4, 8, 10 and 10 s after errors in a row", () => {
  const { queue } = newQueue();
  let nowMs = 0;
  queue.add(podOf("a"), nowMs);
  for (const waitMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    assert.equal(failNext(queue, "a", nowMs), "backoff");
    // The window in which the wait ends counts as waiting.
    queue.flush(nowMs + waitMs + 999);
    assert.equal(queue.counts().active, 0);
    assert.equal(queue.nextFlushMs(nowMs), nowMs + waitMs + 1000);
    nowMs += waitMs + 1000;
    queue.flush(nowMs);
    assert.equal(queue.counts().active, 1);
  }
  assert.equal(queue.nextFlushMs(nowMs), null);
});

test("addUnschedulableIfNotPresent leaves a Pod alone whose name is waiting again, and ends the flight", () => {
  const { queue } = newQueue();
  queue.add(podOf("a", {}, { uid: "old" }), 0);
  const old = queue.pop();
  queue.add(podOf("a", {}, { uid: "new" }), 1);
  assert.ok(old);
  assert.equal(queue.addUnschedulableIfNotPresent(old, 2), null);
  assert.equal(queue.inFlightPods, 0);
  assert.equal(queue.pop()?.pod.uid, "new");
});

test("add keeps a Pod out that a PreEnqueue plugin rejects, until its gates are gone", () => {
  const { queue, incoming } = newQueue();
  const gated = podOf("a", GATED);
  queue.add(gated, 0);
  assert.deepEqual(queue.counts(), { active: 0, backoff: 0, unschedulable: 0, gated: 1 });
  assert.equal(queue.get("default/a")?.gatingPlugin, "SchedulingGates");
  assert.equal(queue.nextFlushMs(0), null, "a gated Pod does not wait for the clock");
  const relabelled = podOf("a", GATED, { labels: { app: "x" } });
  queue.update(gated, relabelled, 50);
  assert.equal(queue.counts().gated, 1);
  queue.update(relabelled, podOf("a", {}, { labels: { app: "x" } }), 100);
  assert.deepEqual(queue.counts(), { active: 1, backoff: 0, unschedulable: 0, gated: 0 });
  const queued = queue.pop();
  assert.deepEqual([queued?.timestampMs, queued?.initialAttemptMs], [0, 100]);
  assert.deepEqual(incoming, [
    "unschedulable UnscheduledPodAdd",
    "active UnscheduledPodUpdatePodSchedulingGatesEliminated",
  ]);
});

test("update changes a waiting Pod in place, its priority included, and adds one that is unknown", () => {
  const { queue } = newQueue();
  queue.add(podOf("a"), 0);
  queue.add(podOf("b"), 1);
  queue.update(podOf("b"), podOf("b", { priority: 5 }), 2);
  queue.update(podOf("c"), podOf("c", { priority: 3 }), 2);
  assert.deepEqual(popNames(queue), ["b", "c", "a"]);
});

test("delete takes the Pod and its nomination out, wherever it waits", () => {
  const { queue } = newQueue();
  const [active, backoff, parked] = [podOf("active"), podOf("backoff"), podOf("parked")];
  queue.add(backoff, 0);
  failNext(queue, "backoff", 0);
  queue.add(parked, 0);
  failNext(queue, "parked", 0, { unschedulable });
  queue.add(active, 0);
  assert.deepEqual(queue.counts(), { active: 1, backoff: 1, unschedulable: 1, gated: 0 });
  for (const pod of [active, backoff, parked]) {
    queue.nominator.add(pod, { mode: "override", nodeName: "n1" });
    queue.delete(pod);
  }
  assert.deepEqual(queue.counts(), { active: 0, backoff: 0, unschedulable: 0, gated: 0 });
  assert.equal(queue.nominator.size, 0);
});

test("flush lets a Pod go at the first sweep after five minutes, and marks it", () => {
  const { queue, incoming } = newQueue();
  queue.add(podOf("a"), 1000);
  assert.equal(failNext(queue, "a", 1000, { unschedulable }), "unschedulable");
  assert.equal(queue.nextFlushMs(1000), 330_000);
  queue.flush(329_999);
  assert.equal(queue.counts().unschedulable, 1);
  queue.flush(330_000);
  assert.equal(incoming.at(-1), "active UnschedulableTimeout");
  assert.equal(queue.get("default/a")?.wasFlushed, true);
  assert.equal(queue.nextFlushMs(330_000), null);
});

test("flush never lets a gated Pod go", () => {
  const { queue } = newQueue();
  queue.add(podOf("a", GATED), 0);
  queue.flush(3_600_000);
  assert.equal(queue.counts().gated, 1);
});

test("activate skips backoff, wakes the parked, and remembers for a Pod in flight", () => {
  const { queue } = newQueue();
  const [broke, parked, flying] = [podOf("broke"), podOf("parked"), podOf("flying")];
  queue.add(broke, 0);
  failNext(queue, "broke", 0);
  queue.add(parked, 0);
  failNext(queue, "parked", 0, { unschedulable });
  queue.add(flying, 0);
  const queued = queue.pop();
  queue.activate([broke, parked, flying, podOf("unknown")], 1);
  assert.deepEqual(queue.counts(), { active: 2, backoff: 0, unschedulable: 0, gated: 0 });
  assert.equal(queue.inFlightEvents, 1);
  assert.ok(queued);
  queued.unschedulablePlugins = new Set([...queued.unschedulablePlugins, FIT]);
  assert.equal(queue.addUnschedulableIfNotPresent(queued, 2), "backoff");
  assert.equal(queue.inFlightEvents, 0);
});

test("add nominates a Pod whose status names a node", () => {
  const { queue } = newQueue();
  queue.add(podOf("a", {}, { nominatedNodeName: "n1" }), 0);
  queue.update(podOf("a", {}, { nominatedNodeName: "n1" }), podOf("a"), 1);
  assert.equal(queue.nominator.size, 0);
  queue.update(podOf("a"), podOf("a", {}, { nominatedNodeName: "n2" }), 2);
  assert.equal(queue.nominator.nominatedOn("n2")[0]?.key, "default/a");
});

test("PreEnqueue is asked on the way into backoff and not out of it when Pods are popped early", () => {
  for (const [popFromBackoff, expected] of [
    [true, [1, 2, 2]],
    [false, [1, 1, 2]],
  ] as const) {
    let calls = 0;
    const counting = {
      name: "Counting",
      preEnqueue: () => {
        calls++;
        return null;
      },
    };
    const { queue } = newQueue({ preEnqueue: [counting], popFromBackoff });
    const seen: number[] = [];
    queue.add(podOf("a"), 0);
    seen.push(calls);
    failNext(queue, "a", 0);
    seen.push(calls);
    queue.flush(2000);
    seen.push(calls);
    assert.deepEqual(seen, expected, `popFromBackoff ${popFromBackoff}`);
  }
});

test("the plugin that gated a Pod is asked first and alone while it still does", () => {
  const asked: string[] = [];
  let isOpen = false;
  const plugin = (name: string, opens: () => boolean) => ({
    name,
    preEnqueue: () => {
      asked.push(name);
      return opens() ? null : { code: "Unschedulable" as const, reasons: [], plugin: name };
    },
  });
  const preEnqueue = [plugin("First", () => true), plugin("Second", () => isOpen)];
  const { queue } = newQueue({ preEnqueue });
  const pod = podOf("a");
  queue.add(pod, 0);
  queue.activate([pod], 1);
  isOpen = true;
  queue.activate([pod], 2);
  assert.deepEqual(asked, ["First", "Second", "Second", "Second", "First"]);
  assert.equal(queue.counts().active, 1);
});
