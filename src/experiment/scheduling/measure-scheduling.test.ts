import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { realClock } from "../../base/clock.js";
import { METRICS } from "../../measure/metrics.js";
import type { CaseRecord } from "../../measure/run-record.js";
import { assembleCases } from "../assemble.js";
import { measureCase } from "../measure-case.js";
import type { SampleResult } from "../sample-types.js";
import { parseScenario } from "../scenario.js";
import type { Scenario } from "../scenario-types.js";
import { realWaits } from "./real-waits.js";

function scenarioOf(entry: string): Scenario {
  const text = `apiVersion: plumbline/v1
kind: Scenario
metadata: { name: s, purpose: How fast? }
spec: { scheduling: [${entry}], sampling: { samples: 2, isolate: none } }
`;
  return parseScenario({ file: "s.yaml", text }, { resolvePreset: () => null });
}

async function samplesOf({ cases, seed }: Scenario, blocks: readonly number[]): Promise<SampleResult[]> {
  const samples: SampleResult[] = [];
  for (const one of cases)
    for (const block of blocks) {
      const request = { case: one, seed, block, warmup: 0, timedNs: 1e6 };
      samples.push(await measureCase(request, realClock, realWaits));
    }
  return samples;
}

function assembled(scenario: Scenario, results: readonly SampleResult[]): readonly CaseRecord[] {
  return assembleCases(scenario, { results, failures: [], blocksDone: 2, end: "complete" });
}

test("measureCase schedules a workload twice: every metric is filled, counted ones alike in every sample", async () => {
  const scenario = scenarioOf("{ case: SchedulingBasic, workload: 5Nodes }");
  const [record] = assembled(scenario, await samplesOf(scenario, [0, 1]));
  assert.equal(record?.status, "ok", record?.reason ?? "");
  const requested = {
    nodes: 5,
    "pods of namespace-1": 5,
    "scheduled of namespace-1": 5,
    "pods of namespace-2": 10,
    "scheduled of namespace-2": 10,
  };
  assert.deepEqual(record.workload.requested, requested);
  assert.deepEqual(record.workload.applied, { ...requested, podsInitial: 5, podsMeasured: 10 });
  const value = (name: string) => record.metrics.find((metric) => metric.name === name)?.summary.median;
  assert.equal(value("sched.placed_share"), 1);
  assert.equal(value("sched.attempts_per_pod"), 1);
  assert.equal(value("sched.nodes_evaluated_per_pod"), 5);
  assert.ok((value("sched.pods_per_second") ?? 0) > 0);
  const total = record.metrics.find(({ name }) => name === "sched.total_ns");
  assert.equal(total?.distribution?.omission, "scheduled-start");
  assert.equal(total.distribution.count, 20);
  for (const { name, samples } of record.metrics)
    assert.equal(samples.length, METRICS[name].assume === "exact" ? 1 : 2, name);
  assert.equal(record.scheduling?.podsScheduled, 10);
  assert.ok(record.scheduling.upstreamMetrics.some(({ name }) => /scheduling_attempt_duration/.test(name)));
});

test("measureCase goes through the API in real time, and says so; what is counted is as in process", async () => {
  const entry = (more: string) => scenarioOf(`{ case: SchedulingBasic, workload: 5Nodes${more} }`);
  const [inProcess, api] = await Promise.all(
    [entry(""), entry(", through: api")].map(async (scenario) =>
      assembled(scenario, await samplesOf(scenario, [0])),
    ),
  ).then((all) => all.map(([record]) => record));
  assert.equal(api?.status, "ok", api?.reason ?? "");
  assert.equal(api.id, "workload=SchedulingBasic/5Nodes nodes=5 through=api");
  assert.deepEqual([inProcess?.scheduling?.through, api.scheduling?.through], [undefined, "api"]);
  assert.equal(api.scheduling?.placementDigest, inProcess?.scheduling?.placementDigest);
  assert.deepEqual(api.workload, inProcess?.workload);
  assert.deepEqual(
    api.metrics.map(({ name }) => name),
    inProcess?.metrics.map(({ name }) => name),
  );
});

test("assembleCases fails a case of which any sample has done something else than was asked for", async () => {
  const scenario = scenarioOf("{ case: SchedulingBasic, workload: 5Nodes }");
  const [sample] = await samplesOf(scenario, [0]);
  assert.ok(sample);
  const { requested, applied } = sample.workload;
  const short = { requested, applied: { ...applied, "scheduled of namespace-2": 9 } };
  const [record] = assembled(scenario, [sample, { ...sample, block: 1, workload: short }]);
  assert.equal(record?.status, "failed");
  assert.match(record?.reason ?? "", /asked for 10 scheduled of namespace-2, applied 9/);
});

test("assembleCases keeps the sample of the median rate, and fails a case whose placements differ", async () => {
  const scenario = scenarioOf("{ case: SchedulingBasic, workload: 5Nodes }");
  const [sample] = await samplesOf(scenario, [0]);
  const found = sample?.scheduling;
  assert.ok(sample && found);
  const at = (block: number, podsPerSecond: number, placementDigest = found.record.placementDigest) => ({
    ...sample,
    block,
    scheduling: { podsPerSecond, record: { ...found.record, block, placementDigest } },
  });
  const [median] = assembled(scenario, [at(0, 30), at(1, 10), at(2, 20)]);
  assert.equal(median?.scheduling?.block, 2);
  const [differs] = assembled(scenario, [at(0, 30), at(1, 10, "f".repeat(64))]);
  assert.equal(differs?.status, "failed");
  assert.match(
    differs?.reason ?? "",
    /placements are exact, yet those of block 1 differ from those of block 0/,
  );
});

test("measureCase calls a workload unsupported when it holds an operation that cannot be carried out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-unsupported-"));
  const config = join(folder, "performance-config.yaml");
  writeFileSync(
    config,
    `- name: Dynamic
  workloadTemplate:
  - { opcode: createResourceDriver, driverName: d, nodes: n, maxClaimsPerNodeParam: $claims }
  - { opcode: createPods, count: 1, collectMetrics: true }
  workloads: [{ name: fast, params: { claims: 1 } }]
`,
  );
  const scenario = scenarioOf(`{ config: ${config}, case: Dynamic, workload: fast }`);
  const [record] = assembled(scenario, await samplesOf(scenario, [0]));
  rmSync(folder, { recursive: true });
  assert.equal(record?.status, "unsupported");
  assert.match(record?.reason ?? "", /createResourceDriver/);
  assert.equal(record?.scheduling, null);
});
