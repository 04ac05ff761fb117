import assert from "node:assert/strict";
import { test } from "node:test";
import { scoreAtUtilization } from "./utilization-shape.js";

const HILL = [
  { utilization: 10, score: 1 },
  { utilization: 40, score: 10 },
  { utilization: 70, score: 3 },
];

test("scoreAtUtilization is flat beyond the ends and exact on the points", () => {
  assert.deepEqual(
    [0, 10, 40, 70, 100].map((utilization) => scoreAtUtilization(HILL, utilization)),
    [10, 10, 100, 30, 30],
  );
});

test("scoreAtUtilization truncates between points, up and down", () => {
  // 10 + 90*1/30 = 13;  100 - trunc(70*1/30) = 98;  100 - trunc(70*29/30) = 33
  assert.deepEqual(
    [11, 41, 69].map((utilization) => scoreAtUtilization(HILL, utilization)),
    [13, 98, 33],
  );
});
