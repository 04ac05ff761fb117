import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../api/types.js";
import { nodeUpdateEvents } from "./node-update-events.js";
import { aNode } from "./scheduler.test-data.js";

/** The moment is one of the fields that nobody looks at. */
function ready(status: "True" | "False", lastHeartbeatTime: string): NonNullable<Node["status"]> {
  const condition = { type: "Ready", status, lastHeartbeatTime };
  return { conditions: [condition] };
}
const taint = { key: "k", effect: "NoSchedule" as const };

test("nodeUpdateEvents names what changed, as finely as it can be told, when a node is updated", () => {
  const base = aNode("n");
  const rows: readonly (readonly [change: string, before: Node, after: Node, labels: readonly string[]])[] = [
    ["nothing", base, aNode("n"), []],
    ["a heartbeat", { ...base, status: ready("True", "1") }, { ...base, status: ready("True", "2") }, []],
    ["allocatable", base, aNode("n", { cpu: "8" }), ["NodeAllocatableUpdate"]],
    ["labels", base, aNode("n", {}, { a: "b" }), ["NodeLabelUpdate"]],
    ["taints", base, aNode("n", {}, {}, { taints: [taint] }), ["NodeTaintUpdate"]],
    ["closed", base, aNode("n", {}, {}, { unschedulable: true }), ["NodeTaintUpdate"]],
    ["open, written out", base, aNode("n", {}, {}, { unschedulable: false }), []],
    [
      "a condition",
      { ...base, status: ready("False", "1") },
      { ...base, status: ready("True", "2") },
      ["NodeConditionUpdate"],
    ],
    [
      "an annotation",
      base,
      { ...base, metadata: { ...base.metadata, annotations: { a: "b" } } },
      ["NodeAnnotationUpdate"],
    ],
    [
      "several",
      base,
      aNode("n", { cpu: "8" }, { a: "b" }, { taints: [taint] }),
      ["NodeAllocatableUpdate", "NodeLabelUpdate", "NodeTaintUpdate"],
    ],
  ];
  for (const [change, before, after, labels] of rows)
    assert.deepEqual(
      nodeUpdateEvents(before, after).map(({ label }) => label),
      labels,
      change,
    );
});
