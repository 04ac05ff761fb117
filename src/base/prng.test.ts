import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "./prng.js";

test("Prng gives mulberry32's published sequence for seed 0", () => {
  const prng = new Prng(0);
  assert.deepEqual([prng.next32(), prng.next32(), prng.next32()], [1144304738, 1416247, 958946056]);
});

test("Prng.below stays below its bound and reaches every value", () => {
  const prng = new Prng(7);
  const seen = new Set(Array.from({ length: 400 }, () => prng.below(10)));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test("Prng.fork gives a stream that later draws of the parent do not change", () => {
  const first = new Prng(5).fork("services").next32();
  const parent = new Prng(5);
  const second = parent.fork("services").next32();
  assert.equal(first, second);
  assert.notEqual(first, new Prng(5).fork("endpoints").next32());
});

test("Prng.shuffled keeps the items", () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const shuffled = new Prng(3).shuffled(items);
  assert.notDeepEqual(shuffled, items);
  assert.deepEqual(
    shuffled.toSorted((a, b) => a - b),
    items,
  );
});
