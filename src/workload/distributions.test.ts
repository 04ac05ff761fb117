import assert from "node:assert/strict";
import test from "node:test";
import { Prng } from "../base/prng.js";
import {
  drawExponential,
  drawGeometric,
  drawPareto,
  WeightedIndex,
  zipfExponentForMean,
  zipfWeights,
} from "./distributions.js";

const SEED = 5;
const DRAWS = 50_000;

function meanOf(draw: (prng: Prng) => number): number {
  const prng = new Prng(SEED);
  let sum = 0;
  for (let count = 0; count < DRAWS; count++) sum += draw(prng);
  return sum / DRAWS;
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual}, expected ${expected}, seed ${SEED}`);
}

test("WeightedIndex draws by weight, and never an index of weight 0", () => {
  const index = new WeightedIndex([0, 1, 0, 3, 0]);
  const prng = new Prng(SEED);
  const counts = [0, 0, 0, 0, 0];
  for (let count = 0; count < DRAWS; count++) (counts[index.draw(prng)] as number)++;
  assert.deepEqual([counts[0], counts[2], counts[4]], [0, 0, 0]);
  near((counts[3] as number) / DRAWS, 0.75, 0.01);
  assert.throws(() => new WeightedIndex([0, 0]), /no weight is above 0/);
});

test("zipfExponentForMean hits the mean, small or large", () => {
  for (const [mean, max] of [
    [1, 10],
    [1.5, 10],
    [5, 1000],
    [5.5, 10],
    [9.5, 10],
    [10, 10],
    [1, 1],
  ] as const) {
    const weights = zipfWeights(max, zipfExponentForMean(mean, max));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const actual = weights.reduce((sum, weight, index) => sum + weight * (index + 1), 0) / total;
    near(actual, mean, 1e-6 * max);
  }
});

test("drawGeometric, drawPareto and drawExponential have their means and ranges", () => {
  near(
    meanOf((prng) => drawGeometric(prng, 8)),
    8,
    0.15,
  );
  near(
    meanOf((prng) => drawGeometric(prng, 1)),
    1,
    1e-12,
  );
  near(
    meanOf((prng) => drawExponential(prng, 3)),
    3,
    0.06,
  );
  const pareto = { alpha: 1.5, min: 2, max: 1000 };
  const prng = new Prng(SEED);
  const draws = Array.from({ length: DRAWS }, () => drawPareto(prng, pareto));
  assert.ok(draws.every((value) => Number.isInteger(value) && value >= 2 && value <= 1000));
  near(draws.filter((value) => value >= 20).length / DRAWS, (2 / 20) ** 1.5, 0.005);
});
