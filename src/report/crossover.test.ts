import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../base/prng.js";
import { type CurvePoint, crossovers } from "./crossover.js";

const SIZES = [100, 1000, 10_000, 100_000];
const curve = (cost: (size: number) => number, sizes: readonly number[] = SIZES): CurvePoint[] =>
  sizes.map((size) => ({ size, value: cost(size) }));

test("crossovers finds where a linear cost meets a flat one", () => {
  const found = crossovers(
    curve((size) => size * 3),
    curve(() => 900),
  );
  assert.equal(found.length, 1);
  assert.ok(Math.abs((found[0]?.size ?? 0) - 300) < 1e-9, `at ${found[0]?.size}, expected 300`);
  assert.deepEqual(found[0]?.between, [100, 1000]);
  assert.equal(found[0]?.below, "a");
  assert.equal(found[0]?.above, "b");
});

test("crossovers finds each of two crossings, in rising size", () => {
  const a = [1, 10, 10, 1].map((value, index) => ({ size: SIZES[index] as number, value }));
  const found = crossovers(
    a,
    curve(() => 3),
  );
  assert.deepEqual(
    found.map((one) => [one.between, one.below, one.above]),
    [
      [[100, 1000], "a", "b"],
      [[10_000, 100_000], "b", "a"],
    ],
  );
});

test("crossovers names a measured size when the curves meet there", () => {
  const found = crossovers(
    curve((size) => size),
    curve(() => 1000),
  );
  assert.deepEqual(found, [{ size: 1000, between: [1000, 1000], alike: true, below: "a", above: "b" }]);
});

test("crossovers gives the sizes between which the curves are one", () => {
  const a = [1, 3, 3, 9].map((value, index) => ({ size: SIZES[index] as number, value }));
  const found = crossovers(
    a,
    curve(() => 3),
  );
  assert.deepEqual(
    found.map(({ between, alike }) => ({ between, alike })),
    [{ between: [1000, 10_000], alike: true }],
  );
});

test("crossovers does not count curves that touch, coincide or never meet", () => {
  const touching = [1, 3, 1, 1].map((value, index) => ({ size: SIZES[index] as number, value }));
  assert.deepEqual(
    crossovers(
      touching,
      curve(() => 3),
    ),
    [],
  );
  assert.deepEqual(
    crossovers(
      curve((size) => size),
      curve((size) => size),
    ),
    [],
  );
  assert.deepEqual(
    crossovers(
      curve((size) => size),
      curve((size) => size * 2),
    ),
    [],
  );
});

test("crossovers leaves out sizes that only one curve has, and values that have no logarithm", () => {
  const a = curve((size) => size * 3);
  assert.deepEqual(
    crossovers(
      a,
      curve(() => 900, [100]),
    ),
    [],
  );
  assert.deepEqual(
    crossovers(a, [
      { size: 100, value: 0 },
      { size: 10_000, value: 900 },
    ]),
    [],
  );
  assert.deepEqual(crossovers([], []), []);
});

test("crossovers agrees with the powers that made the curves, and swapping them swaps the sides", () => {
  const seed = 11;
  const random = new Prng(seed);
  for (let trial = 0; trial < 200; trial++) {
    const meets = 10 ** (2.05 + random.unit() * 2.9);
    const [powerA, powerB] = [random.unit() * 2, random.unit() * 2];
    const a = curve((size) => 5 * (size / meets) ** powerA);
    const b = curve((size) => 5 * (size / meets) ** powerB);
    const [found] = crossovers(a, b);
    const [swapped] = crossovers(b, a);
    assert.ok(
      found && Math.abs(Math.log(found.size / meets)) < 1e-6,
      `seed ${seed}: ${found?.size}, made at ${meets}`,
    );
    assert.equal(found.below, powerA > powerB ? "a" : "b", `seed ${seed} trial ${trial}`);
    assert.equal(swapped?.below, found.below === "a" ? "b" : "a");
  }
});
