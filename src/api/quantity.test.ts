import assert from "node:assert/strict";
import test from "node:test";
import { quantityMilliValue, quantityValue } from "./quantity.js";

test("quantityValue reads every suffix and rounds up to whole units", () => {
  const cases: readonly (readonly [string | number, number])[] = [
    ["0", 0],
    ["500Mi", 524_288_000],
    ["32Gi", 34_359_738_368],
    ["1.5Gi", 1_610_612_736],
    ["1500m", 2],
    ["1", 1],
    ["1k", 1000],
    ["2e3", 2000],
    ["1E", 1e18],
    ["12E2", 1200],
    [".5", 1],
    ["5.", 5],
    [4, 4],
    ["100n", 1],
    ["-1500m", -2],
  ];
  for (const [text, value] of cases) assert.equal(quantityValue(text), value, String(text));
});

test("quantityMilliValue counts thousandths", () => {
  for (const [text, value] of [
    ["100m", 100],
    ["4", 4000],
    ["0.1", 100],
    ["1.0001", 1001],
    ["2k", 2_000_000],
  ] as const)
    assert.equal(quantityMilliValue(text), value, text);
});

test("quantityValue refuses what is no quantity", () => {
  for (const text of ["", "m", "1x", "1 Gi", "1KI", ".", "--1", "1e", "NaN", "0x10"])
    assert.equal(quantityValue(text), null, text);
});

test("quantityValue reads a quantity the second time as the first, whatever was read in between", () => {
  const before = [quantityValue("1.5Gi"), quantityMilliValue("1.5Gi"), quantityValue("1x"), quantityValue(1)];
  for (let count = 0; count < 10_000; count++) quantityValue(`${count}Mi`);
  const after = [quantityValue("1.5Gi"), quantityMilliValue("1.5Gi"), quantityValue("1x"), quantityValue(1)];
  assert.deepEqual(after, before);
  assert.equal(quantityValue(`${"0".repeat(100)}7`), 7);
});
