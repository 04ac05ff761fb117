// Every workload through a whole control plane: it asks for what it asks for in process, and all of it comes about.
// Of our own configurations, and of upstream's where PLUMB_SCHEDULER_PERF names test/integration/scheduler_perf of a
// kubernetes/kubernetes checkout. PLUMB_THROUGH_API_LABELS=performance,short takes larger sizes: minutes.
import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { realClock } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import { configsBelow, readConfigFile } from "../../workload/scheduler-perf/config-files.test-data.js";
import { labelsMatch } from "../../workload/scheduler-perf/select-workloads.js";
import { loadWorkload } from "../scheduling/load-workload.js";
import { realWaits } from "../scheduling/real-waits.js";
import { runScheduling } from "../scheduling/run-scheduling.js";
import type { SchedulingResult, SchedulingSpec } from "../scheduling/scheduling-types.js";
import { benchWorkload, SIMULATED } from "../scheduling/simulation.test-data.js";

const LABELS = process.env["PLUMB_THROUGH_API_LABELS"] ?? "integration-test";
const UPSTREAM = process.env["PLUMB_SCHEDULER_PERF"] ?? "";
const skip =
  UPSTREAM === "" &&
  "PLUMB_SCHEDULER_PERF is not set; point it at test/integration/scheduler_perf of kubernetes/kubernetes";
/** Planes at a time: small workloads mostly wait. */
const PLANES = LABELS === "integration-test" ? 6 : 1;

type WorkloadSpec = SchedulingSpec & { readonly source: { readonly kind: "workload" } };

function specsBelow(folder: string): readonly WorkloadSpec[] {
  return configsBelow(folder).flatMap((file) =>
    readConfigFile(file).flatMap(({ name: testCase, workloads }) =>
      workloads
        .filter(({ labels }) => labelsMatch(labels, LABELS))
        .map(({ name: workload }): WorkloadSpec => {
          const source = { kind: "workload", configPath: resolve(file), testCase, workload } as const;
          return { source, schedulerConfigPath: null, through: "api", load: null };
        }),
    ),
  );
}

/** @returns null when the workload cannot be run in process either */
async function expected(spec: WorkloadSpec): Promise<SchedulingResult | null> {
  try {
    return await runScheduling(spec, SIMULATED);
  } catch (error) {
    // Upstream's own files have workloads that need more, or lack a parameter that its Go tests fill in.
    assert.ok(
      error instanceof PlumbError && ["Unsupported", "InvalidInput"].includes(error.code),
      `${error}`,
    );
    return null;
  }
}

function throughApi(spec: SchedulingSpec): Promise<SchedulingResult> {
  return runScheduling(spec, { ...realWaits, seed: 1, clock: realClock, timeMode: "real" });
}

/** Whether what is measured runs a race against objects that come by the clock, and may be shut out when it is late. */
function isRace({ source }: WorkloadSpec): boolean {
  return loadWorkload(source).workload.ops.some(({ opcode }) => opcode === "churn");
}

/** @returns how many were run */
async function runAll(specs: readonly WorkloadSpec[]): Promise<number> {
  const wanted = new Map<WorkloadSpec, SchedulingResult>();
  for (const spec of specs) {
    const simulated = await expected(spec);
    if (simulated !== null) wanted.set(spec, simulated);
  }
  const [races, others] = [true, false].map((races) =>
    [...wanted].filter(([spec]) => isRace(spec) === races),
  );
  const worker = async (waiting: [WorkloadSpec, SchedulingResult][]) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await check(...next);
  };
  await Promise.all(Array.from({ length: PLANES }, () => worker(others ?? [])));
  await worker(races ?? []);
  return wanted.size;
}

async function check(spec: WorkloadSpec, simulated: SchedulingResult): Promise<void> {
  const name = JSON.stringify(spec.source);
  const { workload, timeMode, podsScheduled } = await throughApi(spec);
  assert.equal(timeMode, "real");
  assert.deepEqual(workload.applied, workload.requested, name);
  assert.deepEqual(workload.requested, simulated.workload.requested, name);
  assert.deepEqual(simulated.workload.applied, simulated.workload.requested, name);
  assert.ok(podsScheduled > 0, name);
}

test(`every workload of ours labelled ${LABELS} runs through the API, with all Pods accounted for`, async () => {
  const specs = specsBelow("bench/scheduler_perf");
  assert.ok(specs.length > 0);
  assert.equal(await runAll(specs), specs.length);
});

test(`upstream's workloads labelled ${LABELS} run through the API, those that run in process`, {
  skip,
}, async (context) => {
  const specs = specsBelow(UPSTREAM);
  const count = await runAll(specs);
  context.diagnostic(`${count} of ${specs.length}`);
  assert.ok(count >= 40, `${count} of ${specs.length}`);
});

test("runScheduling honours a scheduler configuration through the API as in process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-through-api-"));
  try {
    const schedulerConfigPath = join(folder, "packed.yaml");
    writeFileSync(
      schedulerConfigPath,
      `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - plugins:
      score: { disabled: [{ name: "*" }], enabled: [{ name: NodeResourcesFit }] }
    pluginConfig:
      - name: NodeResourcesFit
        args: { scoringStrategy: { type: MostAllocated, resources: [{ name: cpu, weight: 1 }] } }
`,
    );
    const source = benchWorkload("misc", "SchedulingBasic", "5Nodes");
    const spec = { source, schedulerConfigPath, through: "api", load: null } as const;
    const { placement } = await throughApi(spec);
    assert.equal(placement.emptyNodes, 4);
    assert.equal((await runScheduling(spec, SIMULATED)).placement.emptyNodes, 4);
    assert.equal((await throughApi({ ...spec, schedulerConfigPath: null })).placement.emptyNodes, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
