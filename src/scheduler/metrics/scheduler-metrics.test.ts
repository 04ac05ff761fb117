import assert from "node:assert/strict";
import { test } from "node:test";
import { SchedulerMetrics } from "./scheduler-metrics.js";

test("with gives the same child for the same values, and another for others that join to the same text", () => {
  const attempts = new SchedulerMetrics().counter("schedule_attempts_total");
  assert.equal(attempts.with("scheduled", "default"), attempts.with("scheduled", "default"));
  assert.notEqual(attempts.with("a,b", "c"), attempts.with("a", "b,c"));
});

test("with refuses the wrong number of values, when types were not checked", () => {
  const attempts: { with(...values: string[]): unknown } = new SchedulerMetrics().counter(
    "schedule_attempts_total",
  );
  assert.throws(() => attempts.with("scheduled"), /labels result, profile need a value each/);
});

test("reset zeroes histograms and counters, keeps gauges, and leaves children valid", () => {
  const metrics = new SchedulerMetrics();
  const times = metrics.histogram("scheduling_algorithm_duration_seconds").with();
  const attempts = metrics.counter("schedule_attempts_total").with("scheduled", "default");
  const active = metrics.gauge("pending_pods").with("active");
  const countAll = () => {
    times.observe(0.5);
    attempts.add();
    active.add(1);
  };
  countAll();
  metrics.reset();
  assert.deepEqual([times.count, times.sum, attempts.value, active.value], [0, 0, 0, 1]);
  countAll();
  assert.deepEqual([times.count, times.sum, attempts.value, active.value], [1, 0.5, 1, 2]);
  assert.equal(metrics.counter("schedule_attempts_total").with("scheduled", "default"), attempts);
});

test("snapshot is plain data: JSON gives it back", () => {
  const metrics = new SchedulerMetrics();
  metrics.histogram("event_handling_duration_seconds").with("NodeAdd").observe(0.0002);
  const snapshot = metrics.snapshot();
  assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot);
  const family = snapshot.find(({ name }) => name === "scheduler_event_handling_duration_seconds");
  assert.equal(family?.type, "histogram");
  assert.deepEqual(family?.series[0]?.labels, { event: "NodeAdd" });
});

test("snapshot shows metrics without labels at 0, and leaves out those with labels, when nothing happened", () => {
  assert.deepEqual(
    new SchedulerMetrics().snapshot().map(({ name, series }) => `${name} ${series.length}`),
    [
      "scheduler_scheduling_algorithm_duration_seconds 1",
      "scheduler_pod_scheduling_attempts 1",
      "scheduler_preemption_victims 1",
      "scheduler_preemption_attempts_total 1",
      "scheduler_pod_scheduled_after_flush_total 1",
    ],
  );
});

test("expose prints the table's help, type and labels", () => {
  const metrics = new SchedulerMetrics();
  metrics.counter("queue_incoming_pods_total").with("active", "NodeAdd").add(2);
  metrics.gauge("cache_size").with("nodes").set(5000);
  const text = metrics.expose();
  for (const expected of [
    `# HELP scheduler_cache_size Nodes, Pods and assumed Pods in the cache.
# TYPE scheduler_cache_size gauge
scheduler_cache_size{type="nodes"} 5000
`,
    `# TYPE scheduler_queue_incoming_pods_total counter
scheduler_queue_incoming_pods_total{event="NodeAdd",queue="active"} 2
`,
  ]) {
    assert.ok(text.includes(expected), text);
  }
});
