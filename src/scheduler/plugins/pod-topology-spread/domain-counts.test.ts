import assert from "node:assert/strict";
import { test } from "node:test";
import { DomainCounts } from "./domain-counts.js";

const counts = () =>
  new DomainCounts(
    new Map([
      ["a", 3],
      ["b", 1],
      ["c", 2],
    ]),
  );

test("DomainCounts keeps the minimum while one domain changes", () => {
  const domains = counts();
  assert.equal(domains.minimum(1), 1);
  domains.add("b", 4);
  assert.equal(domains.minimum(1), 2);
  domains.add("b", -5);
  assert.equal(domains.minimum(1), 0);
  domains.add("a", -1);
  assert.equal(domains.at("a"), 2);
});

test("DomainCounts takes 0 for the minimum, when there are fewer domains than asked for", () => {
  assert.equal(counts().minimum(3), 1);
  assert.equal(counts().minimum(4), 0);
  assert.equal(new DomainCounts(new Map()).minimum(1), 0);
});

test("DomainCounts clone goes its own way", () => {
  const original = counts();
  const copy = original.clone();
  copy.add("b", 10);
  assert.deepEqual([original.minimum(1), copy.minimum(1)], [1, 2]);
});
