import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "./errors.js";
import { checkLimit, LIMITS } from "./limits.js";

test("checkLimit accepts the limit itself and refuses one more, naming both", () => {
  checkLimit("SERVICES_MAX", LIMITS.SERVICES_MAX, "the cluster's Services");
  assert.throws(
    () => checkLimit("SERVICES_MAX", LIMITS.SERVICES_MAX + 1, "the cluster's Services"),
    (error: unknown) =>
      error instanceof PlumbError &&
      error.code === "LimitExceeded" &&
      error.message === "Cannot accept the cluster's Services: got 200001, limit SERVICES_MAX=200000",
  );
});

test("LIMITS are whole numbers that an f64 holds exactly", () => {
  for (const [name, limit] of Object.entries(LIMITS))
    assert.ok(Number.isSafeInteger(limit) && limit > 0, name);
});
