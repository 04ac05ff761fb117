// Attempts that fail, and what becomes of the Pod: preemption, bindings that are refused, Pods that go away meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.js";
import { aNode, aPod, bound, Simulation } from "./scheduler.test-data.js";

const priority = (value: number) => ({ priority: value });

/** Node "n", full of Pods "low0".. of 1 CPU each, and the Pod "high" that asks for all of it; deletions are held back. */
function preempting(lowPods: number) {
  const simulation = new Simulation({ heldBack: ["deletePod"] });
  simulation.setNodes(aNode("n", { cpu: `${lowPods}` }));
  for (let index = 0; index < lowPods; index++)
    simulation.setPods(bound(aPod(`low${index}`, { cpu: "1" }, priority(1)), "n"));
  simulation.setPods(aPod("high", { cpu: `${lowPods}` }, priority(9)));
  return simulation;
}

test("SchedulingCycles asks for the victims' deletion and promises the node, when preemption helps", () => {
  const simulation = preempting(2);
  const [attempt] = simulation.run();
  assert.equal(attempt?.result === "unschedulable" && attempt.nominatedNodeName, "n");
  assert.deepEqual(
    simulation.of("deletePod").map(({ uid, condition }) => [uid, condition.type, condition.reason]),
    [
      ["low0", "DisruptionTarget", "PreemptionByScheduler"],
      ["low1", "DisruptionTarget", "PreemptionByScheduler"],
    ],
  );
  assert.deepEqual(simulation.events(), [
    "Normal Preempted low0: Preempted by pod high on node n",
    "Normal Preempted low1: Preempted by pod high on node n",
    "Warning FailedScheduling high: 0/1 nodes are available: 1 Insufficient cpu.",
  ]);
  assert.equal(simulation.pod("high").status?.nominatedNodeName, "n");
  assert.equal(simulation.scheduler.nominator.nodeOf("high"), "n");
});

test("SchedulingCycles keeps a preemptor out of the queue, until the last victim is gone", () => {
  const simulation = preempting(2);
  simulation.run();
  assert.equal(
    simulation.scheduler.queueCounts().unschedulable + simulation.scheduler.queueCounts().gated,
    1,
  );
  simulation.nowMs = 20_000;
  simulation.deletePod("low0");
  assert.deepEqual(simulation.run(), []);
  simulation.deletePod("low1");
  const [attempt] = simulation.run();
  assert.equal(attempt?.result === "scheduled" && attempt.nodeName, "n");
  assert.equal(simulation.scheduler.nominator.size, 0);
  assert.deepEqual(simulation.placements(), { high: "n" });
});

test("SchedulingCycles holds promised room against less important Pods, and gives it to more important ones", () => {
  const simulation = preempting(2);
  simulation.run();
  simulation.deletePod("low0");
  simulation.setPods(aPod("middle", { cpu: "1" }, priority(5)));
  const [middle] = simulation.run();
  assert.equal(middle?.result, "unschedulable");
  simulation.setPods(aPod("top", { cpu: "1" }, priority(10)));
  const [top] = simulation.run();
  assert.equal(top?.result, "scheduled");
});

test("SchedulingCycles ends less important promises, when a more important Pod preempts on the same node", () => {
  const simulation = preempting(1);
  simulation.run();
  simulation.setPods(aPod("top", { cpu: "1" }, priority(10)));
  simulation.run();
  assert.equal(simulation.scheduler.nominator.nodeOf("high"), undefined);
  assert.equal(simulation.scheduler.nominator.nodeOf("top"), "n");
  assert.equal(simulation.pod("high").status?.nominatedNodeName, "");
});

test("SchedulingCycles tries a preemptor on its node first, when room has been made", () => {
  const simulation = preempting(1);
  simulation.run();
  simulation.nowMs = 20_000;
  for (let index = 0; index < 5; index++) simulation.setNodes(aNode(`empty${index}`));
  simulation.deletePod("low0");
  const [attempt] = simulation.run();
  assert.deepEqual([attempt?.result, attempt?.evaluatedNodes, attempt?.attempts], ["scheduled", 1, 2]);
  assert.equal(simulation.placements()["high"], "n");
});

test("SchedulingCycles preempts without waiting, when preemption is not asynchronous", () => {
  const simulation = new Simulation({ features: { asyncPreemption: false } });
  simulation.setNodes(aNode("n", { cpu: "1" }));
  simulation.setPods(bound(aPod("low", { cpu: "1" }, priority(1)), "n"));
  simulation.setPods(aPod("high", { cpu: "1" }, priority(9)));
  simulation.run();
  simulation.tickAt(20_000);
  simulation.run();
  assert.deepEqual(simulation.placements(), { high: "n" });
});

/** Two Pods for the one place on "n": "first" is on its way there, "second" is turned down. */
function bindingHeldBack() {
  const simulation = new Simulation({ heldBack: ["bind"] });
  simulation.setNodes(aNode("n", { cpu: "1" }));
  simulation.setPods(aPod("first", { cpu: "1" }), aPod("second", { cpu: "1" }));
  assert.deepEqual(
    simulation.run().map(({ result }) => result),
    ["scheduled", "unschedulable"],
  );
  return simulation;
}

test("SchedulingCycles takes a promise back and wakes others, when the binding is refused", () => {
  const simulation = bindingHeldBack();
  const { scheduler } = simulation;
  assert.equal(scheduler.bindingCount, 1);
  simulation.nowMs = 20_000;
  scheduler.bindFailed("first", "the API server said no", simulation.nowMs);
  assert.equal(scheduler.bindingCount, 0);
  assert.equal(scheduler.cache.podCount, 0);
  assert.equal(simulation.events().at(-1), "Warning FailedScheduling first: the API server said no");
  assert.equal(simulation.of("updateStatus").at(-1)?.condition?.reason, "SchedulerError");
  const [next] = simulation.run();
  assert.deepEqual([next?.pod.uid, next?.result], ["second", "scheduled"]);
  assert.match(scheduler.metrics.expose(), /schedule_attempts_total\{[^}]*result="error"\} 1/);
});

test("SchedulingCycles brings a Pod back after a backoff, when its binding was refused", () => {
  const simulation = bindingHeldBack();
  simulation.deletePod("second");
  simulation.scheduler.bindFailed("first", "no", simulation.nowMs);
  // A Pod that something broke for is never popped early.
  assert.deepEqual(simulation.run(), []);
  simulation.tickAt(2000);
  assert.equal(simulation.run()[0]?.result, "scheduled");
});

test("SchedulingCycles frees the room and forgets the Pod, when it is deleted on its way to a node", () => {
  const simulation = bindingHeldBack();
  const { scheduler } = simulation;
  simulation.nowMs = 20_000;
  simulation.deletePod("first");
  const [next] = simulation.run();
  assert.deepEqual([next?.pod.uid, next?.result], ["second", "scheduled"]);
  scheduler.bindFailed("first", "not found", simulation.nowMs);
  assert.equal(scheduler.cache.podCount, 1);
  assert.deepEqual(scheduler.queueCounts(), { active: 0, backoff: 0, unschedulable: 0, gated: 0 });
  assert.equal(scheduler.inFlightEvents, 0);
});

test("SchedulingCycles does not try Pods that are being deleted or have a node", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n"));
  const going: Pod = aPod("going", {}, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" });
  simulation.setPods(going, aPod("placed"));
  simulation.setPods(bound(aPod("placed"), "n"));
  assert.deepEqual(
    simulation.run().map(({ pod, result }) => [pod.uid, result]),
    [["going", "skipped"]],
  );
  assert.equal(simulation.scheduler.inFlightEvents, 0);
});

test("SchedulingCycles keeps no events, when every Pod has been placed or parked", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n", { cpu: "3" }));
  for (let index = 0; index < 6; index++) {
    simulation.setPods(aPod(`p${index}`, { cpu: "1" }));
    simulation.setNodes(aNode("n", { cpu: "3", memory: `${20 + index}Gi` }));
    simulation.run();
  }
  assert.equal(Object.keys(simulation.placements()).length, 3);
  assert.equal(simulation.scheduler.inFlightEvents, 0);
  assert.equal(simulation.scheduler.queueCounts().unschedulable, 3);
});

test("SchedulingCycles blames itself and not the Pod, when a plugin fails with an error", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n"));
  simulation.set(
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "modeless" },
      provisioner: "x",
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace: "default" },
      spec: { storageClassName: "modeless" },
      status: { phase: "Pending" },
    },
  );
  const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "data" } }];
  simulation.setPods(aPod("p", {}, { volumes }));
  const [attempt] = simulation.run();
  assert.equal(attempt?.result, "error");
  assert.match(simulation.events()[0] ?? "", /VolumeBindingMode not set for StorageClass "modeless"$/);
  assert.equal(simulation.of("updateStatus")[0]?.condition?.reason, "SchedulerError");
});
