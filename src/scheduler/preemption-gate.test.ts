import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action } from "./framework/action.js";
import { pod } from "./plugins/cluster.test-data.js";
import { PreemptionGate } from "./preemption-gate.js";

function deletion(uid: string): Action {
  const condition = { type: "DisruptionTarget", status: "True" as const };
  return { kind: "deletePod", namespace: "default", name: uid, uid, condition };
}

test("PreemptionGate lifts once, when the last victim goes, whoever else goes", () => {
  const gate = new PreemptionGate();
  let lifted = 0;
  gate.close([deletion("a"), deletion("b")], () => lifted++);
  const steps = ["stranger", "b", "b", "a", "a"].map((uid) => {
    gate.goes(pod(uid));
    return lifted;
  });
  assert.deepEqual(steps, [0, 0, 0, 1, 1]);
});

test("PreemptionGate lifts each wait by itself, when two share a victim", () => {
  const gate = new PreemptionGate();
  const lifted: string[] = [];
  gate.close([deletion("shared")], () => lifted.push("first"));
  gate.close([deletion("shared"), deletion("own")], () => lifted.push("second"));
  gate.goes(pod("shared"));
  assert.deepEqual(lifted, ["first"]);
  gate.goes(pod("own"));
  assert.deepEqual(lifted, ["first", "second"]);
});
