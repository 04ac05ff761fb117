import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { type KeySpan, SortedKeys } from "./sorted-keys.js";

interface Item {
  readonly key: string;
  alive: boolean;
}

const SEED = 11;
const STEPS = 20_000;
/** Enough for several chunks. */
const KEYS = 4_000;

function keysIn(items: readonly Item[], { from, to }: KeySpan): Item[] {
  return items.filter(({ key }) => key >= from && (to === null || key < to));
}

test(`SortedKeys holds what one sorted array holds, after random changes (seed ${SEED})`, () => {
  const prng = new Prng(SEED);
  const sorted = new SortedKeys<Item>();
  const twin = new Map<string, Item>();
  const randomKey = () => `k${prng.below(KEYS)}`;
  for (let step = 0; step < STEPS; step++) {
    const key = randomKey();
    const item = twin.get(key);
    if (item === undefined) {
      const added = { key, alive: prng.below(2) === 0 };
      twin.set(key, added);
      sorted.insert(added);
    } else if (prng.below(3) === 0) {
      twin.delete(key);
      sorted.remove(item);
    } else sorted.setAlive(item, prng.below(2) === 0);
    if (step % 400 === 0) compare(sorted, [...twin.values()], prng);
  }
  assert.equal(sorted.size, twin.size);
});

function compare(sorted: SortedKeys<Item>, items: Item[], prng: Prng): void {
  items.sort((left, right) => (left.key < right.key ? -1 : 1));
  const ends = [null, "", "k", `k${prng.below(KEYS)}`, `k${prng.below(KEYS)}0`, "z"];
  const span = { from: prng.pick(["", "k", `k${prng.below(KEYS)}`, "z"]), to: prng.pick(ends) };
  const walked: Item[] = [];
  sorted.walk(span, (item) => walked.push(item) > 0);
  const expected = keysIn(items, span);
  assert.deepEqual(walked, expected, JSON.stringify(span));
  assert.equal(sorted.countAlive(span), expected.filter((item) => item.alive).length, JSON.stringify(span));
}

test("SortedKeys takes keys that come in order, and in reverse", () => {
  for (const sign of [1, -1]) {
    const sorted = new SortedKeys<Item>();
    const keys = Array.from({ length: 3_000 }, (_, index) => String(10_000 + sign * index));
    for (const key of keys) sorted.insert({ key, alive: true });
    const walked: string[] = [];
    sorted.walk({ from: "", to: null }, ({ key }) => walked.push(key) > 0);
    assert.deepEqual(walked, keys.sort());
    assert.equal(sorted.countAlive({ from: "", to: null }), keys.length);
  }
});

test("SortedKeys.walk stops when it is told to", () => {
  const sorted = new SortedKeys<Item>();
  for (const key of ["a", "b", "c"]) sorted.insert({ key, alive: true });
  const walked: string[] = [];
  sorted.walk({ from: "", to: null }, ({ key }) => walked.push(key) < 2);
  assert.deepEqual(walked, ["a", "b"]);
});
