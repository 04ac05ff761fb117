import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGoDuration, writeGoDuration } from "./go-duration.js";

test("parseGoDuration reads what Go writes", () => {
  assert.equal(parseGoDuration("5s"), 5e9);
  assert.equal(parseGoDuration("1m30s"), 90e9);
  assert.equal(parseGoDuration("1.5h"), 5400e9);
  assert.equal(parseGoDuration("100ms"), 1e8);
  assert.equal(parseGoDuration("7µs"), 7000);
  assert.equal(parseGoDuration("0"), 0);
  assert.equal(parseGoDuration("-2s"), -2e9);
});

test("parseGoDuration gives null, when a unit is missing or unknown", () => {
  for (const written of ["", "5", "5d", "s", "1m 30s", "5s!"]) assert.equal(parseGoDuration(written), null);
});

test("writeGoDuration writes what Go prints", () => {
  for (const written of [
    "0s",
    "7ns",
    "1.5µs",
    "100ms",
    "1s",
    "1.5s",
    "59.999s",
    "1m0s",
    "15m0s",
    "1h0m0.25s",
  ])
    assert.equal(writeGoDuration(parseGoDuration(written) ?? Number.NaN), written);
});
