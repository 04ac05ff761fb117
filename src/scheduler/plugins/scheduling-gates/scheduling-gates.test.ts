import assert from "node:assert/strict";
import { test } from "node:test";
import { queueIfSelf } from "../../framework/event-objects.js";
import { pod } from "../cluster.test-data.js";
import { createSchedulingGates } from "./scheduling-gates.js";

test("SchedulingGates keeps a Pod out while it has gates", () => {
  const plugin = createSchedulingGates();
  const gated = pod("p", { schedulingGates: [{ name: "quota" }, { name: "licence" }] });
  assert.deepEqual(plugin.preEnqueue(gated), {
    code: "UnschedulableAndUnresolvable",
    reasons: ["waiting for scheduling gates: [quota licence]"],
    plugin: "SchedulingGates",
  });
  assert.equal(plugin.preEnqueue(pod("p")), null);
});

test("queueIfSelf queues the Pod that changed and no other", () => {
  const objects = { before: pod("p"), after: pod("p") };
  assert.equal(queueIfSelf(pod("p"), objects), "Queue");
  assert.equal(queueIfSelf(pod("q"), objects), "Skip");
});
