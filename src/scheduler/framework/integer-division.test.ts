import assert from "node:assert/strict";
import { test } from "node:test";
import { mulDiv } from "./integer-division.js";

test("mulDiv truncates towards zero", () => {
  assert.equal(mulDiv(2, 100, 3), 66);
  assert.equal(mulDiv(-10, 3, 4), -7);
});

test("mulDiv is exact, when the product passes 2^53", () => {
  const capacity = 2 ** 52 + 1;
  assert.equal(mulDiv(capacity, 100, capacity), 100);
  assert.equal(mulDiv(capacity - 1, 100, capacity), 99);
});
