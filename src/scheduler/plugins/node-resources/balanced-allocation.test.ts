import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceList } from "../../../api/scheduling.js";
import { DEFAULT_ARGS } from "../../config/default-configuration.js";
import { CycleState } from "../../framework/cycle-state.js";
import { SKIP } from "../../framework/status.js";
import { node, pod, requesting } from "../cluster.test-data.js";
import { createBalancedAllocation } from "./balanced-allocation.js";

const state = new CycleState();
const ARGS = DEFAULT_ARGS.NodeResourcesBalancedAllocation;
const newer = createBalancedAllocation(ARGS);
const older = createBalancedAllocation(ARGS, "older");
const asking = (requests: ResourceList) => pod("p", requesting(requests));
const sized = (allocatable: ResourceList, taken: ResourceList) =>
  node("n", { allocatable }, [pod("taken", requesting(taken))]);

test("BalancedAllocation scores what the Pod does to the balance, as of v1.36", () => {
  const lopsided = sized({ cpu: "10", memory: "10" }, { cpu: "6", memory: "2" });
  // Without: |0.6 - 0.2| / 2 = 0.2 -> 80.  With: |0.6 - 0.6| = 0 -> 100.  50 + (50 + 20) / 2 = 85
  assert.equal(newer.score(state, asking({ memory: "4" }), lopsided), 85);
  // With: |0.9 - 0.2| / 2 = 0.35 -> 65.  50 + trunc((50 - 15) / 2) = 67
  assert.equal(newer.score(state, asking({ cpu: "3" }), lopsided), 67);
  // With: |0.7 - 0.3| / 2 -> 80, no change.
  assert.equal(newer.score(state, asking({ cpu: "1", memory: "1" }), lopsided), 75);
});

test("BalancedAllocation scores the balance with the Pod, in the older formula", () => {
  const lopsided = sized({ cpu: "10", memory: "10" }, { cpu: "6", memory: "2" });
  assert.equal(older.score(state, asking({ memory: "4" }), lopsided), 100);
  assert.equal(older.score(state, asking({ cpu: "3" }), lopsided), 65);
  // Shares end at 1: |1 - 0.2| / 2 = 0.4
  assert.equal(older.score(state, asking({ cpu: "30" }), lopsided), 60);
});

test("BalancedAllocation takes the population standard deviation of three resources", () => {
  const resources = [...ARGS.resources, { name: "example.com/gpu", weight: 1 }];
  const three = createBalancedAllocation({ resources }, "older");
  const gpus = sized({ cpu: "10", memory: "10", "example.com/gpu": 10 }, { cpu: 0 });
  // Shares 0.1, 0.2, 0.6: mean 0.3, variance (0.04 + 0.01 + 0.09) / 3 = 0.0467, deviation 0.216
  assert.equal(three.score(state, asking({ cpu: "1", memory: "2", "example.com/gpu": 6 }), gpus), 78);
  // No GPU asked for: two resources remain.
  assert.equal(three.score(state, asking({ cpu: "1", memory: "2" }), gpus), 95);
});

test("BalancedAllocation skips Pods that ask for none of the resources", () => {
  assert.equal(newer.preScore(state, asking({})), SKIP);
  assert.equal(newer.preScore(state, asking({ "example.com/gpu": 1 })), SKIP);
  assert.equal(newer.preScore(state, asking({ cpu: "1m" })), null);
});
