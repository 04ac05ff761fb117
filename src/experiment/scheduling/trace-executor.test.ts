import assert from "node:assert/strict";
import { test } from "node:test";
import { runScheduling } from "./run-scheduling.js";
import type { SchedulingSource } from "./scheduling-types.js";
import { SIMULATED } from "./simulation.test-data.js";

const TRACE: SchedulingSource & { kind: "trace" } = {
  kind: "trace",
  format: "csv",
  nodesPath: "datasets/traces/nodes.csv",
  podsPath: "datasets/traces/pods.csv",
  speedUp: 1,
  lifetimeStretch: 1,
  tileCount: 1,
  podsMax: null,
  fromMs: 0,
  toMs: null,
};

function replay(changes: Partial<typeof TRACE> = {}) {
  return runScheduling(
    { source: { ...TRACE, ...changes }, schedulerConfigPath: null, through: "in-process", load: null },
    SIMULATED,
  );
}

test("runScheduling replays a trace: standing Pods first, then arrivals in their time", async () => {
  const result = await replay();
  assert.equal(result.nodes, 16);
  assert.ok(result.podsInitial > 0);
  assert.equal(result.podsInitial + result.podsMeasured, 40);
  assert.equal(result.podsScheduled, result.podsMeasured);
  assert.equal(result.placement.placedShare, 1);
  assert.ok(result.durationMs > 60_000, `${result.durationMs}`);
  assert.equal(typeof result.placement.fragmentation, "number");
  assert.equal(result.throughput, null);
  assert.ok(result.timeline.length > 50);
});

test("runScheduling replays a trace to the same placements each time, faster with a speed-up", async () => {
  const [once, again, fast] = await Promise.all([replay(), replay(), replay({ speedUp: 10 })]);
  assert.equal(once.placementDigest, again.placementDigest);
  assert.ok(fast.durationMs < once.durationMs / 9);
});

test("runScheduling leaves Pods pending that never fit", async () => {
  const result = await replay({ tileCount: 2, lifetimeStretch: Number.POSITIVE_INFINITY });
  assert.equal(result.podsInitial + result.podsMeasured, 80);
  assert.ok(result.placement.placedShare <= 1);
  const last = result.timeline.at(-1);
  assert.ok(last !== undefined);
  assert.equal(last.queue.active + last.queue.backoff, 0);
  assert.equal(result.podsMeasured - result.podsScheduled, last.queue.unschedulable);
});
