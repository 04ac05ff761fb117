import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "../cluster.test-data.js";
import type { Candidate } from "./candidates.js";
import { pickNode } from "./pick-node.js";

const NOW_MS = Date.parse("2026-01-01T01:00:00Z");

/** A candidate from the victims' priorities, or priorities with the minute they started. */
function candidate(
  nodeName: string,
  victims: readonly (number | [number, number])[],
  violations = 0,
): Candidate {
  const pods = victims.map((victim, index) => {
    const [priority, minute] = typeof victim === "number" ? [victim, null] : victim;
    const status =
      minute === null ? {} : { startTime: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z` };
    return pod(`${nodeName}-${index}`, { priority }, {}, status);
  });
  return { nodeName, pods, violations };
}

function picked(...candidates: readonly Candidate[]): string {
  return pickNode(candidates, NOW_MS).nodeName;
}

test("pickNode takes the fewest broken budgets, whatever the priorities", () => {
  assert.equal(picked(candidate("a", [0], 1), candidate("b", [100, 100, 100], 0)), "b");
});

test("pickNode takes the lowest top priority, when budgets are equal", () => {
  assert.equal(picked(candidate("a", [10]), candidate("b", [9, 9, 9, 9])), "b");
});

test("pickNode takes the lowest sum of priorities, when the top priority is equal", () => {
  assert.equal(picked(candidate("a", [10, 5]), candidate("b", [10, 4])), "b");
});

test("pickNode sums so that negative priorities do not favour many victims", () => {
  assert.equal(picked(candidate("a", [-5, -5, -5]), candidate("b", [-5])), "b");
});

test("pickNode takes the fewest victims, when the sums are equal", () => {
  // Two victims: 10 and the lowest priority there is, which adds 0 to the sum.
  const lowest = -(2 ** 31);
  assert.equal(picked(candidate("a", [10, lowest]), candidate("b", [10])), "b");
});

test("pickNode takes the latest start among top victims, when all else is equal", () => {
  assert.equal(picked(candidate("a", [[10, 5]]), candidate("b", [[10, 7]])), "b");
  // Of each node the earliest start of a top victim counts: minutes 5 and 6.
  const a = candidate("a", [
    [10, 5],
    [10, 50],
  ]);
  const b = candidate("b", [
    [10, 6],
    [10, 7],
  ]);
  assert.equal(picked(a, b), "b");
  // Starts of lesser victims do not count: minutes 5 and 6 again.
  assert.equal(
    picked(
      candidate("a", [
        [10, 5],
        [1, 50],
      ]),
      candidate("b", [
        [10, 6],
        [1, 0],
      ]),
    ),
    "b",
  );
});

test("pickNode takes a victim that has not started for one that starts now", () => {
  assert.equal(picked(candidate("a", [[10, 59]]), candidate("b", [10])), "b");
});

test("pickNode takes the first, when all is equal", () => {
  assert.equal(picked(candidate("b", [1]), candidate("a", [1])), "b");
});
