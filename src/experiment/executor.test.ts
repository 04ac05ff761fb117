import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../base/clock.js";
import { assembleCases } from "./assemble.js";
import { executeScenario, type ExecutorOptions, type Progress } from "./executor.js";
import { parseScenario } from "./scenario.js";
import type { MetricValue, SampleRequest, SampleResult } from "./sample-types.js";
import type { Scenario } from "./scenario-types.js";

const SCENARIO = `
apiVersion: plumbline/v1
kind: Scenario
metadata: { name: t, purpose: Does the executor keep its word? }
spec:
  seed: 7
  params: { services: { type: int, default: 10 } }
  matrix: { axes: { mode: [iptables, ipvs], services: [10, 20] } }
  cluster: { services: { count: "\${services}" } }
  phases: [{ kind: program }]
  sampling: { samples: 6, order: blocked, warmup: auto, isolate: none, timeBudget: 60s }
`;

function scenario(): Scenario {
  return parseScenario({ file: "t.yaml", text: SCENARIO }, { resolvePreset: () => null });
}

function value(name: MetricValue["name"], number: number): MetricValue {
  return { name, labels: {}, value: number, histogram: null, breakdown: null };
}

function answer({ case: { id }, block }: SampleRequest, values: readonly MetricValue[]): SampleResult {
  const workload = { requested: { services: 10 }, applied: { services: 10 } };
  return { caseId: id, block, workload, values, warnings: [], scheduling: null, unsupported: null };
}

function options(
  clock: ManualClock,
  runSample: ExecutorOptions["runSample"],
  progress: Progress[] = [],
): ExecutorOptions {
  const never = new AbortController().signal;
  return { clock, runSample, finish: never, stopNow: never, onProgress: (event) => progress.push(event) };
}

test("executeScenario runs every case once per block, in another order each", async () => {
  const seen: string[][] = [];
  const run = await executeScenario(
    scenario(),
    options(new ManualClock(), async (request) => {
      seen[request.block] = [...(seen[request.block] ?? []), request.case.id];
      return answer(request, []);
    }),
  );
  assert.equal(run.end, "complete");
  assert.equal(run.blocksDone, 6);
  for (const row of seen) assert.equal(new Set(row).size, 4, row.join("; "));
  assert.ok(new Set(seen.map((row) => row.join())).size > 1, "blocks are shuffled");
});

test("executeScenario stops before a block that would overrun the budget", async () => {
  const clock = new ManualClock();
  const run = await executeScenario(
    scenario(),
    options(clock, async (request) => {
      clock.advance(4e9);
      return answer(request, []);
    }),
  );
  assert.equal(run.end, "time-budget");
  assert.equal(run.blocksDone, 3, "three blocks of 16 s fit into 60 s");
});

test("executeScenario finishes the block when asked to stop, and keeps it", async () => {
  const finish = new AbortController();
  let samples = 0;
  const run = await executeScenario(scenario(), {
    ...options(new ManualClock(), async (request) => {
      if (++samples === 6) finish.abort();
      return answer(request, []);
    }),
    finish: finish.signal,
  });
  assert.equal(run.end, "interrupted");
  assert.equal(run.results.length, 8);
});

test("executeScenario does not try a failed case again, and goes on with the others", async () => {
  const tried: string[] = [];
  const run = await executeScenario(
    scenario(),
    options(new ManualClock(), async (request) => {
      tried.push(request.case.id);
      if (request.case.id === "mode=ipvs services=20") throw new Error("out of chairs");
      return answer(request, []);
    }),
  );
  assert.deepEqual(run.failures, [{ caseId: "mode=ipvs services=20", reason: "out of chairs" }]);
  assert.equal(tried.filter((id) => id === "mode=ipvs services=20").length, 1);
  const cases = assembleCases(scenario(), run);
  assert.deepEqual(
    cases.map(({ status }) => status),
    ["ok", "ok", "ok", "failed"],
  );
});

test("executeScenario tells how far it is and how long it will take", async () => {
  const clock = new ManualClock();
  const progress: Progress[] = [];
  await executeScenario(
    scenario(),
    options(
      clock,
      async (request) => {
        clock.advance(1e9);
        return answer(request, []);
      },
      progress,
    ),
  );
  const afterFirstBlock = progress.find(({ blockDone }) => blockDone);
  assert.equal(afterFirstBlock?.done, 4);
  assert.equal(afterFirstBlock?.remainingNs, 20e9);
});

test("assembleCases fails a case whose exact metric differs between processes", async () => {
  const run = await executeScenario(
    scenario(),
    options(new ManualClock(), async (request) =>
      answer(request, [value("sync.full.rules", request.block === 3 ? 8 : 9)]),
    ),
  );
  const [first] = assembleCases(scenario(), run);
  assert.equal(first?.status, "failed");
  assert.match(
    first?.reason ?? "",
    /sync.full.rules is exact, yet block 3 gave 8 and block \d gave|sync.full.rules is exact, yet block \d gave \d and block \d \d/,
  );
});

test("assembleCases keeps one sample of exact metrics and all of timings, and splits off extra labels", async () => {
  const run = await executeScenario(
    scenario(),
    options(new ManualClock(), async (request) =>
      answer(request, [
        value("sync.full.rules", 9),
        value("first.core_ns", 100 + request.block),
        { ...value("workers.packets_per_second", 5), labels: { workers: 2 } },
      ]),
    ),
  );
  const [own, workers] = assembleCases(scenario(), run);
  assert.deepEqual(
    own?.metrics.map(({ name, summary }) => [name, summary.n]),
    [
      ["first.core_ns", 6],
      ["sync.full.rules", 1],
    ],
  );
  assert.equal(workers?.id, "mode=iptables services=10 workers=2");
});

test("assembleCases fails a case that applied another workload than was asked for", async () => {
  const run = await executeScenario(
    scenario(),
    options(new ManualClock(), async (request) => ({
      ...answer(request, []),
      workload: { requested: { services: 150 }, applied: { services: 171 } },
    })),
  );
  assert.equal(assembleCases(scenario(), run)[0]?.reason, "asked for 150 services, applied 171");
});
