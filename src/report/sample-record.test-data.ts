// A made-up run for tests: the shape of preset quick's record, with invented but plausible numbers. Never shipped as data.
import { Prng } from "../base/prng.js";
import { METRICS, type MetricName } from "../measure/metrics.js";
import type { CaseRecord, Distribution, MetricRecord, RunRecord } from "../measure/run-record.js";

export interface SampleOptions {
  readonly modes?: readonly string[];
  readonly sizes?: readonly number[];
  readonly workers?: readonly number[];
}

/** Costs of one mode at one size: [rules, lookups, modelled ns, established modelled ns]. */
const COSTS: Readonly<Record<string, (services: number) => readonly [number, number, number, number]>> = {
  userspace: (services) => [services * 0.5 + 6, 3, 3100 + services * 2.9, 9200],
  iptables: (services) => [services * 0.5 + 3.27, 4, 240 + services * 2.88, 92],
  ipvs: () => [9, 7, 1110, 268],
  nftables: () => [12, 5, 1240, 101],
};

export function sampleRecord(options: SampleOptions = {}): RunRecord {
  const modes = options.modes ?? ["userspace", "iptables", "ipvs", "nftables"];
  const sizes = options.sizes ?? [100, 1000, 10000];
  const workers = options.workers ?? [1, 2];
  const random = new Prng(7);
  const cases = [
    ...modes.flatMap((mode) => sizes.map((services) => gridCase(mode, services, random))),
    ...["iptables", "ipvs"].flatMap((mode) => workers.map((count) => workerCase(mode, count, random))),
  ];
  return { ...FRAME, cases };
}

/** A metric with samples, as a run would record it. `within` draws one packet's value. */
export function sampleMetric(
  name: MetricName,
  value: number,
  random: Prng,
  extra: { within?: (random: Prng) => number; breakdown?: Record<string, number> } = {},
): MetricRecord {
  const { unit, better, provenance, assume } = METRICS[name];
  const exact = assume === "exact";
  const values = exact
    ? [value]
    : Array.from({ length: 10 }, () => value * (1 + (random.unit() - 0.5) * 0.05));
  const sorted = values.toSorted((a, b) => a - b);
  const median = exact ? value : ((sorted[4] as number) + (sorted[5] as number)) / 2;
  return {
    ...{ name, unit, better, provenance, assume },
    samples: values.map((one, block) => ({ block, value: one })),
    summary: {
      ...{ n: values.length, median, min: sorted[0] as number, max: sorted[sorted.length - 1] as number },
      ci95: exact ? null : [sorted[1] as number, sorted[8] as number],
    },
    ...(extra.within ? { distribution: sampleDistribution(extra.within, random) } : {}),
    ...(extra.breakdown ? { breakdown: extra.breakdown } : {}),
  };
}

function sampleDistribution(within: (random: Prng) => number, random: Prng): Distribution {
  const values = Array.from({ length: 4000 }, () => within(random)).sort((a, b) => a - b);
  const at = (share: number) => values[Math.ceil(share * values.length) - 1] as number;
  const counts = new Map<number, number>();
  for (const value of values) {
    const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value))) - 5);
    const bound = Math.ceil(value / step) * step;
    counts.set(bound, (counts.get(bound) ?? 0) + 1);
  }
  return {
    count: values.length,
    percentiles: {
      p1: at(0.01),
      p10: at(0.1),
      p50: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      "p99.9": at(0.999),
    },
    buckets: [...counts].sort(([a], [b]) => a - b),
    omission: "service-time",
  };
}

function gridCase(mode: string, services: number, random: Prng): CaseRecord {
  const [rules, lookups, kernelNs, establishedNs] = (COSTS[mode] ?? (COSTS["ipvs"] as never))(services);
  const linear = rules > 50;
  const spread = (mean: number, floor: number) => (source: Prng) =>
    linear
      ? floor + source.unit() * 2 * (mean - floor)
      : mean * (0.9 + source.unit() * 0.2) * (source.unit() < 0.004 ? 3 : 1);
  const coreNs = 35 + rules * 0.9 + lookups * 11;
  const metric = (name: MetricName, value: number, extra: Parameters<typeof sampleMetric>[3] = {}) =>
    sampleMetric(name, value, random, extra);
  return {
    id: `mode=${mode} services=${services}`,
    labels: { mode, services },
    status: "ok",
    reason: null,
    workload: { requested: { services, flows: 4000 }, applied: { services, flows: 4000 } },
    metrics: [
      metric("first.rules_evaluated", rules, {
        within: spread(rules, 8),
        breakdown: {
          rulesEvaluated: rules,
          headerMisses: rules - 7,
          commentMatches: 4,
          setProbes: mode === "ipvs" ? 4 : 0,
          dnatTargets: 1,
        },
      }),
      metric("first.lookups", lookups, { within: () => lookups }),
      metric("first.core_ns", coreNs, { within: spread(coreNs, 40) }),
      metric("first.kernel_ns", kernelNs, {
        within: spread(kernelNs, 200),
        breakdown: { rules: kernelNs - 210, conntrack: 150, nat: 60 },
      }),
      metric("established.rules_evaluated", 2, { within: () => 2 }),
      metric("established.core_ns", 21 + establishedNs * 0.02, {
        within: spread(21 + establishedNs * 0.02, 10),
      }),
      metric("established.kernel_ns", establishedNs, { within: spread(establishedNs, 50) }),
      ...syncMetrics(mode, services, metric),
    ],
  };
}

function syncMetrics(
  mode: string,
  services: number,
  metric: (name: MetricName, value: number) => MetricRecord,
): readonly MetricRecord[] {
  const full = mode === "ipvs" ? services * 5 : services * 16 + 21;
  const partial = mode === "iptables" ? services + 29 : 12;
  return [
    metric("sync.full.rules", full),
    metric("sync.full.bytes", full * 118),
    metric("sync.partial.rules", partial),
    metric("sync.partial.bytes", partial * 121),
    metric("sync.full.compile_ns", full * 2100),
    metric("sync.partial.compile_ns", partial * 2300),
    metric("state.rules", mode === "ipvs" ? 24 : full),
    metric("state.elements", mode === "ipvs" ? services * 9 : 0),
    metric("state.image_bytes", services * 480 + 65536),
  ];
}

function workerCase(mode: string, workers: number, random: Prng): CaseRecord {
  return {
    id: `mode=${mode} services=1000 workers=${workers}`,
    labels: { mode, services: 1000, workers },
    status: "ok",
    reason: null,
    workload: { requested: { packets: 1e6 }, applied: { packets: 1e6 } },
    metrics: [sampleMetric("workers.packets_per_second", 21e6 * workers ** 0.93, random)],
  };
}

const FRAME: Omit<RunRecord, "cases"> = {
  schemaVersion: "1.0.0",
  tool: {
    name: "plumbline",
    version: "0.1.0",
    commit: "0123456789abcdef",
    wasm: { packet: "00".repeat(32) },
  },
  run: {
    id: "20260102T030405Z-quick",
    startedAt: "2026-01-02T03:04:05Z",
    finishedAt: "2026-01-02T03:05:11Z",
    argv: ["run", "quick"],
    seed: 42,
    status: "complete",
  },
  scenario: {
    name: "quick",
    purpose: "What does a Service cost per new connection under each kube-proxy mode?",
    digest: "ab".repeat(32),
    resolved: { seed: 42, matrix: { axes: { mode: ["iptables", "ipvs"], services: [100, 1000, 10000] } } },
  },
  environment: {
    fingerprint: "cd".repeat(32),
    os: "linux x64",
    kernel: "6.8.0-51-generic",
    cpu: { model: "Example CPU 2.4 GHz", cores: 2, mhz: 2400 },
    memoryBytes: 8.2e9,
    node: "v20.20.2",
    v8: "11.3.244.8-node.38",
    timer: { resolutionNs: 30, overheadNs: 41 },
    noise: { relativeMad: 0.021, samples: 40 },
    busyShare: 0.04,
  },
  thresholds: [
    {
      metric: "first.rules_evaluated",
      where: { mode: "ipvs", services: 10000 },
      must: "<= 20",
      because: "a hash lookup does not grow with the number of Services",
      ok: true,
      got: 9,
    },
  ],
  verification: {
    state: "not-verified",
    reason: "ENV_NO_ROOT",
    detail: "loading rules into a network namespace needs root",
  },
  verdict: {
    status: "pass",
    answer: "",
    reasons: ["1 of 1 thresholds met"],
    reproduce: "plumb run quick --seed 42",
  },
  warnings: [
    {
      code: "NOISY_MACHINE",
      message: "another process used 4% of the CPU during the run",
      hint: "close other programs, or accept wider intervals",
    },
  ],
};
