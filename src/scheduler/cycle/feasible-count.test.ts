import assert from "node:assert/strict";
import { test } from "node:test";
import { feasibleNodesWanted } from "./feasible-count.js";

test("feasibleNodesWanted falls from all to one in twenty, when the number of nodes decides", () => {
  const rows: readonly (readonly [nodes: number, wanted: number])[] = [
    [0, 0],
    [99, 99],
    [100, 100],
    [500, 230],
    [1000, 420],
    [2000, 680],
    [5000, 500],
    [5625, 281],
    [10_000, 500],
    [15_000, 750],
    [20_000, 1000],
  ];
  for (const [nodes, wanted] of rows) assert.equal(feasibleNodesWanted(nodes, 0), wanted, `${nodes} nodes`);
});

test("feasibleNodesWanted takes the percentage that is given, but never less than 100 nodes", () => {
  const rows: readonly (readonly [nodes: number, percentage: number, wanted: number])[] = [
    [5000, 100, 5000],
    [5000, 30, 1500],
    [5000, 1, 100],
    [101, 100, 101],
    [333, 50, 166],
    [50, 10, 50],
  ];
  for (const [nodes, percentage, wanted] of rows)
    assert.equal(feasibleNodesWanted(nodes, percentage), wanted, `${percentage}% of ${nodes}`);
});
