// Which few of a level's queues a flow may wait in, by a hash of the flow: two flows share all of them very rarely, so that
// a flood in one leaves every other a queue of its own.
// The hash is read as a number in a mixed radix: which of the cards left is dealt next, for each card of the hand.
// Cost: O(handSize^2), for requests that wait.
// Source: apiserver pkg/util/shufflesharding/shufflesharding.go; hashFlowID in pkg/util/flowcontrol/apf_controller.go.
import { createHash } from "node:crypto";

/** What a double holds exactly; hands of the bootstrap levels need 42 bits. */
const HASH_BYTES = 6;

export function flowHash(schema: string, distinguisher: string): number {
  return createHash("sha256").update(`${schema},${distinguisher}`).digest().readUIntBE(0, HASH_BYTES);
}

/** @returns `handSize` different numbers below `deckSize` */
export function dealHand(hash: number, deckSize: number, handSize: number): readonly number[] {
  const hand: number[] = [];
  let rest = hash;
  for (let left = deckSize; hand.length < handSize; left--) {
    let card = rest % left;
    rest = Math.floor(rest / left);
    // The card-th of those that are not dealt yet.
    for (const dealt of hand.toSorted((a, b) => a - b)) if (card >= dealt) card++;
    hand.push(card);
  }
  return hand;
}
