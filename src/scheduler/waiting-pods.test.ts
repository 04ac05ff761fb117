import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, unschedulable } from "./framework/status.js";
import { pod } from "./plugins/cluster.test-data.js";
import { type PermitWait, WaitingPodsMap } from "./waiting-pods.js";

/** Pod `name` waits on node "n" since 1000 ms for plugins that keep it at most so long. */
function waitFor(map: WaitingPodsMap, name: string, timeouts: Record<string, number>): PermitWait {
  map.add({ pod: pod(name), nodeName: "n", sinceMs: 1000 }, new Map(Object.entries(timeouts)));
  return map.get(name) ?? assert.fail();
}

test("WaitingPodsMap lets a Pod go, when the last of its plugins has", () => {
  const map = new WaitingPodsMap();
  const wait = waitFor(map, "p", { A: 10, B: 20 });
  wait.allow("A");
  wait.allow("A");
  wait.allow("stranger");
  assert.deepEqual(wait.pendingPlugins(), ["B"]);
  assert.equal(map.hasDecided, false);
  wait.allow("B");
  assert.equal(map.get("p"), wait, "it is here until it is taken");
  assert.equal(map.takeDecided(), wait);
  assert.equal(wait.verdict, null);
  assert.equal(map.get("p"), undefined);
  assert.equal(map.takeDecided(), undefined);
});

test("WaitingPodsMap keeps to the first word that ends a wait", () => {
  const map = new WaitingPodsMap();
  const rejected = waitFor(map, "rejected", { A: 10 });
  assert.equal(rejected.reject("B", "no"), true);
  assert.equal(rejected.preempt("C", "preempted"), false);
  rejected.allow("A");
  rejected.expire();
  assert.deepEqual(rejected.verdict, unschedulable("B", "no"));
  const allowed = waitFor(map, "allowed", { A: 10 });
  allowed.allow("A");
  assert.equal(allowed.reject("A", "too late"), false);
  assert.equal(map.reject("allowed"), false);
  assert.equal(allowed.verdict, null);
  assert.deepEqual([map.takeDecided(), map.takeDecided(), map.takeDecided()], [rejected, allowed, undefined]);
});

test("WaitingPodsMap says why, when a Pod is preempted or removed", () => {
  const map = new WaitingPodsMap();
  const preempted = waitFor(map, "preempted", { A: 10 });
  preempted.preempt("DefaultPreemption", "preempted");
  assert.deepEqual(preempted.verdict, failure("DefaultPreemption", "waiting on permit for pod: preempted"));
  const removed = waitFor(map, "removed", { A: 10 });
  assert.equal(map.reject("removed"), true);
  assert.deepEqual(removed.verdict, unschedulable("", "removed"));
  assert.equal(map.reject("unknown"), false);
});

test("WaitingPodsMap ends waits at their first deadline, in the order of deadlines", () => {
  const map = new WaitingPodsMap();
  const late = waitFor(map, "late", { A: 90_000, B: 1500, C: 1500 });
  const early = waitFor(map, "early", { A: 100 });
  assert.equal(map.nextDeadlineMs(), 1100);
  map.expire(1099);
  assert.equal(map.hasDecided, false);
  map.expire(2500);
  assert.deepEqual([map.takeDecided(), map.takeDecided()], [early, late]);
  const message = "rejected due to timeout after waiting 1.5s at plugin B";
  assert.deepEqual(late.verdict, unschedulable("B", message));
  assert.equal(map.nextDeadlineMs(), Number.POSITIVE_INFINITY);
});

test("WaitingPodsMap moves the next deadline on, when a plugin has let the Pod go or the wait is over", () => {
  const map = new WaitingPodsMap();
  const wait = waitFor(map, "p", { A: 100, B: 0.1 });
  assert.equal(map.nextDeadlineMs(), 1000.1);
  wait.allow("B");
  assert.equal(map.nextDeadlineMs(), 1100);
  waitFor(map, "q", { A: 50 });
  assert.equal(map.nextDeadlineMs(), 1050);
  map.reject("q");
  assert.equal(map.nextDeadlineMs(), 1100);
});
