// Scheduling results of a run in the file that upstream's benchmark leaves behind, for perf-dash.
import { isTimed } from "../measure/scheduling-record.js";
import type { CaseRecord, RunRecord } from "../measure/run-record.js";
import { type DataItem, perfDashJson } from "../measure/perf-dash.js";
import { isSchedulingCase } from "./scheduling-rows.js";

/** Name and text; null when the run scheduled nothing. */
export function perfDashFile(record: RunRecord): { readonly name: string; readonly text: string } | null {
  const items = record.cases.filter((one) => isSchedulingCase(one) && one.status === "ok").flatMap(dataItems);
  if (items.length === 0) return null;
  const time = record.run.startedAt.replace(/\.\d+Z$/, "Z");
  return { name: `BenchmarkPerfScheduling_${time}.json`, text: perfDashJson(items) };
}

function dataItems({ labels: own, scheduling }: CaseRecord): readonly DataItem[] {
  if (!scheduling) return [];
  const { workload, ...others } = own;
  const variant = Object.fromEntries(Object.entries(others).map(([label, value]) => [label, String(value)]));
  const labels = { ...variant, Name: String(workload) };
  const histograms = scheduling.upstreamMetrics
    .filter(({ kind, name }) => kind === "histogram" && isTimed(name))
    .map(({ name, data, labels: series }) => ({
      data,
      unit: "ms",
      labels: { ...series, ...labels, Metric: name },
    }));
  const { throughput } = scheduling;
  if (throughput === null) return histograms;
  const { average, p50, p90, p95, p99 } = throughput;
  const data = { Average: average, Perc50: p50, Perc90: p90, Perc95: p95, Perc99: p99 };
  return [{ data, unit: "pods/s", labels: { ...labels, Metric: "SchedulingThroughput" } }, ...histograms];
}
