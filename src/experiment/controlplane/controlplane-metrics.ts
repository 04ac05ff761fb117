// Which metrics a benchmark through the control plane fills, and how latencies become metrics.
import type { Histogram } from "../../measure/histogram.js";
import { METRICS, type MetricName } from "../../measure/metrics.js";
import type { Findings } from "../phase.js";
import type { Bench } from "./controlplane-types.js";

const PREFIXES: Readonly<Record<Bench, string>> = {
  "api-load": "api.",
  "pod-startup": "startup.",
  "node-join": "join.",
  "programming-latency": "programming.",
  rollout: "rollout.",
};

export function controlPlaneMetrics(bench: Bench): readonly MetricName[] {
  return (Object.keys(METRICS) as MetricName[]).filter((name) => name.startsWith(PREFIXES[bench]));
}

/** Median as the value, the distribution beside it; nothing where nothing was recorded. */
export function addLatency(findings: Findings, name: MetricName, latency: Histogram): void {
  const median = latency.percentile(50);
  if (median !== null) findings.add(name, median, { histogram: latency });
}

export function addPercentile(
  findings: Findings,
  name: MetricName,
  latency: Histogram,
  percent: number,
): void {
  const value = latency.percentile(percent);
  if (value !== null) findings.add(name, value);
}
