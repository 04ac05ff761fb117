import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeSelectorTerm } from "../../api/scheduling.js";
import type { Pod } from "../../api/types.js";
import { using } from "../plugins/volumes.test-data.js";
import { aNode, aPod, Simulation } from "../scheduler.test-data.js";
import { cycleOf, recorder } from "./cycle.test-data.js";
import { runPreFilter } from "./pre-filter.js";

/** Terms are ORed, the names of a term ANDed. */
function pinned(...terms: readonly (readonly string[])[]): Pod {
  const nodeSelectorTerms: NodeSelectorTerm[] = terms.map((names) => ({
    matchFields: names.map((name) => ({ key: "metadata.name", operator: "In", values: [name] })),
  }));
  return aPod(
    "p",
    { cpu: "1" },
    { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } },
  );
}

function cluster(): Simulation {
  const simulation = new Simulation();
  simulation.setNodes(aNode("a"), aNode("b"), aNode("c", { cpu: "0" }), aNode("d"));
  return simulation;
}

test("runPreFilter names the only nodes to look at, when the Pod is pinned by name", () => {
  const { status, nodeNames, excluded } = runPreFilter(
    cycleOf(cluster(), pinned(["b"], ["c"], ["gone"])),
    recorder(),
  );
  assert.equal(status, null);
  assert.deepEqual([...(nodeNames ?? [])].sort(), ["b", "c", "gone"]);
  assert.deepEqual(excluded.reasons, ["node(s) didn't satisfy plugin(s) [NodeAffinity]"]);
});

test("runPreFilter stops, when a Pod's terms leave no node at all", () => {
  const { status } = runPreFilter(cycleOf(cluster(), pinned(["a", "b"])), recorder());
  assert.deepEqual(status, {
    code: "UnschedulableAndUnresolvable",
    reasons: ["pod affinity terms conflict"],
    plugin: "NodeAffinity",
  });
});

test("runPreFilter stops at the first plugin without hope, and names it", () => {
  const { status, nodeNames } = runPreFilter(cycleOf(cluster(), aPod("p", {}, using("missing"))), recorder());
  assert.equal(nodeNames, null);
  assert.deepEqual(
    [status?.plugin, status?.reasons],
    ["VolumeRestrictions", ['persistentvolumeclaim "missing" not found']],
  );
});

test("runPreFilter leaves Filters out that have nothing to say, and runs columns where there are some", () => {
  const cycle = cycleOf(cluster(), aPod("p", { cpu: "1" }));
  runPreFilter(cycle, recorder());
  const modes = cycle.framework.filters.map(({ name }, index) => [name, cycle.modes[index]] as const);
  const named = (mode: string) => modes.filter(([, each]) => each === mode).map(([name]) => name);
  assert.deepEqual(named("objects"), []);
  assert.deepEqual(named("columns"), [
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeResourcesFit",
  ]);
  assert.equal(named("skip").length, modes.length - 4);
});

test("a pinned Pod is judged on its nodes only, and the others are told why they were left out", () => {
  const simulation = cluster();
  simulation.setPods(pinned(["c"], ["gone"]));
  const [attempt] = simulation.run();
  assert.equal(attempt?.evaluatedNodes, 1);
  assert.match(
    simulation.events()[0] ?? "",
    /0\/4 nodes are available: 1 Insufficient cpu, 3 node\(s\) didn't satisfy plugin\(s\) \[NodeAffinity\]\. preemption/,
  );
});

test("a pinned Pod is told that nothing satisfies it, when none of its nodes exists", () => {
  const simulation = cluster();
  simulation.setPods(pinned(["gone"]));
  const [attempt] = simulation.run();
  assert.deepEqual([attempt?.result, attempt?.evaluatedNodes], ["unschedulable", 0]);
  assert.match(simulation.events()[0] ?? "", /: 4 node\(s\) didn't satisfy plugin\(s\) \[NodeAffinity\]\. /);
});
