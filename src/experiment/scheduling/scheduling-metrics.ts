// What a scheduling sample fills: timings from the pass in real time, counted values from the one in simulated time.
import { Histogram, type HistogramJson } from "../../measure/histogram.js";
import { METRICS, type MetricName } from "../../measure/metrics.js";
import type { Findings } from "../phase.js";
import type { SchedulingResult } from "./scheduling-types.js";

export const SCHEDULING_METRICS: readonly MetricName[] = (Object.keys(METRICS) as MetricName[]).filter(
  (name) => name.startsWith("sched."),
);

const LATENCIES = {
  "sched.attempt_ns": "attempt",
  "sched.queue_ns": "queue",
  "sched.cycle_ns": "cycle",
  "sched.bind_ns": "bind",
  "sched.total_ns": "total",
} as const;

/** Median as the value, the distribution beside it. */
export function addTimings(findings: Findings, real: SchedulingResult): void {
  if (real.throughput !== null) findings.add("sched.throughput", real.throughput.average);
  findings.add("sched.pods_per_second", real.podsPerSecond);
  for (const [name, part] of Object.entries(LATENCIES))
    addLatency(findings, name as MetricName, real.latency[part]);
  findings.add("sched.heap_bytes", real.heapBytesMax);
}

function addLatency(findings: Findings, name: MetricName, json: HistogramJson): void {
  const histogram = Histogram.fromJSON(json);
  const median = histogram.percentile(50);
  if (median !== null) findings.add(name, median, { histogram });
}

export function addCounts(findings: Findings, simulated: SchedulingResult): void {
  const { placement, podsMeasured, attempts, nodesEvaluated, nodesScored } = simulated;
  if (podsMeasured > 0) {
    const attempted = attempts.scheduled + attempts.unschedulable + attempts.error;
    findings.add("sched.nodes_evaluated_per_pod", nodesEvaluated / podsMeasured);
    findings.add("sched.nodes_scored_per_pod", nodesScored / podsMeasured);
    findings.add("sched.attempts_per_pod", attempted / podsMeasured);
  }
  findings.add("sched.placed_share", placement.placedShare);
  const { cpu, memory } = placement.imbalance;
  if (cpu !== undefined) findings.add("sched.imbalance_cpu", cpu);
  if (memory !== undefined) findings.add("sched.imbalance_memory", memory);
  findings.add("sched.empty_nodes", placement.emptyNodes);
  if (placement.fragmentation !== null) findings.add("sched.fragmentation", placement.fragmentation);
}
