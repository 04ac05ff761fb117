import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { medianInterval } from "./bootstrap.js";
import { linearRegression } from "./linear-regression.js";
import { benjaminiHochberg, holm } from "./multiplicity.js";
import { detectableEffect } from "./sample-size.js";
import { hodgesLehmann, pairedShift, ratioOfMedians } from "./shift.js";

const rounded = (values: readonly number[]) => values.map((value) => Number(value.toFixed(6)));

/** Normal values by the sum of twelve uniforms. */
function normals(prng: Prng, count: number, mean: number, deviation: number): number[] {
  const one = () => Array.from({ length: 12 }, () => prng.unit()).reduce((sum, unit) => sum + unit, -6);
  return Array.from({ length: count }, () => mean + deviation * one());
}

test("medianInterval covers the true median in about 95 of 100 samples, and is the same under one seed", () => {
  let covered = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const [low, high] = medianInterval(normals(new Prng(seed), 15, 50, 5), new Prng(seed));
    if (low <= 50 && 50 <= high) covered++;
  }
  assert.ok(covered >= 180 && covered <= 199, `${covered} of 200`);
  const once = () => medianInterval([3, 1, 2, 5, 4, 9], new Prng(1));
  assert.deepEqual(once(), once());
});

test("hodgesLehmann of Hollander and Wolfe's differences is 0.46", () => {
  const differences = [0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01];
  assert.equal(Number(hodgesLehmann(differences).toFixed(3)), 0.46);
  assert.equal(hodgesLehmann([1, 2, 9]), 3.5);
});

test("ratioOfMedians and pairedShift find a shift of 10% inside their intervals, the narrower within the wider", () => {
  const baseline = normals(new Prng(1), 20, 100, 2);
  const candidate = normals(new Prng(2), 20, 110, 2);
  const logRatios = baseline.map((value, index) => Math.log((candidate[index] as number) / value));
  for (const shift of [
    ratioOfMedians(baseline, candidate, new Prng(3)),
    pairedShift(logRatios, new Prng(3)),
  ]) {
    assert.ok(Math.abs(shift.estimate - 0.1) < 0.015, `${shift.estimate}`);
    assert.ok(shift.ci95[0] < 0.1 && shift.ci95[1] > 0.1, `${shift.ci95}`);
    assert.ok(shift.ci95[0] <= shift.ci90[0] && shift.ci90[1] <= shift.ci95[1]);
  }
});

test("pairedShift does not see what both members of a pair share", () => {
  const drift = Array.from({ length: 12 }, (_, block) => 1 + block / 10);
  const logRatios = drift.map((factor) => Math.log((105 * factor) / (100 * factor)));
  const { estimate, ci95 } = pairedShift(logRatios, new Prng(1));
  assert.deepEqual(rounded([estimate, ...ci95]), [0.05, 0.05, 0.05]);
});

test("holm and benjaminiHochberg adjust as in the papers, in the given order", () => {
  assert.deepEqual(rounded(holm([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02]);
  assert.deepEqual(rounded(benjaminiHochberg([0.01, 0.04, 0.03, 0.005])), [0.02, 0.04, 0.04, 0.02]);
  // Benjamini and Hochberg's own fifteen p-values: four are below 0.05 after adjustment, three after Holm's.
  const paper = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
    0.759, 1,
  ];
  assert.equal(benjaminiHochberg(paper).filter((p) => p <= 0.05).length, 4);
  assert.equal(holm(paper).filter((p) => p <= 0.05).length, 3);
  assert.deepEqual(holm([]), []);
});

test("linearRegression fits Anscombe's first quartet", () => {
  const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
  const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
  const { slope, intercept, rSquared } = linearRegression(x, y);
  assert.deepEqual(
    [slope, intercept, rSquared].map((value) => value.toFixed(4)),
    ["0.5001", "3.0001", "0.6665"],
  );
  assert.equal(linearRegression([1, 2, 3], [7, 7, 7]).rSquared, 1);
  assert.throws(() => linearRegression([1, 1], [2, 3]), /two different x/);
});

test("detectableEffect finds the method's table: 10, 5, 26 and 57 samples show 5%, 5%, 5% and 2%", () => {
  const table = [
    { samples: 10, noise: 0.03, effect: 0.05 },
    { samples: 5, noise: 0.02, effect: 0.05 },
    { samples: 26, noise: 0.05, effect: 0.05 },
    { samples: 57, noise: 0.03, effect: 0.02 },
  ];
  for (const { samples, noise, effect } of table) {
    const effectOf = (count: number) => detectableEffect(count, { noise, alpha: 0.05, paired: false });
    assert.ok(effectOf(samples) <= effect, `${samples} samples show ${effectOf(samples)}`);
    assert.ok(effectOf(samples - 1) > effect, `${samples - 1} samples show ${effectOf(samples - 1)}`);
  }
});
