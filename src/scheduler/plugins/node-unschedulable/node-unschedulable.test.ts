import assert from "node:assert/strict";
import { test } from "node:test";
import { CycleState } from "../../framework/cycle-state.js";
import { node, pod } from "../cluster.test-data.js";
import { createNodeUnschedulable } from "./node-unschedulable.js";

const CORDONED = node("cordoned", { spec: { unschedulable: true } });
const OPEN = node("open");
const TOLERATING = pod("p", {
  tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" }],
});

test("NodeUnschedulable turns down cordoned nodes, unless the taint for it is tolerated", () => {
  const { filter } = createNodeUnschedulable();
  const state = new CycleState();
  assert.deepEqual(filter(state, pod("p"), CORDONED), {
    code: "UnschedulableAndUnresolvable",
    reasons: ["node(s) were unschedulable"],
    plugin: "NodeUnschedulable",
  });
  assert.equal(filter(state, TOLERATING, CORDONED), null);
  assert.equal(filter(state, pod("p"), OPEN), null);
});

test("NodeUnschedulable queues, when a node comes open or is opened", () => {
  const [afterNode, , afterPod] = createNodeUnschedulable().eventsToRegister();
  const hint = (before: typeof OPEN | null, after: typeof OPEN) =>
    afterNode?.hint?.(pod("p"), { before: before?.node ?? null, after: after.node });
  assert.equal(hint(null, OPEN), "Queue");
  assert.equal(hint(null, CORDONED), "Skip");
  assert.equal(hint(CORDONED, OPEN), "Queue");
  assert.equal(hint(OPEN, OPEN), "Skip");
  assert.equal(afterPod?.hint?.(pod("p"), { before: pod("p"), after: TOLERATING }), "Queue");
  assert.equal(afterPod?.hint?.(pod("q"), { before: pod("p"), after: TOLERATING }), "Skip");
});
