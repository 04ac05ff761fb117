import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultProfile } from "./config/default-configuration.js";
import { NOTHING_WRITTEN, resolvePluginSets } from "./config/plugin-sets.js";
import { aNode, aPod, bound, Simulation, someNodes } from "./scheduler.test-data.js";

/** 40 equal Pods on 12 equal nodes: chance decides a lot. */
function placementsOf(seed: number): Record<string, string> {
  const simulation = new Simulation({ seed });
  simulation.setNodes(...someNodes(12));
  for (let index = 0; index < 40; index++) simulation.setPods(aPod(`p${index}`, { cpu: "100m" }));
  simulation.run();
  return simulation.placements();
}

test("Scheduler places Pods alike, when it has the same seed, and otherwise when that differs", () => {
  const placements = placementsOf(7);
  assert.equal(Object.keys(placements).length, 40);
  assert.deepEqual(placementsOf(7), placements);
  assert.notDeepEqual(placementsOf(8), placements);
});

test("Scheduler says Scheduled and counts by upstream's names, when a Pod is bound", () => {
  const simulation = new Simulation();
  const { scheduler } = simulation;
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("small", { cpu: "1" }), aPod("large", { cpu: "9" }));
  simulation.run();
  scheduler.updateGauges();
  assert.equal(simulation.events()[0], "Normal Scheduled small: Successfully assigned default/small to n");
  const lines = scheduler.metrics.expose().split("\n");
  for (const line of [
    'scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"} 1',
    'scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"} 1',
    'scheduler_scheduling_attempt_duration_seconds_count{profile="default-scheduler",result="scheduled"} 1',
    'scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"} 1',
    "scheduler_pod_scheduling_attempts_count 1",
    "scheduler_scheduling_algorithm_duration_seconds_count 2",
    'scheduler_queue_incoming_pods_total{event="UnscheduledPodAdd",queue="active"} 2',
    'scheduler_pending_pods{queue="unschedulable"} 1',
    'scheduler_cache_size{type="nodes"} 1',
    'scheduler_cache_size{type="pods"} 1',
  ])
    assert.ok(
      lines.includes(line),
      `${line}\nis not among\n${lines.filter((each) => / [1-9]/.test(each)).join("\n")}`,
    );
  assert.equal(scheduler.inFlightEvents, 0);
});

test("Scheduler says in upstream's words why a Pod fits nowhere, when nodes fail for several reasons", () => {
  const simulation = new Simulation();
  const tainted = { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" as const }] };
  simulation.setNodes(
    ...someNodes(10, { cpu: "1" }),
    aNode("tainted", {}, {}, tainted),
    aNode("tiny", { cpu: "1", memory: "1Gi" }),
    aNode("closed", {}, {}, { unschedulable: true }),
  );
  simulation.setPods(aPod("p", { cpu: "2", memory: "2Gi" }));
  simulation.run();
  const message =
    "0/13 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s), " +
    "1 node(s) were unschedulable, 11 Insufficient cpu. " +
    "preemption: 0/13 nodes are available: 13 Preemption is not helpful for scheduling.";
  assert.deepEqual(simulation.events(), [`Warning FailedScheduling p: ${message}`]);
  assert.deepEqual(simulation.of("updateStatus"), [
    {
      kind: "updateStatus",
      namespace: "default",
      name: "p",
      uid: "p",
      condition: { type: "PodScheduled", status: "False", reason: "Unschedulable", message },
      nominatedNodeName: "",
    },
  ]);
});

test("Scheduler cuts events to 1024 characters and leaves conditions whole, when a message is longer", () => {
  const simulation = new Simulation();
  const name = (index: number) => `example.com/${"x".repeat(60)}${index}`;
  const requests = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [name(index), "1"]));
  simulation.setNodes(aNode("n"));
  simulation.setPods(aPod("p", requests));
  simulation.run();
  const [event] = simulation.of("event");
  const [status] = simulation.of("updateStatus");
  assert.equal(event?.message.length, 1024);
  assert.ok(event?.message.endsWith(" ..."), event?.message.slice(-20));
  assert.ok((status?.condition?.message?.length ?? 0) > 1024);
});

test("Scheduler waits 1, 2, 4, 8, 10 s between attempts, when the Pod fails again and again", () => {
  const simulation = new Simulation({ features: { popFromBackoff: false } });
  simulation.setPods(aPod("p", { cpu: "2" }));
  simulation.setNodes(aNode("node0", { cpu: "1" }));
  const waits: number[] = [];
  simulation.run();
  for (let index = 1; index <= 6; index++) {
    const failedMs = simulation.nowMs;
    // Room enough, or so it looks: what the node has grown by is taken before the Pod is tried.
    simulation.setNodes(aNode(`node${index}`, { cpu: "2" }));
    simulation.setPods(bound(aPod(`other${index}`, { cpu: "1" }), `node${index}`));
    while (simulation.run().length === 0) simulation.tickNext();
    waits.push(simulation.nowMs - failedMs);
  }
  // Queues are looked at on every second, and a wait that ends in this very second is not over yet.
  assert.deepEqual(
    waits.map((ms) => ms / 1000 - 1),
    [1, 2, 4, 8, 10, 10],
  );
  assert.equal(simulation.scheduler.inFlightEvents, 0);
});

test("Scheduler places a waiting Pod, when a node that can take it is added", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("small", { cpu: "1" }));
  simulation.setPods(aPod("p", { cpu: "2" }));
  simulation.run();
  simulation.nowMs = 20_000;
  simulation.setNodes(aNode("also-small", { cpu: "1" }));
  assert.deepEqual(simulation.run(), [], "that node cannot help");
  simulation.setNodes(aNode("large"));
  simulation.run();
  assert.deepEqual(simulation.placements(), { p: "large" });
});

test("Scheduler says that there are no nodes, and tries again by itself, when there are none", () => {
  const simulation = new Simulation();
  simulation.setPods(aPod("p"));
  const [attempt] = simulation.run();
  assert.equal(attempt?.result === "unschedulable" && attempt.message, "no nodes available to schedule pods");
  simulation.setNodes(aNode("n"));
  simulation.tickNext();
  simulation.run();
  assert.deepEqual(simulation.placements(), { p: "n" });
});

test("Scheduler leaves a gated Pod alone, until its last gate is removed", () => {
  const simulation = new Simulation();
  simulation.setNodes(aNode("n"));
  const gated = (...names: readonly string[]) =>
    aPod("p", {}, { schedulingGates: names.map((name) => ({ name })) });
  simulation.setPods(gated("a", "b"));
  simulation.setPods(gated("b"));
  simulation.setNodes(aNode("n2"));
  assert.deepEqual(simulation.run(), []);
  assert.equal(simulation.scheduler.queueCounts().gated, 1);
  simulation.setPods(gated());
  const [attempt] = simulation.run();
  assert.equal(attempt?.result, "scheduled");
});

test("Scheduler sends Pods to their own profile, and ignores those of other schedulers", () => {
  const packing = defaultProfile({
    schedulerName: "packing",
    args: {
      NodeResourcesFit: {
        ignoredResources: [],
        ignoredResourceGroups: [],
        scoringStrategy: {
          type: "MostAllocated",
          resources: [{ name: "cpu", weight: 1 }],
          requestedToCapacityRatio: null,
        },
      },
    },
    plugins: resolvePluginSets({
      score: {
        ...NOTHING_WRITTEN,
        disabled: ["*"],
        enabled: [{ name: "NodeResourcesFit", weight: 1 }],
      },
    }),
  });
  const simulation = new Simulation({ configuration: { profiles: [defaultProfile(), packing] } });
  simulation.setNodes(aNode("empty"), aNode("half"));
  simulation.setPods(bound(aPod("old", { cpu: "2" }), "half"));
  simulation.setPods(
    aPod("spread", { cpu: "1" }),
    aPod("packed", { cpu: "1" }, { schedulerName: "packing" }),
    aPod("foreign", {}, { schedulerName: "somebody-else" }),
  );
  simulation.run();
  assert.deepEqual(simulation.placements(), { old: "half", spread: "empty", packed: "half" });
  const exposed = simulation.scheduler.metrics.expose();
  assert.match(exposed, /schedule_attempts_total\{profile="packing",result="scheduled"\} 1/);
});

test("Scheduler looks at nodes zone by zone and goes on where it stopped, when it need not see all", () => {
  const simulation = new Simulation({ configuration: { percentageOfNodesToScore: 10 } });
  simulation.setNodes(...someNodes(250, {}, 2));
  const seen: number[] = [];
  for (let index = 0; index < 5; index++) {
    simulation.setPods(aPod(`p${index}`, { cpu: "100m" }));
    const [attempt] = simulation.run();
    seen.push(attempt?.evaluatedNodes ?? 0);
    const at = Number(simulation.placements()[`p${index}`]?.slice("node".length));
    const place = (at - index * 100 + 1000) % 250;
    assert.ok(place < 100, `Pod ${index} went to node${at}`);
  }
  assert.deepEqual(seen, [100, 100, 100, 100, 100]);
});
