import assert from "node:assert/strict";
import { test } from "node:test";
import { type Status, unresolvable, unschedulable } from "../framework/status.js";
import { aNode, aPod, Simulation } from "../scheduler.test-data.js";
import { filter } from "./cycle.test-data.js";
import { diagnoseNothing, diagnoseSearch } from "./diagnosis.js";

/** Nodes of which "open" passes the filters, and what extenders say of it. */
function diagnose(found: number, statuses: ReadonlyMap<string, Status> = new Map()) {
  const simulation = new Simulation();
  simulation.setNodes(
    aNode("small", { cpu: "1" }),
    aNode("also-small", { cpu: "1", memory: "1Gi" }),
    aNode("closed", {}, {}, { unschedulable: true }),
    aNode("open"),
  );
  const { cycle, search, preFilter } = filter(simulation, aPod("p", { cpu: "2", memory: "2Gi" }));
  return diagnoseSearch(cycle, search, { ...preFilter, extenders: { found, statuses } });
}

test("diagnoseSearch counts reasons, names plugins and knows every node's status", () => {
  const { reasons, plugins, pendingPlugins, preFilterMessage, statuses } = diagnose(1);
  assert.deepEqual(Object.fromEntries(reasons), {
    "Insufficient cpu": 2,
    "Insufficient memory": 1,
    "node(s) were unschedulable": 1,
  });
  assert.deepEqual([...plugins].sort(), ["NodeResourcesFit", "NodeUnschedulable"]);
  assert.deepEqual([pendingPlugins.size, preFilterMessage], [0, ""]);
  assert.deepEqual(
    [...statuses()].slice(0, 3).map(([name, { code }]) => `${name} ${code}`),
    [
      "small UnschedulableAndUnresolvable",
      "also-small UnschedulableAndUnresolvable",
      "closed UnschedulableAndUnresolvable",
    ],
  );
});

test("diagnoseSearch takes an extender's word, and waits for any event then", () => {
  const word = unschedulable("Extender", "too loud");
  const { reasons, plugins, statuses } = diagnose(0, new Map([["open", word]]));
  assert.equal(reasons.get("too loud"), 1);
  assert.equal(plugins.has("Extender"), true);
  assert.equal(statuses().get("open"), word);
});

test("diagnoseSearch waits for any event, when an extender drops a node without a word", () => {
  assert.equal(diagnose(0).plugins.has("Extender"), true);
  assert.equal(diagnose(1).plugins.has("Extender"), false);
});

test("diagnoseNothing repeats what PreFilter said, and remembers who waits for something outside", () => {
  const hopeless = diagnoseNothing(unresolvable("VolumeBinding", "no claim", "no class"), []);
  assert.equal(hopeless.preFilterMessage, "no claim, no class");
  assert.deepEqual([[...hopeless.plugins], [...hopeless.pendingPlugins]], [["VolumeBinding"], []]);
  const pending = diagnoseNothing({ code: "Pending", reasons: [], plugin: "Later" }, []);
  assert.deepEqual([...pending.pendingPlugins], ["Later"]);
});
