import assert from "node:assert/strict";
import { test } from "node:test";
import type { Taint, Toleration } from "../../api/scheduling.js";
import { countAvoidedTaints, forbiddingTaint, tolerates } from "./taints.js";

const TAINT: Taint = { key: "gpu", value: "a100", effect: "NoSchedule" };

test("tolerates compares key, value and effect, each of which may be left open", () => {
  const cases: [Toleration, boolean][] = [
    [{ key: "gpu", value: "a100" }, true],
    [{ key: "gpu", operator: "Equal", value: "a100", effect: "NoSchedule" }, true],
    [{ key: "gpu", operator: "Equal" }, false],
    [{ key: "gpu", operator: "Exists" }, true],
    [{ key: "cpu", operator: "Exists" }, false],
    [{ operator: "Exists" }, true],
    [{ operator: "Exists", effect: "NoExecute" }, false],
    [{ operator: "Exists", effect: "" }, true],
    [{ key: "gpu", operator: "Gt", value: "1" }, false],
  ];
  for (const [toleration, expected] of cases)
    assert.equal(tolerates(toleration, TAINT), expected, JSON.stringify(toleration));
});

test("forbiddingTaint finds the first NoSchedule or NoExecute taint that is not tolerated", () => {
  const soft: Taint = { key: "soft", effect: "PreferNoSchedule" };
  const evict: Taint = { key: "evict", effect: "NoExecute" };
  assert.equal(forbiddingTaint([soft, TAINT, evict], [{ key: "gpu", operator: "Exists" }]), evict);
  assert.equal(forbiddingTaint([soft], []), null);
  assert.equal(forbiddingTaint(undefined, undefined), null);
});

test("countAvoidedTaints counts PreferNoSchedule taints only", () => {
  const taints: Taint[] = [
    { key: "a", effect: "PreferNoSchedule" },
    { key: "b", effect: "PreferNoSchedule" },
    TAINT,
  ];
  assert.equal(countAvoidedTaints(taints, []), 2);
  assert.equal(countAvoidedTaints(taints, [{ key: "a", operator: "Exists", effect: "NoSchedule" }]), 2);
  assert.equal(countAvoidedTaints(taints, [{ key: "a", operator: "Exists" }]), 1);
});
