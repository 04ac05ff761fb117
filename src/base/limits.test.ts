import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "./limits.js";

test("LIMITS are whole numbers that an f64 holds exactly", () => {
  for (const [name, limit] of Object.entries(LIMITS))
    assert.ok(Number.isSafeInteger(limit) && limit > 0, name);
});
