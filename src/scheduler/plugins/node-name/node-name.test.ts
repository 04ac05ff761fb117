import assert from "node:assert/strict";
import { test } from "node:test";
import { CycleState } from "../../framework/cycle-state.js";
import { node, pod } from "../cluster.test-data.js";
import { createNodeName } from "./node-name.js";

test("NodeName turns down every node but the one named", () => {
  const { filter } = createNodeName();
  const status = (nodeName: string) => filter(new CycleState(), pod("p", { nodeName }), node("n1"));
  assert.equal(status(""), null);
  assert.equal(status("n1"), null);
  assert.deepEqual(status("n2"), {
    code: "UnschedulableAndUnresolvable",
    reasons: ["node(s) didn't match the requested node name"],
    plugin: "NodeName",
  });
});
