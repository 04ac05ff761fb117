import assert from "node:assert/strict";
import { test } from "node:test";
import { CidrSet } from "./cidr-set.js";

test("CidrSet gives ranges in order, goes round, and gives none twice", () => {
  const set = new CidrSet("10.244.0.0/22", 24);
  assert.equal(set.occupy("10.244.1.0/24"), true);
  assert.equal(set.occupy("10.200.1.0/24"), false);
  assert.deepEqual(
    [set.allocate(), set.allocate(), set.allocate(), set.allocate()],
    ["10.244.0.0/24", "10.244.2.0/24", "10.244.3.0/24", null],
  );
  set.release("10.244.2.0/24");
  assert.equal(set.freeCount, 1);
  assert.equal(set.allocate(), "10.244.2.0/24");
});

test("CidrSet has room for more than 5,000 nodes in a larger range, and knows IPv6", () => {
  const set = new CidrSet("10.128.0.0/9", 24);
  const given = new Set(Array.from({ length: 5000 }, () => set.allocate()));
  assert.equal(given.size, 5000);
  assert.ok(given.has("10.147.135.0/24"));
  assert.equal(new CidrSet("fd00:10:244::/56", 64).allocate(), "fd00:10:244::/64");
});

test("CidrSet refuses ranges that cannot be cut", () => {
  assert.throws(() => new CidrSet("10.244.0.0/25", 24), /Cannot cut cluster range/);
  assert.throws(() => new CidrSet("10.0.0.0/4", 24), /at most 65536/);
  assert.throws(() => new CidrSet("nowhere", 24), /no CIDR/);
});
