import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestWord } from "./nearest-word.js";

const KNOWN = ["thresholds", "matrix", "phases", "x"];

test("nearestWord finds the word that differs least, whatever its case", () => {
  assert.equal(nearestWord("threshholds", KNOWN), "thresholds");
  assert.equal(nearestWord("MATRX", KNOWN), "matrix");
  assert.equal(nearestWord("phsaes", KNOWN), "phases");
  assert.equal(nearestWord("phases", ["phase", "phases"]), "phases");
});

test("nearestWord takes no word that differs by more than a third, and one letter from any word", () => {
  assert.equal(nearestWord("workers", KNOWN), null);
  assert.equal(nearestWord("y", KNOWN), "x");
  assert.equal(nearestWord("", []), null);
});

test("nearestWord counts a swap of neighbours once", () => {
  assert.equal(nearestWord("ab", ["ba"]), "ba");
  assert.equal(nearestWord("ab", ["cd"]), null);
});
