// Small runs for the tests of this folder: whole, valid records of which a test states only what it is about.
import { labelsText } from "./labels-text.js";
import type { MetricName } from "./metrics.js";
import { type CaseRecord, type Environment, RUN_SCHEMA_VERSION, type RunRecord } from "./run-record.js";
import { metricRecord } from "./summary.js";

const DIGEST = "0123456789abcdef".repeat(4);

export const exampleEnvironment: Environment = {
  fingerprint: "aaaaaaaaaaaaaaaa",
  os: "Example Linux x64",
  kernel: "6.1.0",
  cpu: { model: "Example CPU", cores: 2, mhz: 2300 },
  memoryBytes: 4 * 2 ** 30,
  node: "20.19.0",
  v8: "11.3",
  timer: { resolutionNs: 40, overheadNs: 60 },
  noise: { relativeMad: 0.01, samples: 200 },
  busyShare: 0.02,
};

/** Metric -> its samples, block by block. */
export type ExampleMetrics = Partial<Readonly<Record<MetricName, readonly number[]>>>;

export function exampleCase(labels: CaseRecord["labels"], metrics: ExampleMetrics): CaseRecord {
  return {
    id: labelsText(labels),
    labels,
    status: "ok",
    reason: null,
    workload: { requested: { services: 100 }, applied: { services: 100 } },
    metrics: Object.entries(metrics).map(([name, values]) =>
      metricRecord(
        name as MetricName,
        values.map((value, block) => ({ block, value })),
      ),
    ),
  };
}

export function exampleRun(
  id: string,
  cases: readonly CaseRecord[],
  changes: Partial<RunRecord> = {},
): RunRecord {
  return {
    schemaVersion: RUN_SCHEMA_VERSION,
    tool: { name: "plumbline", version: "0.1.0", commit: null, wasm: { iptables: DIGEST } },
    run: {
      id,
      startedAt: "2026-01-01T00:00:00Z",
      finishedAt: "2026-01-01T00:01:00Z",
      argv: ["run", "example"],
      seed: 42,
      status: "complete",
    },
    scenario: { name: "example", purpose: "What does an example cost?", digest: DIGEST, resolved: {} },
    environment: exampleEnvironment,
    cases,
    thresholds: [],
    verification: { state: "not-verified", reason: "ENV_NO_ROOT", detail: "not asked for" },
    verdict: {
      status: "pass",
      answer: "It costs 12 ns.",
      reasons: [],
      reproduce: "plumb run example --seed 42",
    },
    warnings: [],
    ...changes,
  };
}
