// Pods that plugins make wait at Permit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTION, type EventRegistration } from "./framework/cluster-event.js";
import { failure, unschedulable } from "./framework/status.js";
import { type PermitRule, PermitSimulation, type PermitTestPlugin } from "./permit.test-data.js";
import { boundClaim, claim, storageClass, using, volume } from "./plugins/volumes.test-data.js";
import { aNode, aPod, someNodes } from "./scheduler.test-data.js";

const priority = (value: number) => ({ priority: value });
const onNodeUpdate: EventRegistration = { resource: "Node", actions: ACTION.UpdateNodeLabel };

/** Node "n" of 1 CPU; Pod "p" asks for all of it and waits for "Gate" for 10 s. */
function waiting(plugin: Partial<PermitTestPlugin> = {}, options = {}) {
  const simulation = new PermitSimulation({ Gate: { rule: () => 10_000, ...plugin } }, options);
  simulation.nowMs = 5000;
  simulation.setNodes(aNode("n", { cpu: "1" }));
  simulation.setPods(aPod("p", { cpu: "1" }));
  assert.equal(simulation.run()[0]?.result, "scheduled");
  assert.deepEqual(simulation.waitingNames(), ["p"]);
  return simulation;
}

test("Permit binds a waiting Pod, when its plugin lets it go", () => {
  const simulation = waiting();
  const { scheduler } = simulation;
  assert.deepEqual(simulation.of("bind"), []);
  assert.deepEqual([scheduler.bindingCount, scheduler.cache.assumedCount], [1, 1]);
  assert.equal(simulation.pod("p").status?.nominatedNodeName, "n", "others know that the room is taken");
  const wait = simulation.waiting("p");
  assert.deepEqual([wait.nodeName, wait.pendingPlugins()], ["n", ["Gate"]]);
  simulation.nowMs = 7000;
  wait.allow("Gate");
  simulation.settle();
  assert.deepEqual(simulation.placements(), { p: "n" });
  assert.deepEqual(simulation.events(), ["Normal Scheduled p: Successfully assigned default/p to n"]);
  assert.equal(scheduler.nextTickMs(simulation.nowMs), null);
  assert.match(scheduler.metrics.expose(), /permit_wait_duration_seconds_sum\{result="Success"\} 2\n/);
});

test("Permit waits for every plugin that said so, each by name", () => {
  const rule: PermitRule = () => 10_000;
  const simulation = new PermitSimulation({ A: { rule }, Passing: { rule: () => null }, B: { rule } });
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("p"));
  simulation.run();
  const wait = simulation.waiting("p");
  assert.deepEqual(wait.pendingPlugins(), ["A", "B"]);
  wait.allow("B");
  assert.deepEqual(wait.pendingPlugins(), ["A"]);
  simulation.tickAt(1);
  assert.deepEqual(simulation.placements(), {});
  wait.allow("A");
  simulation.settle();
  assert.deepEqual(simulation.placements(), { p: "n" });
});

test("Permit turns the Pod down at once, when one plugin does, whatever others say", () => {
  const simulation = new PermitSimulation({
    Waiting: { rule: () => 10_000 },
    Rejecting: { rule: () => unschedulable("", "not now") },
    Last: { rule: () => null },
  });
  simulation.setNodes(...someNodes(3));
  simulation.setPods(aPod("p"));
  const [attempt] = simulation.run();
  assert.equal(attempt?.result, "unschedulable");
  assert.deepEqual(simulation.events(), ["Warning FailedScheduling p: 0/1 nodes are available: 1 not now."]);
  assert.deepEqual(simulation.calls, [
    "Waiting permit p",
    "Rejecting permit p",
    "Last unreserve p",
    "Rejecting unreserve p",
    "Waiting unreserve p",
  ]);
  assert.deepEqual([simulation.scheduler.bindingCount, simulation.scheduler.cache.podCount], [0, 0]);
});

test("Permit blames the plugin and not the Pod, when the plugin breaks", () => {
  const simulation = new PermitSimulation({ Broken: { rule: () => failure("", "out of order") } });
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("p"));
  assert.equal(simulation.run()[0]?.result, "error");
  assert.equal(
    simulation.events().at(-1),
    'Warning FailedScheduling p: running Permit plugin "Broken": out of order',
  );
});

test("Permit gives a rejected Pod's room to others, and parks it until an event that the plugin asked for", () => {
  const simulation = waiting({ events: [onNodeUpdate] });
  const { scheduler } = simulation;
  simulation.setPods(aPod("other", { cpu: "1" }, priority(-1)));
  assert.equal(simulation.run()[0]?.result, "unschedulable");
  simulation.nowMs = 6000;
  simulation.waiting("p").reject("Gate", "the group has changed its mind");
  simulation.settle();
  assert.equal(
    simulation.events().at(-1),
    "Warning FailedScheduling p: 0/1 nodes are available: 1 the group has changed its mind.",
  );
  const { condition, nominatedNodeName } = simulation.of("updateStatus").at(-1) ?? {};
  assert.deepEqual([condition?.reason, nominatedNodeName], ["Unschedulable", ""]);
  assert.deepEqual(simulation.calls, ["Gate permit p", "Gate unreserve p"]);
  // Its own leaving is no event for it; it is one for the other Pod.
  assert.deepEqual(scheduler.queueCounts(), { active: 0, backoff: 1, unschedulable: 1, gated: 0 });
  assert.deepEqual([scheduler.cache.podCount, scheduler.inFlightEvents], [0, 0]);
  const metrics = scheduler.metrics.expose();
  assert.match(metrics, /permit_wait_duration_seconds_sum\{result="Unschedulable"\} 1\n/);
  assert.match(metrics, /schedule_attempts_total\{[^}]*result="unschedulable"[^}]*\} 2\n/);
  simulation.setNodes(aNode("n", { cpu: "2" }, { changed: "yes" }));
  assert.equal(scheduler.queueCounts().unschedulable, 0);
});

test("Permit counts events that came while the Pod waited, when it is turned down after all", () => {
  const simulation = waiting({ events: [onNodeUpdate] });
  simulation.setNodes(aNode("n", { cpu: "1" }, { changed: "yes" }));
  assert.ok(simulation.scheduler.inFlightEvents > 0);
  simulation.waiting("p").reject("Gate", "no");
  simulation.settle();
  const { backoff, unschedulable: parked } = simulation.scheduler.queueCounts();
  assert.deepEqual([backoff, parked, simulation.scheduler.inFlightEvents], [1, 0, 0]);
});

test("Permit rejects a Pod when its time is up, and names the plugin that it waited for", () => {
  const simulation = new PermitSimulation({
    Patient: { rule: () => 90_000 },
    Hasty: { rule: () => 62_500, events: [] },
  });
  simulation.nowMs = 5000;
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("p"));
  simulation.run();
  simulation.tickAt(67_499);
  assert.deepEqual(simulation.waitingNames(), ["p"]);
  simulation.tickNext();
  assert.equal(simulation.nowMs, 67_500);
  assert.equal(
    simulation.events().at(-1),
    "Warning FailedScheduling p: 0/1 nodes are available: 1 rejected due to timeout after waiting 1m2.5s at plugin Hasty.",
  );
  assert.equal(simulation.scheduler.bindingCount, 0);
  assert.equal(simulation.scheduler.queueCounts().unschedulable, 1);
});

test("Permit lets nobody wait longer than 15 minutes", () => {
  const simulation = waiting({ rule: () => 3_600_000 });
  simulation.tickNext();
  assert.equal(simulation.nowMs, 5000 + 15 * 60_000);
  assert.match(simulation.events().at(-1) ?? "", /timeout after waiting 15m0s at plugin Gate\.$/);
});

test("Permit holds no one else up", () => {
  const simulation = new PermitSimulation({ Gate: { rule: ({ uid }) => (uid === "slow" ? 10_000 : null) } });
  simulation.setNodes(aNode("n", { cpu: "2" }));
  simulation.setPods(aPod("slow", { cpu: "1" }));
  simulation.run();
  simulation.setPods(aPod("quick", { cpu: "1" }), aPod("late", { cpu: "1" }));
  simulation.run();
  assert.deepEqual(simulation.placements(), { quick: "n" });
  assert.match(simulation.events().at(-1) ?? "", /late: 0\/1 nodes are available: 1 Insufficient cpu/);
});

test("Permit begins PreBind only when the Pod may go", () => {
  const simulation = new PermitSimulation({ Gate: { rule: () => 10_000 } });
  simulation.setNodes(aNode("n"));
  simulation.set(storageClass("wait"), volume("disk"), claim("data"));
  simulation.setPods(aPod("p", {}, using("data")));
  simulation.run();
  assert.deepEqual(simulation.of("updateVolume"), []);
  simulation.waiting("p").allow("Gate");
  simulation.settle();
  assert.equal(simulation.of("updateVolume").length, 1);
  simulation.set(boundClaim("data", "disk"));
  simulation.tickAt(simulation.nowMs);
  assert.deepEqual(simulation.placements(), { p: "n" });
});

test("Permit gives a waiting Pod up, when it is deleted", () => {
  const simulation = waiting();
  simulation.setPods(aPod("other", { cpu: "1" }));
  simulation.run();
  simulation.nowMs = 9000;
  const told = simulation.events().length;
  simulation.deletePod("p");
  const { scheduler } = simulation;
  assert.deepEqual(simulation.calls.at(-1), "Gate unreserve p");
  assert.deepEqual([simulation.waitingNames(), scheduler.bindingCount], [[], 0]);
  assert.equal(simulation.events().length, told);
  assert.equal(simulation.run()[0]?.pod.uid, "other");
  assert.deepEqual(scheduler.queueCounts(), { active: 0, backoff: 0, unschedulable: 0, gated: 0 });
});

test("Permit gives a waiting Pod up, when its deletion has begun", () => {
  const simulation = waiting();
  const going = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["example.com/slow"] };
  simulation.setPods(aPod("p", { cpu: "1" }, {}, going));
  assert.deepEqual([simulation.waitingNames(), simulation.scheduler.cache.podCount], [[], 0]);
  assert.match(simulation.events().at(-1) ?? "", /p: 0\/1 nodes are available: 1 removed\.$/);
  assert.equal(simulation.scheduler.queueCounts().unschedulable, 1);
});

test("Permit lets a more important Pod have a waiting Pod's room without deleting anyone", () => {
  const simulation = waiting({ rule: ({ uid }) => (uid === "p" ? 10_000 : null) });
  simulation.setPods(aPod("high", { cpu: "1" }, priority(9)));
  const attempts = simulation.run();
  assert.deepEqual(
    attempts.map(({ pod, result }) => [pod.uid, result]),
    [
      ["high", "unschedulable"],
      ["high", "scheduled"],
    ],
  );
  assert.deepEqual(simulation.placements(), { high: "n" });
  assert.deepEqual(simulation.of("deletePod"), []);
  assert.deepEqual(simulation.events().slice(0, 3), [
    "Normal Preempted p: Preempted by pod high on node n (in kube-scheduler memory).",
    "Warning FailedScheduling high: 0/1 nodes are available: 1 Insufficient cpu.",
    "Warning FailedScheduling p: waiting on permit for pod: preempted",
  ]);
  // Nothing is wrong with it: no event needs to come before it is tried again.
  assert.equal(simulation.scheduler.queueCounts().backoff, 1);
  assert.match(
    simulation.scheduler.metrics.expose(),
    /permit_wait_duration_seconds_count\{result="Error"\} 1/,
  );
});

/** Three of a kind or none: the last to come lets the others go, and who leaves takes the others along. */
function gang(): PermitTestPlugin {
  const peersOf = (uid: string) => (each: { pod: { uid: string } }) => each.pod.uid[0] === uid[0];
  return {
    rule({ uid }, waitingPods) {
      const peers = [...waitingPods].filter(peersOf(uid));
      if (peers.length < 2) return 30_000;
      for (const peer of peers) peer.allow("Gang");
      return null;
    },
    unreserve({ uid }, waitingPods) {
      for (const peer of [...waitingPods].filter(peersOf(uid))) peer.reject("Gang", `${uid} has left`);
    },
    events: [],
  };
}

test("Permit lets a gang go, when all of it has a node", () => {
  const simulation = new PermitSimulation({ Gang: gang() });
  simulation.setNodes(...someNodes(2));
  for (const name of ["a0", "b0", "a1", "b1"]) simulation.setPods(aPod(name));
  simulation.run();
  assert.deepEqual(simulation.waitingNames(), ["a0", "b0", "a1", "b1"]);
  simulation.setPods(aPod("a2"));
  simulation.run();
  assert.deepEqual(Object.keys(simulation.placements()), ["a0", "a1", "a2"]);
  assert.deepEqual(simulation.waitingNames(), ["b0", "b1"]);
});

test("Permit gives up a whole gang, when the time of one is up", () => {
  const simulation = new PermitSimulation({ Gang: gang() });
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("a0"));
  simulation.run();
  simulation.nowMs = 1000;
  simulation.setPods(aPod("a1"), aPod("b0"));
  simulation.run();
  simulation.tickNext();
  assert.equal(simulation.nowMs, 30_000);
  const why = "Warning FailedScheduling";
  assert.deepEqual(simulation.events(), [
    `${why} a0: 0/1 nodes are available: 1 rejected due to timeout after waiting 30s at plugin Gang.`,
    `${why} a1: 0/1 nodes are available: 1 a0 has left.`,
  ]);
  assert.deepEqual(simulation.waitingNames(), ["b0"]);
  assert.equal(simulation.scheduler.cache.podCount, 1);
});

test("Permit does the same again, when all that happens is the same", () => {
  const [first, second] = [1, 2].map(() => {
    const simulation = new PermitSimulation({ Gang: gang() }, { seed: 7 });
    simulation.setNodes(...someNodes(5, { cpu: "2" }));
    for (let index = 0; index < 12; index++)
      simulation.setPods(aPod(`${"abcde"[index % 5]}${index}`, { cpu: "1" }));
    simulation.run();
    for (let tick = 0; tick < 3; tick++) {
      simulation.tickNext();
      simulation.run();
    }
    return { actions: simulation.actions, calls: simulation.calls };
  });
  assert.deepEqual(first, second);
  assert.ok((first?.actions.length ?? 0) > 12);
});
