import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { explore, exploreWithOdds, SeededChance } from "./chance.js";

test("explore visits every path of nested choices once, in order", () => {
  const seen = explore((chance) => [chance.below(3), chance.under(0x40000000) ? "yes" : "no"].join(), 100);
  assert.deepEqual(seen, ["0,yes", "0,no", "1,yes", "1,no", "2,yes", "2,no"]);
});

test("explore does not branch on what is certain", () => {
  assert.deepEqual(
    explore((chance) => [chance.under(0), chance.under(0x80000000), chance.below(1)], 100),
    [[false, true, 0]],
  );
});

test("exploreWithOdds says how likely each path is", () => {
  const found = exploreWithOdds((chance) => [chance.below(2), chance.under(0x20000000)].join(), 100);
  assert.deepEqual(found, [
    { result: "0,true", probability: 0.125 },
    { result: "0,false", probability: 0.375 },
    { result: "1,true", probability: 0.125 },
    { result: "1,false", probability: 0.375 },
  ]);
});

test("explore stops at its limit", () => {
  assert.equal(explore((chance) => chance.below(1000), 10).length, 10);
});

test("SeededChance.under holds with the stated probability", () => {
  const seed = 11;
  const chance = new SeededChance(new Prng(seed));
  let hits = 0;
  for (let draw = 0; draw < 30_000; draw++) if (chance.under(Math.round(2 ** 31 / 3))) hits++;
  assert.ok(Math.abs(hits - 10_000) < 300, `seed ${seed}: ${hits} of 30000, expected about 10000`);
});
