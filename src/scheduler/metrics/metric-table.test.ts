import assert from "node:assert/strict";
import { test } from "node:test";
import { exponentialBuckets, type MetricDefinition } from "../../base/metrics/metric-set.js";
import { METRICS } from "./metric-table.js";

const ROWS: readonly (readonly [name: string, row: MetricDefinition])[] = Object.entries(METRICS);

test("exponentialBuckets multiplies step by step, when powers would differ in the last bit", () => {
  assert.deepEqual(exponentialBuckets(1, 2, 5), [1, 2, 4, 8, 16]);
  assert.deepEqual(exponentialBuckets(0.00001, 1.5, 3), [1e-5, 1.5000000000000002e-5, 2.2500000000000005e-5]);
});

test("METRICS gives buckets to histograms and to nothing else", () => {
  for (const [name, { type, buckets }] of ROWS)
    assert.equal(type === "histogram", buckets !== undefined, name);
});

test("METRICS names counters, and only them, with _total", () => {
  for (const [name, { type }] of ROWS) assert.equal(type === "counter", name.endsWith("_total"), name);
});

test("METRICS ends each range of buckets where upstream does", () => {
  const last = Object.fromEntries(ROWS.map(([name, { buckets }]) => [name, buckets?.at(-1)]));
  assert.equal(last["scheduling_attempt_duration_seconds"], 16.384);
  assert.equal(last["pod_scheduling_sli_duration_seconds"], 5242.88);
  assert.equal(last["framework_extension_point_duration_seconds"], 0.2048);
  assert.equal(last["plugin_execution_duration_seconds"], 0.02216837820053101);
  assert.equal(last["preemption_victims"], 64);
  assert.equal(last["preemption_evaluation_duration_seconds"], 32.768);
});
