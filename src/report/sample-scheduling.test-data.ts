// Made-up cases that schedule Pods, for tests: invented but plausible numbers.
import { Prng } from "../base/prng.js";
import { labelsText } from "../measure/labels-text.js";
import type { CaseRecord, Labels } from "../measure/run-record.js";
import type { ImportedFloor, SchedulingRecord } from "../measure/scheduling-record.js";
import { sampleMetric } from "./sample-record.test-data.js";

const FLOOR: ImportedFloor = {
  value: 680,
  metric: "SchedulingThroughput Average",
  isCeiling: false,
  source: "bench/scheduler_perf/misc/performance-config.yaml:24",
};

/** A finished case: so many Pods a second, 40 us at least per attempt. */
export function schedulingCase(
  labels: Labels,
  podsPerSecond: number,
  changes: Partial<SchedulingRecord> = {},
): CaseRecord {
  const random = new Prng(3);
  const attempt = { within: (prng: Prng) => 40_000 * (1 + prng.unit() ** 4) };
  return {
    id: labelsText(labels),
    labels,
    status: "ok",
    reason: null,
    workload: { requested: {}, applied: { nodes: 5000, podsInitial: 1000, podsMeasured: 10_000 } },
    metrics: [
      sampleMetric("sched.throughput", podsPerSecond, random),
      sampleMetric("sched.pods_per_second", podsPerSecond, random),
      sampleMetric("sched.attempt_ns", 45_000, random, attempt),
      sampleMetric("sched.total_ns", 5e6, random, attempt),
      sampleMetric("sched.placed_share", 1, random),
    ],
    scheduling: { ...schedulingRecord(Number(labels["nodes"] ?? 16)), ...changes },
  };
}

function schedulingRecord(nodes: number): SchedulingRecord {
  return {
    block: 0,
    nodes,
    podsInitial: 1000,
    podsMeasured: 10_000,
    podsScheduled: 10_000,
    durationMs: 650,
    throughput: { average: 15_000, p50: 15_000, p90: 15_000, p95: 15_000, p99: 15_000, samples: [15_000] },
    attempts: { scheduled: 10_000, unschedulable: 0, error: 0 },
    timeline: [
      {
        atMs: 650,
        scheduled: 10_000,
        attempts: 10_000,
        queue: { active: 0, backoff: 0, unschedulable: 0, gated: 0 },
        utilisation: { cpu: 0.05 },
        fragmentation: null,
      },
    ],
    pluginCosts: [
      {
        plugin: "NodeResourcesFit",
        point: "Filter",
        cycles: 10_000,
        nodes: 5e6,
        timedCycles: 1000,
        timedMs: 12,
      },
    ],
    upstreamMetrics: [
      {
        name: "scheduler_scheduling_attempt_duration_seconds",
        labels: { result: "scheduled" },
        kind: "histogram",
        data: { Average: 0.05, Perc50: 0.04, Perc90: 0.06, Perc95: 0.07, Perc99: 0.1 },
      },
      { name: "scheduler_pending_pods", labels: { queue: "active" }, kind: "gauge", data: { Value: 0 } },
    ],
    slowest: [
      {
        pod: "a/b",
        result: "scheduled",
        cycleMs: 0.4,
        evaluatedNodes: 500,
        feasibleNodes: 500,
        outcome: "node-1",
      },
    ],
    columnBytes: 936_704,
    placement: {
      utilisation: { cpu: 0.05 },
      imbalance: { cpu: 0.01 },
      placedShare: 1,
      emptyNodes: 0,
      fragmentation: null,
    },
    placementDigest: "0123456789abcdef".repeat(4),
    floor: FLOOR,
  };
}

/** A case that cannot be carried out. */
export function unsupportedScheduling(labels: Labels): CaseRecord {
  const { id } = schedulingCase(labels, 1);
  const workload = { requested: {}, applied: {} };
  const reason = "createResourceDriver needs dynamic resource allocation";
  return { id, labels, status: "unsupported", reason, workload, metrics: [], scheduling: null };
}
