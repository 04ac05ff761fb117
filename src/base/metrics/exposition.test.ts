import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sourcePath } from "../source-path.js";
import { exposition } from "./exposition.js";
import { Histogram } from "./histogram.js";
import type { MetricFamily } from "./metric-family.js";
import { exponentialBuckets } from "./metric-set.js";

const GOLDEN = readFileSync(sourcePath(import.meta.url, "./testdata/exposition.txt"), "utf8");

function hintSeries(plugin: string, ...seconds: readonly number[]) {
  const histogram = new Histogram(exponentialBuckets(0.00001, 1.5, 20));
  for (const each of seconds) histogram.observe(each);
  return { labels: { plugin, event: "NodeAdd", hint: "Queue" }, ...histogram.toJSON() };
}

// The golden text was written by Go's client (client_golang 1.23.2) from the same observations.
test("exposition writes what Go's client writes, when labels, help and numbers need care", () => {
  const many = 1_234_567;
  const families: MetricFamily[] = [
    {
      name: "scheduler_queueing_hint_execution_duration_seconds",
      help: "Time one queueing hint of a plugin takes.",
      type: "histogram",
      series: [hintSeries('a"b\\c\nd', 0.02), hintSeries("NodeAffinity", 0.00001, 0.000011, 0.5)],
    },
    {
      name: "scheduler_pod_scheduling_attempts",
      help: "Attempts it took to schedule a Pod.",
      type: "histogram",
      series: [
        {
          labels: {},
          upperBounds: [1, 2, 4, 8, 16],
          cumulativeCounts: [0, many, many, many, many],
          count: many + 1,
          sum: 2 * many + 17,
        },
      ],
    },
    {
      name: "scheduler_preemption_attempts_total",
      help: 'x\\y\nz "q"',
      type: "counter",
      series: [{ labels: {}, value: 1e6 }],
    },
    {
      name: "scheduler_pending_pods",
      help: "Pods",
      type: "gauge",
      series: [
        { labels: { queue: "unschedulable" }, value: -3 },
        { labels: { queue: "active" }, value: 0.25 },
      ],
    },
  ];
  assert.equal(exposition(families), GOLDEN);
});

test("exposition prints numbers as Go's shortest %g, when they are large, small or not finite", () => {
  for (const [value, text] of [
    [0, "0"],
    [-0, "0"],
    [0.0001, "0.0001"],
    [0.00009999, "9.999e-05"],
    [1e-7, "1e-07"],
    [5e-324, "5e-324"],
    [100_000, "100000"],
    [999_999, "999999"],
    [123456.789, "123456.789"],
    [1e6, "1e+06"],
    [-1e6, "-1e+06"],
    [1234567.5, "1.2345675e+06"],
    [2 ** 53, "9.007199254740992e+15"],
    [1e21, "1e+21"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [Number.NaN, "NaN"],
  ] as const) {
    const family: MetricFamily = { name: "g", help: "", type: "gauge", series: [{ labels: {}, value }] };
    assert.equal(exposition([family]).split("\n")[2], `g ${text}`);
  }
});
