import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { Heap } from "./heap.js";

interface Item {
  readonly key: string;
  rank: number;
}

function newHeap(...ranks: readonly number[]): Heap<Item> {
  const heap = new Heap<Item>((a, b) => a.rank < b.rank);
  for (const [index, rank] of ranks.entries()) heap.add(`${index}`, { key: `${index}`, rank });
  return heap;
}

function drain(heap: Heap<Item>): string[] {
  const keys: string[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) keys.push(item.key);
  return keys;
}

test("pop gives the least item, equals first in first out, then undefined", () => {
  const heap = newHeap(2, 1, 2, 1, 0);
  assert.equal(heap.peek()?.key, "4");
  assert.deepEqual(drain(heap), ["4", "1", "3", "0", "2"]);
  assert.equal(heap.pop(), undefined);
  assert.equal(heap.size, 0);
});

test("update moves an item, up and down, when its rank has changed", () => {
  for (const [rank, expected] of [
    [0, ["1", "0", "2"]],
    [9, ["0", "2", "1"]],
  ] as const) {
    const heap = newHeap(1, 2, 3);
    (heap.get("1") as Item).rank = rank;
    heap.update("1");
    assert.deepEqual(drain(heap), expected);
  }
});

test("delete takes an item from the middle and ignores unknown keys", () => {
  const heap = newHeap(1, 2, 3, 4);
  assert.equal(heap.delete("1")?.key, "1");
  assert.equal(heap.delete("1"), undefined);
  assert.equal(heap.has("1"), false);
  assert.deepEqual(drain(heap), ["0", "2", "3"]);
});

test("add refuses a key that is present", () => {
  assert.throws(() => newHeap(1).add("0", { key: "0", rank: 1 }), /already holds '0'/);
});

test("Heap agrees with a sorted array under random work", () => {
  const seed = 17;
  const prng = new Prng(seed);
  const heap = newHeap();
  let twin: Item[] = [];
  for (let step = 0; step < 5000; step++) {
    const key = `${prng.below(200)}`;
    const known = heap.get(key);
    if (known === undefined) {
      const item = { key, rank: prng.below(1000) + step / 5000 };
      heap.add(key, item);
      twin.push(item);
    } else if (prng.below(2) === 0) {
      known.rank = prng.below(1000) + step / 5000;
      heap.update(key);
    } else {
      heap.delete(key);
      twin = twin.filter((item) => item !== known);
    }
    twin.sort((a, b) => a.rank - b.rank);
    assert.equal(heap.peek(), twin[0], `seed ${seed}, step ${step}`);
  }
  assert.deepEqual(
    drain(heap),
    twin.map((item) => item.key),
    `seed ${seed}`,
  );
});
