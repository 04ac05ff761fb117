import assert from "node:assert/strict";
import { test } from "node:test";
import { unschedulable } from "../framework/status.js";
import { countReasons, fitErrorMessage } from "./fit-error.js";

const NONE = { preFilterMessage: "", postFilterMessage: "" };

test("countReasons counts a node for each of its reasons, and equal reasons together", () => {
  const counts = countReasons([
    [unschedulable("A", "Insufficient cpu", "Insufficient memory"), 3],
    [unschedulable("B", "Insufficient cpu"), 2],
  ]);
  assert.deepEqual(Object.fromEntries(counts), { "Insufficient cpu": 5, "Insufficient memory": 3 });
});

test("fitErrorMessage sorts reasons as text, counts included", () => {
  const reasons = new Map([
    ["y", 2],
    ["x", 10],
    ["b", 3],
    ["a", 3],
  ]);
  assert.equal(fitErrorMessage(18, reasons, NONE), "0/18 nodes are available: 10 x, 2 y, 3 a, 3 b.");
});

test("fitErrorMessage leaves reasons out, when PreFilter has spoken, and puts what PostFilter says last", () => {
  const reasons = new Map([["x", 1]]);
  const rows = [
    [{ ...NONE, preFilterMessage: "no claim" }, "0/3 nodes are available: no claim."],
    [{ ...NONE, postFilterMessage: "preemption: no." }, "0/3 nodes are available: 1 x. preemption: no."],
    [
      { preFilterMessage: "no claim", postFilterMessage: "preemption: no." },
      "0/3 nodes are available: no claim. preemption: no.",
    ],
  ] as const;
  for (const [parts, message] of rows) assert.equal(fitErrorMessage(3, reasons, parts), message);
});
