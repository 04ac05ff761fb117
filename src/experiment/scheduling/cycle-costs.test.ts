import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram } from "../../measure/histogram.js";
import type { MetricFamily } from "../../base/metrics/metric-family.js";
import { cycleCosts } from "./cycle-costs.js";

const attempt = new Histogram();
for (let index = 0; index < 10; index++) attempt.record(100_000);

const series = (point: string, sum: number) => ({
  labels: { extension_point: point, status: "Success" },
  upperBounds: [],
  cumulativeCounts: [],
  count: 10,
  sum,
});
const metrics: readonly MetricFamily[] = [
  {
    name: "scheduler_framework_extension_point_duration_seconds",
    help: "",
    type: "histogram",
    series: [series("Filter", 0.0002), series("Score", 0.0006)],
  },
];
const cost = (plugin: string, point: "Filter" | "Score" | "PreScore", timedMs: number) => ({
  plugin,
  point,
  cycles: 10,
  nodes: 1000,
  timedCycles: 2,
  timedMs,
});

test("cycleCosts splits a point's exact time among its plugins as they were sampled", () => {
  const pluginCosts = [cost("A", "Score", 0.01), cost("B", "Score", 0.02), cost("B", "PreScore", 0.03)];
  const { points, attempts, attemptUs, restShare } = cycleCosts({
    latency: { attempt: attempt.toJSON() },
    metrics,
    pluginCosts,
  });
  assert.equal(attempts, 10);
  assert.equal(Math.round(attemptUs?.p50 ?? 0), 100);
  const round = (share: number) => Math.round(share * 100);
  assert.deepEqual(
    points.map(({ point, cycles, share }) => [point, cycles, round(share)]),
    [
      ["Score", 10, 60],
      ["Filter", 10, 20],
    ],
  );
  assert.deepEqual(
    points[0]?.plugins.map(({ plugin, point, share, usPerTimedCycle }) => [
      plugin,
      point,
      round(share),
      usPerTimedCycle,
    ]),
    [
      ["B", "PreScore", 30, 15],
      ["B", "Score", 20, 10],
      ["A", "Score", 10, 5],
    ],
  );
  assert.equal(round(restShare), 20);
});

test("cycleCosts has no times, when nothing was attempted", () => {
  const nothing = new Histogram().toJSON();
  const costs = cycleCosts({ latency: { attempt: nothing }, metrics: [], pluginCosts: [] });
  assert.deepEqual(costs, { attempts: 0, attemptUs: null, points: [], restShare: 1 });
});
