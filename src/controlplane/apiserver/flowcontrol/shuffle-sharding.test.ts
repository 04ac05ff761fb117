import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../../base/prng.js";
import { dealHand, flowHash } from "./shuffle-sharding.js";

/** As upstream's Deal finds the cards: from the remainders alone, the last of them first. */
function dealtByRemainders(hash: number, deckSize: number, handSize: number): readonly number[] {
  const remainders: number[] = [];
  let rest = hash;
  for (let left = deckSize; remainders.length < handSize; left--) {
    remainders.push(rest % left);
    rest = Math.floor(rest / left);
  }
  return remainders.map((card, index) => {
    for (let before = index - 1; before >= 0; before--) if (card >= (remainders[before] as number)) card++;
    return card;
  });
}

test("dealHand deals the hands that upstream deals", () => {
  assert.deepEqual(dealHand(0, 128, 4), [0, 1, 2, 3]);
  assert.deepEqual(dealHand(128 * 127 - 1, 128, 3), [127, 126, 0]);
  for (let hash = 0; hash < 720; hash++)
    assert.deepEqual(dealHand(hash, 6, 6), dealtByRemainders(hash, 6, 6), `hash ${hash}`);
});

test("dealHand deals different cards of the deck, and every hand of two of six as often as another", () => {
  const counts = new Map<string, number>();
  for (let hash = 0; hash < 30; hash++) {
    const hand = dealHand(hash, 6, 2);
    counts.set(hand.join(), (counts.get(hand.join()) ?? 0) + 1);
  }
  assert.equal(counts.size, 30);
  const seed = 7;
  const prng = new Prng(seed);
  for (let round = 0; round < 1000; round++) {
    const hand = dealHand(prng.below(2 ** 32) * 2 ** 16, 128, 6);
    assert.equal(new Set(hand).size, 6, `seed ${seed} round ${round}`);
    assert.ok(
      hand.every((card) => card >= 0 && card < 128),
      `seed ${seed} round ${round}`,
    );
  }
});

test("flowHash tells flows of a schema apart, and the same flow of two schemas", () => {
  assert.equal(flowHash("a", "x"), flowHash("a", "x"));
  assert.notEqual(flowHash("a", "x"), flowHash("a", "y"));
  assert.notEqual(flowHash("a", "x"), flowHash("b", "x"));
});
