import assert from "node:assert/strict";
import { test } from "node:test";
import { perfDashJson } from "./perf-dash.js";

test("perfDashJson writes version v1 and gives every item every label", () => {
  const name = { Name: "SchedulingBasic/5Nodes/namespace-2" };
  const json = perfDashJson([
    { data: { Perc50: 2, Average: 1 }, unit: "pods/s", labels: { ...name, Metric: "SchedulingThroughput" } },
    { data: { Average: 3 }, unit: "ms", labels: { ...name, Metric: "m", plugin: "NodeAffinity" } },
  ]);
  assert.deepEqual(JSON.parse(json), {
    version: "v1",
    dataItems: [
      {
        data: { Average: 1, Perc50: 2 },
        unit: "pods/s",
        labels: { Metric: "SchedulingThroughput", ...name, plugin: "not applicable" },
      },
      { data: { Average: 3 }, unit: "ms", labels: { Metric: "m", ...name, plugin: "NodeAffinity" } },
    ],
  });
  assert.match(json, /\n {2}"dataItems": \[\n/);
});
