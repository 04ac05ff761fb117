import assert from "node:assert/strict";
import test from "node:test";
import { matchesLabels, matchesSelector } from "./selector.js";
import type { LabelSelector } from "./types.js";

const LABELS = { app: "web", tier: "front" };

test("matchesLabels wants every pair, and an empty selector matches all", () => {
  assert.equal(matchesLabels(LABELS, { app: "web" }), true);
  assert.equal(matchesLabels(LABELS, { app: "web", tier: "back" }), false);
  assert.equal(matchesLabels(LABELS, {}), true);
  assert.equal(matchesLabels(undefined, {}), true);
  assert.equal(matchesLabels(undefined, { app: "web" }), false);
});

test("matchesLabels reads own properties only", () => {
  assert.equal(
    matchesSelector({}, { matchExpressions: [{ key: "constructor", operator: "Exists" }] }),
    false,
  );
  assert.equal(matchesLabels({ constructor: "x" } as never, { constructor: "x" } as never), true);
});

const CASES: readonly (readonly [string, LabelSelector, boolean])[] = [
  ["In finds a value", { matchExpressions: [{ key: "app", operator: "In", values: ["api", "web"] }] }, true],
  [
    "In fails on another value",
    { matchExpressions: [{ key: "app", operator: "In", values: ["api"] }] },
    false,
  ],
  ["In fails without the key", { matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }, false],
  [
    "NotIn holds without the key",
    { matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] },
    true,
  ],
  [
    "NotIn fails on a listed value",
    { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] },
    false,
  ],
  ["Exists wants the key", { matchExpressions: [{ key: "tier", operator: "Exists" }] }, true],
  [
    "DoesNotExist fails with the key",
    { matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
    false,
  ],
  [
    "all parts must hold",
    { matchLabels: { app: "web" }, matchExpressions: [{ key: "tier", operator: "In", values: ["back"] }] },
    false,
  ],
  ["no part matches everything", {}, true],
];

for (const [name, selector, expected] of CASES) {
  test(`matchesSelector: ${name}`, () => assert.equal(matchesSelector(LABELS, selector), expected));
}
