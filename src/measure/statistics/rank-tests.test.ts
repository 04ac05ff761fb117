import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { normalTail } from "./special-functions.js";
import { mannWhitney, wilcoxonSignedRank } from "./rank-tests.js";

const close = (got: number, want: number, tolerance: number) =>
  assert.ok(Math.abs(got - want) <= tolerance, `got ${got}, want ${want}`);

// Hollander and Wolfe (1973), p. 29: depression scores of nine patients before and after a tranquilizer.
const BEFORE = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
const AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
// The same, p. 69: permeability of chorioamnion at term and at 12 to 26 weeks.
const TERM = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const EARLY = [1.15, 0.88, 0.9, 0.74, 1.21];

test("wilcoxonSignedRank gives V = 40 and p = 0.039 for Hollander and Wolfe's patients", () => {
  const { statistic, p } = wilcoxonSignedRank(BEFORE.map((value, index) => value - (AFTER[index] as number)));
  assert.equal(statistic, 40);
  close(p, 0.0390625, 1e-12);
});

test("mannWhitney gives U = 35 and p = 0.2544 for Hollander and Wolfe's permeabilities", () => {
  const { statistic, p } = mannWhitney(TERM, EARLY);
  assert.equal(statistic, 35);
  close(p, 0.254412, 1e-6);
});

test("the smallest possible p of separated samples is that of the tables", () => {
  const separated = (n: number) => mannWhitney(range(0, n), range(100, n)).p;
  for (const [n, want] of [
    [3, 0.1],
    [4, 0.028571],
    [5, 0.0079365],
    [7, 0.00058275],
    [10, 0.0000108251],
  ] as const) {
    close(separated(n), want, want * 1e-4);
  }
  close(wilcoxonSignedRank(range(1, 10)).p, 2 / 1024, 1e-15);
});

test("exact p with ties equals counting every split and every sign by hand", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const prng = new Prng(seed);
    const draw = (count: number) => Array.from({ length: count }, () => prng.below(5) - 2);
    const [first, second] = [draw(1 + prng.below(4)), draw(1 + prng.below(4))];
    close(mannWhitney(first, second).p, permutationP(first, second), 1e-12);
    const differences = draw(6);
    close(wilcoxonSignedRank(differences).p, signFlipP(differences), 1e-12);
  }
});

test("the normal approximation agrees with the exact count where both can be had", () => {
  const shifted = (count: number, by: number) => range(0, count).map((value) => value + by);
  const exact = mannWhitney(shifted(25, 0), shifted(25, 4.5)).p;
  const approximate = mannWhitney(shifted(26, 0), shifted(26, 4.5)).p;
  close(exact, approximate, 0.03);
  // 51 differences without ties, the ten smallest negative: V = 1326 - 55, mean 663.
  const many = range(1, 51).map((value) => (value <= 10 ? -value : value));
  const z = (1326 - 55 - 663 - 0.5) / Math.sqrt((51 * 52 * 103) / 24);
  close(wilcoxonSignedRank(many).p, 2 * normalTail(z), 1e-15);
});

test("two equal samples, and differences that are all 0, show nothing", () => {
  assert.equal(mannWhitney([1, 2, 3], [1, 2, 3]).p, 1);
  assert.equal(mannWhitney([1, 1, 1], [1, 1, 1]).p, 1);
  assert.equal(wilcoxonSignedRank([0, 0, 0]).p, 1);
  assert.equal(mannWhitney(new Array(60).fill(1), new Array(60).fill(1)).p, 1);
});

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function midRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** Twice the smaller share of all outcomes at or beyond the observed one. */
function twoSidedShare(sums: readonly number[], observed: number): number {
  const below = sums.filter((sum) => sum <= observed + 1e-9).length;
  const above = sums.filter((sum) => sum >= observed - 1e-9).length;
  return Math.min(1, (2 * Math.min(below, above)) / sums.length);
}

function permutationP(first: readonly number[], second: readonly number[]): number {
  const ranks = midRanks([...first, ...second]);
  const sums: number[] = [];
  for (let mask = 0; mask < 1 << ranks.length; mask++) {
    const members = ranks.filter((_, index) => (mask >> index) & 1);
    if (members.length === first.length) sums.push(members.reduce((sum, rank) => sum + rank, 0));
  }
  return twoSidedShare(
    sums,
    ranks.slice(0, first.length).reduce((sum, rank) => sum + rank, 0),
  );
}

function signFlipP(differences: readonly number[]): number {
  const kept = differences.filter((difference) => difference !== 0);
  if (kept.length === 0) return 1;
  const ranks = midRanks(kept.map(Math.abs));
  const sumOf = (isPositive: (index: number) => boolean) =>
    ranks.reduce((sum, rank, index) => sum + (isPositive(index) ? rank : 0), 0);
  const sums = range(0, 1 << ranks.length).map((mask) => sumOf((index) => ((mask >> index) & 1) === 1));
  return twoSidedShare(
    sums,
    sumOf((index) => (kept[index] as number) > 0),
  );
}
