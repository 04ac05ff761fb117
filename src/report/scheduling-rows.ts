// Cases that schedule Pods, as rows of the few numbers that a reader asks for first.
import type { CaseRecord, Labels } from "../measure/run-record.js";
import type { ImportedFloor, Through } from "../measure/scheduling-record.js";
import { metricOf, metricValue } from "./grid.js";
import { countText } from "./quantity.js";

export interface SchedulingRow {
  readonly one: CaseRecord;
  /** "SchedulingBasic/5000Nodes_10000Pods" */
  readonly workload: string;
  /** Null for a trace of which no sample was finished. */
  readonly nodes: number | null;
  /** The remaining labels: "config=mine"; "" when there are none. */
  readonly variant: string;
  readonly podsPerSecond: number | null;
  /** Whether Pods come at a rate of their own, so that the rate of scheduling says little. */
  readonly isPaced: boolean;
  /** Upstream's mean of one-second samples; null for a window too short for one. */
  readonly throughput: number | null;
  readonly attemptNsP50: number | null;
  readonly attemptNsP99: number | null;
  /** From due to bound. */
  readonly totalNsP50: number | null;
  readonly totalNsP99: number | null;
  readonly placedShare: number | null;
  readonly floor: ImportedFloor | null;
  readonly through: Through;
}

export function isSchedulingCase({ scheduling }: CaseRecord): boolean {
  return scheduling !== undefined;
}

/** In the order of the record, unfinished ones too. */
export function schedulingRows(cases: readonly CaseRecord[]): readonly SchedulingRow[] {
  return cases.filter(isSchedulingCase).map((one): SchedulingRow => {
    const attempt = metricOf(one, "sched.attempt_ns")?.distribution?.percentiles;
    const total = metricOf(one, "sched.total_ns")?.distribution?.percentiles;
    const workload = String(one.labels["workload"] ?? one.id);
    const nodes = one.labels["nodes"] ?? one.scheduling?.nodes;
    return {
      one,
      workload,
      nodes: typeof nodes === "number" ? nodes : null,
      variant: variantOf(one.labels),
      podsPerSecond: metricValue(one, "sched.pods_per_second"),
      isPaced: workload.startsWith("trace/") || !["closed", undefined].includes(loadOf(one)),
      throughput: metricValue(one, "sched.throughput"),
      attemptNsP50: attempt?.p50 ?? null,
      attemptNsP99: attempt?.p99 ?? null,
      totalNsP50: total?.p50 ?? null,
      totalNsP99: total?.p99 ?? null,
      placedShare: metricValue(one, "sched.placed_share"),
      floor: one.scheduling?.floor ?? null,
      through: one.scheduling?.through ?? "in-process",
    };
  });
}

function loadOf({ labels }: CaseRecord): string | undefined {
  return labels["load"] === undefined ? undefined : String(labels["load"]);
}

function variantOf(labels: Labels): string {
  return Object.entries(labels)
    .filter(([label]) => label !== "workload" && label !== "nodes")
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join(" ");
}

/** Good to three digits. */
export function rateText(perSecond: number): string {
  return countText(Number(perSecond.toPrecision(3)));
}
