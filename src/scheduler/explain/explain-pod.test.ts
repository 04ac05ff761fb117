import assert from "node:assert/strict";
import test from "node:test";
import type { Taint } from "../../api/scheduling.js";
import { explain, node, pod, schedulerOver } from "./explain.test-data.js";
import { placePod, takeBack } from "./place-pod.js";

const TAINT: Taint = { key: "dedicated", effect: "NoSchedule" };

test("explainPod tells every node its verdict or its scores, and names the first of equals", () => {
  const scheduler = schedulerOver([node("b"), node("c", { spec: { taints: [TAINT] } }), node("a")]);
  const { explanation } = explain(scheduler, pod("web", "1"));
  assert.equal(explanation.chosen, "a");
  assert.deepEqual(
    explanation.nodes.map(({ name, code, plugin }) => [name, code, plugin]),
    [
      ["b", "Success", ""],
      ["c", "UnschedulableAndUnresolvable", "TaintToleration"],
      ["a", "Success", ""],
    ],
  );
  const [first, second] = explanation.nodes;
  // 3 of 4 CPU and 7 of 8 Gi are left: (75 + 87) / 2. Usage of 1/4 and 1/8: 50 + (50 + 93 - 100) / 2.
  assert.deepEqual(first?.scores, {
    TaintToleration: 100,
    NodeResourcesFit: 81,
    NodeResourcesBalancedAllocation: 71,
    ImageLocality: 0,
  });
  assert.equal(first?.total, 300 + 81 + 71);
  assert.equal(second?.scores, null);
  assert.deepEqual(explanation.preScoreSkip, [
    "InterPodAffinity",
    "NodeAffinity",
    "PodTopologySpread",
    "VolumeBinding",
  ]);
});

test("explainPod scores a lone feasible node, too", () => {
  const { explanation } = explain(schedulerOver([node("a")]), pod("web", "1"));
  assert.equal(explanation.nodes[0]?.total, 452);
});

test("explainPod says the same on columns and on objects", () => {
  const scheduler = schedulerOver([node("a"), node("b", { spec: { unschedulable: true } })]);
  for (const cpu of ["1", "9"]) {
    const onObjects = explain(scheduler, pod("web", cpu)).explanation;
    assert.deepEqual(explain(scheduler, pod("web", cpu), "columns").explanation, onObjects);
  }
});

test("explainPod gives the event's message and no victims, when preempting does not help", () => {
  const { explanation } = explain(schedulerOver([node("a"), node("b")]), pod("web", "9"));
  const none = "0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
  assert.equal(explanation.chosen, null);
  assert.equal(explanation.message, `0/2 nodes are available: 2 Insufficient cpu. preemption: ${none}`);
  assert.deepEqual(explanation.preemption, {
    code: "Unschedulable",
    node: null,
    victims: [],
    tied: [],
    message: `preemption: ${none}`,
  });
});

test("explainPod names the victims on the first of equally harmless nodes, and all of these", () => {
  const running = ["b", "a"].map((nodeName) => ({
    ...pod(`on-${nodeName}`, "3", { nodeName }),
    status: { startTime: "2026-01-01T00:00:00Z" },
  }));
  const scheduler = schedulerOver([node("b"), node("a")], running);
  const { explanation } = explain(scheduler, pod("urgent", "2", { priority: 5 }));
  assert.deepEqual(explanation.preemption, {
    code: "Success",
    node: "a",
    victims: ["default/on-a"],
    tied: ["a", "b"],
    message: "",
  });
  assert.equal(explanation.message, "0/2 nodes are available: 2 Insufficient cpu.");
});

test("explainPod tells what PreFilter says, and no nodes, when it turns the Pod down", () => {
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "gone" } }];
  const { explanation } = explain(schedulerOver([node("a")]), pod("web", "1", { volumes }));
  assert.deepEqual(explanation.preFilter, {
    code: "UnschedulableAndUnresolvable",
    plugin: "VolumeRestrictions",
    reasons: ['persistentvolumeclaim "gone" not found'],
  });
  assert.deepEqual(explanation.nodes, []);
});

test("explainPod blames no plugin on nodes that PreFilter left aside", () => {
  const matchFields = [{ key: "metadata.name", operator: "In" as const, values: ["b"] }];
  const required = { nodeSelectorTerms: [{ matchFields }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
  const { explanation } = explain(schedulerOver([node("a"), node("b")]), pod("web", "1", { affinity }));
  assert.equal(explanation.chosen, "b");
  assert.deepEqual(explanation.nodes[0], {
    name: "a",
    code: "UnschedulableAndUnresolvable",
    plugin: "",
    reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"],
    scores: null,
    total: null,
  });
});

test("placePod lets the next Pod see what the first one took, and takeBack gives it back", () => {
  const scheduler = schedulerOver([node("a")]);
  const { cycle } = explain(scheduler, pod("first", "3"), "columns");
  const next = () => explain(scheduler, pod("next", "2"), "columns").explanation.chosen;
  assert.equal(placePod(cycle, "a"), null);
  assert.equal(next(), null);
  takeBack(cycle, "a");
  assert.equal(next(), "a");
});
