import assert from "node:assert/strict";
import { test } from "node:test";
import { planBlocks } from "./blocks.js";

const CASES = ["a", "b", "c", "d", "e"];

test("planBlocks puts every case in every block once, when blocked", () => {
  for (let seed = 0; seed < 50; seed++) {
    for (const row of planBlocks(CASES, { blocks: 7, order: "blocked", seed })) {
      assert.deepEqual(row.slice().sort(), CASES, `seed ${seed}`);
    }
  }
});

test("planBlocks shuffles blocks apart from one another, the same under one seed", () => {
  const plan = planBlocks(CASES, { blocks: 20, order: "blocked", seed: 1 });
  assert.deepEqual(plan, planBlocks(CASES, { blocks: 20, order: "blocked", seed: 1 }));
  assert.notDeepEqual(plan, planBlocks(CASES, { blocks: 20, order: "blocked", seed: 2 }));
  assert.ok(new Set(plan.map((row) => row.join())).size > 15);
});

test("planBlocks gives every case each place about equally often", () => {
  const plan = planBlocks(CASES, { blocks: 5000, order: "blocked", seed: 3 });
  for (const place of CASES.keys()) {
    const count = plan.filter((row) => row[place] === "a").length;
    assert.ok(Math.abs(count - 1000) < 120, `a is at place ${place} in ${count} of 5000 blocks`);
  }
});

test("planBlocks keeps the given order when sequential, and the number of samples when random", () => {
  assert.deepEqual(planBlocks(CASES, { blocks: 2, order: "sequential", seed: 1 }), [CASES, CASES]);
  const all = planBlocks(CASES, { blocks: 4, order: "random", seed: 1 }).flat();
  for (const name of CASES) assert.equal(all.filter((other) => other === name).length, 4);
});
