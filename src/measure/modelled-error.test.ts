import assert from "node:assert/strict";
import { test } from "node:test";
import { withinModelledError } from "./modelled-error.js";

test("withinModelledError ties times that differ by at most 15%, whichever comes first", () => {
  for (const [a, b, tied] of [
    [4430, 4520, true],
    [1000, 1150, true],
    [1000, 1151, false],
    [0, 0, true],
    [0, 1, false],
  ] as const) {
    assert.equal(withinModelledError(a, b), tied, `${a} and ${b}`);
    assert.equal(withinModelledError(b, a), tied, `${b} and ${a}`);
  }
});
