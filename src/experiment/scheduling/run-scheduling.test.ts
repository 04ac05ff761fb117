// Every case of bench/scheduler_perf in its smallest size, in simulated time: it places what it should, and again the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ManualClock, realClock } from "../../base/clock.js";
import { readFileSync } from "node:fs";
import { readPerformanceConfig } from "../../workload/scheduler-perf/performance-config.js";
import { runScheduling } from "./run-scheduling.js";
import type { SchedulingResult, SchedulingSource } from "./scheduling-types.js";
import { benchWorkload, SIMULATED } from "./simulation.test-data.js";

const FOLDERS = ["misc", "affinity", "topology_spreading", "volumes", "event_handling"];

function smallWorkloads() {
  return FOLDERS.flatMap((folder) => {
    const file = `bench/scheduler_perf/${folder}/performance-config.yaml`;
    const cases = readPerformanceConfig({
      file,
      text: readFileSync(file, "utf8"),
      folder: `bench/scheduler_perf/${folder}`,
    });
    return cases.flatMap((testCase) =>
      testCase.workloads
        .filter(({ labels }) => labels.includes("short") && labels.includes("integration-test"))
        .map((workload) => benchWorkload(folder, testCase.name, workload.name)),
    );
  });
}

function run(source: SchedulingSource, changes: Partial<typeof SIMULATED> = {}): Promise<SchedulingResult> {
  return runScheduling(
    { source, schedulerConfigPath: null, through: "in-process", load: null },
    { ...SIMULATED, ...changes },
  );
}

for (const source of smallWorkloads()) {
  test(`runScheduling places all measured Pods of ${source.testCase}, twice on the same nodes`, async () => {
    const result = await run(source);
    assert.ok(result.podsMeasured > 0);
    assert.equal(result.podsScheduled, result.podsMeasured);
    assert.equal(result.attempts.error, 0);
    const later = new ManualClock();
    later.advance(12_345_678_901);
    assert.deepEqual(
      { ...(await run(source, { clock: later })), heapBytesMax: 0 },
      { ...result, heapBytesMax: 0 },
    );
  });
}

test("runScheduling preempts three of four for each Pod of PreemptionBasic", async () => {
  const result = await run(benchWorkload("misc", "PreemptionBasic", "5Nodes"));
  // 5 nodes x 3 CPU + the fifth's of 900m that was left alone on each.
  assert.equal(result.placement.utilisation["cpu"], (3 + 0.9) / 4);
  assert.deepEqual(result.attempts, { scheduled: 5, unschedulable: 5, error: 0 });
});

test("runScheduling leaves gated Pods alone in SchedulingWhileGated", async () => {
  const result = await run(benchWorkload("misc", "SchedulingWhileGated", "1Node_10GatedPods"));
  assert.equal(result.timeline.at(-1)?.queue.gated, 10);
  assert.equal(result.attempts.unschedulable, 0);
});

test("runScheduling takes sizes of one's own, and other seeds place otherwise", async () => {
  const workload = { params: { initNodes: 20, initPods: 3, measurePods: 30 } };
  const source = { ...benchWorkload("misc", "SchedulingBasic", ""), workload };
  const result = await run(source);
  assert.deepEqual([result.nodes, result.podsInitial, result.podsScheduled], [20, 3, 30]);
  assert.equal(result.durationMs, 30 / 8);
  assert.equal(result.podsPerSecond, 8000);
  assert.equal(result.latency.attempt.count, 30);
  assert.notEqual((await run(source, { seed: 2 })).placementDigest, result.placementDigest);
  const wrong = { ...source, workload: { params: { ...workload.params, initNode: 3 } } };
  await assert.rejects(run(wrong), /initNode/);
});

test("runScheduling in real time places as in simulated time, and waits for arrivals", async () => {
  const source = benchWorkload("misc", "SchedulingBasic", "5Nodes");
  const real = {
    ...SIMULATED,
    timeMode: "real",
    clock: realClock,
    sleep: (ms: number) => sleep(ms),
  } as const;
  const load = { model: "fixed", ratePerSecond: 200 } as const;
  const result = await runScheduling(
    { source, schedulerConfigPath: null, through: "in-process", load },
    real,
  );
  assert.equal(result.placementDigest, (await run(source)).placementDigest);
  assert.ok(result.durationMs >= 45, `${result.durationMs}`);
  assert.equal(result.latency.total.count, 10);
});
