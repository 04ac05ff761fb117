import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { LoadModel } from "../../workload/arrivals.js";
import type { Op } from "../../workload/scheduler-perf/ops.js";
import { InMemoryCluster } from "./in-memory-cluster.js";
import { loadWorkload } from "./load-workload.js";
import { runScheduling } from "./run-scheduling.js";
import { benchWorkload, newTestSimulation, SIMULATED } from "./simulation.test-data.js";
import { executeWorkload } from "./workload-executor.js";
import { DELETION, NODES, orderOf, PODS, sleep } from "./workload-ops.test-data.js";

async function execute(ops: readonly Op[], load: LoadModel | null = null) {
  const simulation = newTestSimulation();
  const { workload } = await executeWorkload(new InMemoryCluster(simulation), orderOf(ops, { load }));
  assert.deepEqual(workload.applied, workload.requested);
  return simulation;
}

test("executeWorkload keeps a steady state: Pods come and go until its time is over", async () => {
  const { window, api } = await execute([
    NODES,
    { ...PODS, collectMetrics: true, steadyState: true, durationMs: 1000 },
  ]);
  // One attempt each 1/8 ms.
  assert.ok(window.podsScheduled > 5000, `${window.podsScheduled}`);
  assert.equal(window.durationMs, 1000);
  assert.ok([...api.pods()].length <= 11);
});

test("executeWorkload deletes Pods at their rate beside what follows", async () => {
  const { api, timeline } = await execute([
    NODES,
    PODS,
    { ...DELETION, deletePodsPerSecond: 10, skipWaitToCompletion: true },
    sleep(550),
  ]);
  assert.equal(Math.round(timeline.now()), 551);
  assert.equal([...api.pods()].length, 5);
});

test("executeWorkload waits for all deletions where it is asked to", async () => {
  const { api, timeline } = await execute([NODES, PODS, { ...DELETION, deletePodsPerSecond: 10 }]);
  assert.equal([...api.pods()].length, 0);
  assert.equal(Math.round(timeline.now()), 1001);
});

test("executeWorkload counts latency from the scheduled start where a load model is given", async () => {
  const load = { model: "fixed", ratePerSecond: 100 } as const;
  const { window } = await execute([NODES, { ...PODS, collectMetrics: true }], load);
  assert.equal(window.podsScheduled, 10);
  assert.equal(window.durationMs, 90.125);
  const { total, queue } = window.latencies.toJSON();
  assert.equal(queue.max, 0);
  assert.equal(total.max, 125_000);
});

test("executeWorkload makes Pods all at once without one: the last waits for all others", async () => {
  const { window } = await execute([NODES, { ...PODS, collectMetrics: true }]);
  assert.equal(window.latencies.toJSON().queue.max, 9 * 125_000);
});

test("executeWorkload recreates churn: one object of each template, there and gone in turn", async () => {
  const source = benchWorkload("misc", "SchedulingWithMixedChurn", "10Nodes");
  const { workload, making } = loadWorkload(source);
  const ops = workload.ops.slice(0, 2);
  const simulation = newTestSimulation();
  const seen: number[] = [];
  const { agenda, api, timeline } = simulation;
  agenda.every(timeline.now() + 500, 1000, () => {
    seen.push([...api.list("Node")].length + [...api.list("Service")].length);
    return true;
  });
  await executeWorkload(new InMemoryCluster(simulation), {
    workload: { ...workload, ops: [...ops, sleep(4700)] },
    making,
    load: null,
    prng: new Prng(1),
  });
  assert.deepEqual(seen, [12, 10, 12, 10]);
});

test("executeWorkload names what it waited for in vain", async () => {
  const source = benchWorkload("misc", "PreemptionBasic", "5Nodes");
  const { workload } = loadWorkload(source);
  // Without nodes.
  const run = execute(workload.ops.slice(1, 2));
  await assert.rejects(run, /waited 600 s for 20 of 20 Pods of 'namespace-1' to be scheduled/);
});

test("runScheduling finds unsupported operations before it begins, and misspelt names", async () => {
  const run = (testCase: string, workload: string) =>
    runScheduling(
      {
        source: benchWorkload("misc", testCase, workload),
        schedulerConfigPath: null,
        through: "in-process",
        load: null,
      },
      SIMULATED,
    );
  await assert.rejects(run("SchedulingBasic", "5Node"), /workload of SchedulingBasic '5Node'.*5Nodes/);
  await assert.rejects(run("SchedulingBasics", "5Nodes"), /SchedulingBasic/);
});
