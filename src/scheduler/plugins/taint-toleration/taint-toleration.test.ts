import assert from "node:assert/strict";
import { test } from "node:test";
import type { Taint, TaintEffect } from "../../../api/scheduling.js";
import { CycleState } from "../../framework/cycle-state.js";
import { node, pod } from "../cluster.test-data.js";
import { createTaintToleration } from "./taint-toleration.js";

const tainted = (name: string, ...taints: [string, TaintEffect][]) =>
  node(name, { spec: { taints: taints.map(([key, effect]): Taint => ({ key, effect })) } });

const plugin = createTaintToleration();
const state = new CycleState();

test("TaintToleration turns down a node with an untolerated NoSchedule or NoExecute taint", () => {
  for (const effect of ["NoSchedule", "NoExecute"] as const)
    assert.deepEqual(plugin.filter(state, pod("p"), tainted("n", ["gpu", effect])), {
      code: "UnschedulableAndUnresolvable",
      reasons: ["node(s) had untolerated taint(s)"],
      plugin: "TaintToleration",
    });
  const tolerating = pod("p", { tolerations: [{ key: "gpu", operator: "Exists" }] });
  assert.equal(plugin.filter(state, tolerating, tainted("n", ["gpu", "NoSchedule"])), null);
  assert.equal(plugin.filter(state, pod("p"), tainted("n", ["gpu", "PreferNoSchedule"])), null);
});

test("TaintToleration scores nodes with fewer taints to avoid higher", () => {
  const nodes = [
    tainted("n0"),
    tainted("n1", ["a", "PreferNoSchedule"]),
    tainted("n3", ["a", "PreferNoSchedule"], ["b", "PreferNoSchedule"], ["c", "PreferNoSchedule"]),
  ];
  const scores = nodes.map((each) => plugin.score(state, pod("p"), each));
  assert.deepEqual(scores, [0, 1, 3]);
  plugin.normalize(state, pod("p"), nodes, scores);
  assert.deepEqual(scores, [100, 67, 0]);
});

test("TaintToleration queues, when a node becomes tolerable", () => {
  const [afterNode] = plugin.eventsToRegister();
  const bad = tainted("n", ["gpu", "NoSchedule"]).node;
  const good = tainted("n").node;
  const hint = (before: unknown, after: unknown) => afterNode?.hint?.(pod("p"), { before, after });
  assert.equal(hint(null, good), "Queue");
  assert.equal(hint(null, bad), "Skip");
  assert.equal(hint(bad, good), "Queue");
  assert.equal(hint(good, good), "Skip");
});
