import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizeScores } from "./normalize.js";

const normalized = (scores: number[], isReversed: boolean) => {
  normalizeScores(scores, isReversed);
  return scores;
};

test("normalizeScores scales to the largest score and truncates", () => {
  assert.deepEqual(normalized([0, 1, 2, 3], false), [0, 33, 66, 100]);
});

test("normalizeScores turns the scale round, when reversed", () => {
  assert.deepEqual(normalized([0, 1, 2, 3], true), [100, 67, 34, 0]);
});

test("normalizeScores gives all 0, or reversed all 100, when no node scores", () => {
  assert.deepEqual(normalized([0, 0], false), [0, 0]);
  assert.deepEqual(normalized([0, 0], true), [100, 100]);
});
