// Made-up cases that schedule Pods, for tests: invented but plausible numbers. Never shipped as data.
import { Prng } from "../../base/prng.js";
import type { MetricName } from "../../measure/metrics.js";
import type { CaseRecord, Labels, MetricRecord, RunRecord } from "../../measure/run-record.js";
import type {
  ImportedFloor,
  PluginCost,
  SchedulingMoment,
  SchedulingRecord,
} from "../../measure/scheduling-record.js";
import { sampleMetric, sampleRecord } from "../sample-record.test-data.js";

const FLOOR: ImportedFloor = {
  value: 680,
  metric: "SchedulingThroughput Average",
  isCeiling: false,
  source: "bench/scheduler_perf/misc/performance-config.yaml:24",
};
const PODS = 3000;

/** A run that sends no packet: a scale curve, a floor, two configurations, a trace, and a case that failed. */
export function sampleSchedulingRecord(): RunRecord {
  const frame = sampleRecord({ modes: [], workers: [] });
  const scenario = {
    ...frame.scenario,
    name: "sched-basic",
    purpose: "How many Pods a second?",
    resolved: {},
  };
  return { ...frame, scenario, cases: sampleSchedulingCases(), thresholds: [] };
}

export function sampleSchedulingCases(): readonly CaseRecord[] {
  const random = new Prng(11);
  const sizes = [100, 5000, 15_000].map((nodes) =>
    caseOf(
      { workload: "SchedulingBasic/scale", nodes },
      { nodes, rate: 40_000 / nodes ** 0.2, floor: null },
      random,
    ),
  );
  const named = caseOf(
    { workload: "SchedulingBasic/5000Nodes_10000Pods", nodes: 5000 },
    { nodes: 5000, rate: 15_000, floor: FLOOR },
    random,
  );
  const configured = ["default", "mine"].map((config, index) =>
    caseOf(
      { workload: "TopologySpreading/500Nodes", nodes: 500, config },
      { nodes: 500, rate: 6000 + index * 2000, floor: null },
      random,
    ),
  );
  const trace = caseOf(
    { workload: "trace/pods" },
    { nodes: 16, rate: 30, floor: null, fragmentation: 0.5 },
    random,
  );
  const failed: CaseRecord = {
    ...{ id: "workload=Plain/broken", labels: { workload: "Plain/broken" }, status: "failed" },
    ...{
      reason: "no parameter $initNodes",
      workload: { requested: {}, applied: {} },
      metrics: [],
      scheduling: null,
    },
  };
  return [...sizes, named, ...configured, trace, failed];
}

interface Shape {
  readonly nodes: number;
  /** Pods per second. */
  readonly rate: number;
  readonly floor: ImportedFloor | null;
  readonly fragmentation?: number | null;
}

function caseOf(labels: Labels, shape: Shape, random: Prng): CaseRecord {
  const id = Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(" ");
  return {
    ...{ id, labels, status: "ok", reason: null },
    workload: { requested: { nodes: shape.nodes }, applied: { nodes: shape.nodes } },
    metrics: metricsOf(shape, random),
    scheduling: recordOf(shape),
  };
}

function metricsOf({ nodes, rate, fragmentation }: Shape, random: Prng): readonly MetricRecord[] {
  const spread = (ns: number) => ({ within: (source: Prng) => ns * (0.5 + source.unit() ** 3) });
  const latency = (name: MetricName, ns: number) => sampleMetric(name, ns, random, spread(ns));
  const cycleNs = 30_000 + nodes * 4;
  return [
    sampleMetric("sched.throughput", rate * 1.1, random),
    sampleMetric("sched.pods_per_second", rate, random),
    latency("sched.attempt_ns", cycleNs * 1.2),
    latency("sched.queue_ns", 9e7),
    latency("sched.cycle_ns", cycleNs),
    latency("sched.bind_ns", 12_000),
    latency("sched.total_ns", 9e7),
    sampleMetric("sched.nodes_evaluated_per_pod", Math.min(nodes, 500), random),
    sampleMetric("sched.placed_share", 0.999, random),
    sampleMetric("sched.imbalance_cpu", 0.01, random),
    sampleMetric("sched.empty_nodes", 2, random),
    ...(fragmentation === undefined || fragmentation === null
      ? []
      : [sampleMetric("sched.fragmentation", fragmentation, random)]),
  ];
}

function recordOf({ nodes, rate, floor, fragmentation = null }: Shape): SchedulingRecord {
  const durationMs = (PODS / rate) * 1000;
  return {
    ...{ block: 3, nodes, podsInitial: 500, podsMeasured: PODS, podsScheduled: PODS, durationMs, floor },
    throughput: null,
    attempts: { scheduled: PODS, unschedulable: 400, error: 0 },
    timeline: Array.from({ length: 60 }, (_, index) => momentOf(index / 59, durationMs, fragmentation)),
    pluginCosts: COSTS,
    upstreamMetrics: [
      {
        name: "scheduler_scheduling_attempt_duration_seconds",
        labels: { profile: "default-scheduler", result: "unschedulable" },
        kind: "histogram",
        data: { Average: 1.4, Perc50: 0.5, Perc90: 3.1, Perc95: 3.5, Perc99: 3.9 },
      },
      { name: "scheduler_pending_pods", labels: { queue: "active" }, kind: "gauge", data: { Value: 0 } },
    ],
    slowest: [
      {
        ...{
          pod: "ns/pod-7",
          result: "unschedulable",
          cycleMs: 3.25,
          evaluatedNodes: nodes,
          feasibleNodes: 0,
        },
        outcome: `0/${nodes} nodes are available: ${nodes} Insufficient cpu.`,
      },
    ],
    columnBytes: nodes * 190,
    placement: {
      utilisation: { cpu: 0.55, memory: 0.34, "example.com/gpu": 0 },
      imbalance: { cpu: 0.01, memory: 1e-17, "example.com/gpu": 0 },
      ...{ placedShare: 0.999, emptyNodes: 2, fragmentation },
    },
    placementDigest: rate > 7000 ? "ab".repeat(32) : "cd".repeat(32),
  };
}

function momentOf(share: number, durationMs: number, fragmentation: number | null): SchedulingMoment {
  return {
    atMs: share * durationMs,
    scheduled: Math.round(share * PODS),
    attempts: Math.round(share * (PODS + 400)),
    queue: {
      active: Math.round((1 - share) * PODS),
      backoff: 0,
      unschedulable: Math.round(share * 20),
      gated: 0,
    },
    utilisation: { cpu: 0.1 + share * 0.45, memory: share * 0.34 },
    fragmentation: fragmentation === null ? null : share * fragmentation,
  };
}

function cost(plugin: string, point: string, timedMs: number, cycles = PODS): PluginCost {
  return { plugin, point, cycles, nodes: cycles * 500, timedCycles: 300, timedMs };
}

const COSTS: readonly PluginCost[] = [
  cost("NodeResourcesFit", "Filter", 0.9),
  cost("NodeResourcesFit", "Score", 1.5),
  cost("TaintToleration", "Filter", 0.6),
  cost("PodTopologySpread", "PreFilter", 0.3, 0),
  cost("InterPodAffinity", "Score", 0.03, 0),
];
