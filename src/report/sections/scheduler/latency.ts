// How long Pods take: attempts, and the time of a placed Pod split into queue, cycle and binding, as percentiles of
// merged distributions. What attempts that place no Pod take is known from upstream's histogram alone, whose buckets
// are coarse: they start at a millisecond, so that a smaller percentile says no more than that.
import { METRICS, type MetricName } from "../../../measure/metrics.js";
import type { Distribution } from "../../../measure/run-record.js";
import type { AttemptResult, SchedulingRecord } from "../../../measure/scheduling-record.js";
import { badge, numberMarkup } from "../../badge.js";
import { type DistributionChart, percentileSvg } from "../../charts/distribution.js";
import { figureMarkup } from "../../figure.js";
import { metricOf } from "../../grid.js";
import { type Markup, markup } from "../../markup.js";
import { partStyles } from "../../palette.js";
import { countText } from "../../quantity.js";
import { type TableCell, tableMarkup } from "../../table.js";
import type { ScheduledCase } from "./scheduled-cases.js";

const PARTS: readonly { readonly name: string; readonly metric: MetricName }[] = [
  { name: "attempt", metric: "sched.attempt_ns" },
  { name: "queue", metric: "sched.queue_ns" },
  { name: "cycle", metric: "sched.cycle_ns" },
  { name: "bind", metric: "sched.bind_ns" },
  { name: "total", metric: "sched.total_ns" },
];
const PERCENTILES = ["p50", "p90", "p99", "p99.9"] as const;

interface Part {
  readonly name: string;
  readonly metric: MetricName;
  readonly distribution: Distribution;
}

/** Null without distributions. */
export function latencyFigure(scheduled: ScheduledCase): Markup | null {
  const { one, row, anchor } = scheduled;
  const parts = PARTS.flatMap((part): readonly Part[] => {
    const distribution = metricOf(one, part.metric)?.distribution;
    return distribution && distribution.buckets.length > 0 ? [{ ...part, distribution }] : [];
  });
  if (parts.length === 0) return null;
  const styles = partStyles(PARTS.map(({ name }) => name));
  const chart: DistributionChart = {
    title: `Latency percentiles, ${row.workload}`,
    description: parts.map(partWords).join("; "),
    series: drawnParts(parts).flatMap(({ name, distribution }) => {
      const style = styles.get(name);
      return style ? [{ name, style, distribution }] : [];
    }),
    ...{ unit: "ns", valueName: "time (measured-core)" },
  };
  const counts = parts.map(({ name, distribution }) => `${name} ${countText(distribution.count)}`);
  return figureMarkup({
    ...{ id: `${anchor}-latency`, title: "Latency", provenances: ["measured-core"] },
    caption: `${attemptWords(parts)} Of placed Pods: in the queue since the scheduled start, the cycle that decided, the binding. n: ${counts.join(", ")}, merged over all processes.`,
    draw: (size) => percentileSvg(chart, size),
    table: partTable(parts),
  });
}

/** Without lines that lie on another: the total on the queue, attempts on cycles where every attempt placed a Pod. */
function drawnParts(parts: readonly Part[]): readonly Part[] {
  const countOf = (part: string) => parts.find(({ name }) => name === part)?.distribution.count;
  const hidden = new Set(["total", ...(countOf("attempt") === countOf("cycle") ? ["attempt"] : [])]);
  return parts.filter(({ name }) => !hidden.has(name));
}

function attemptWords(parts: readonly Part[]): string {
  return drawnParts(parts).some(({ name }) => name === "attempt")
    ? "Attempt: one try, whatever its result."
    : "Every attempt placed a Pod: an attempt is a cycle.";
}

function partWords({ name, distribution: { percentiles } }: Part): string {
  const print = (value: number | null) =>
    value === null ? "unknown" : `${countText(Math.round(value / 1e3))} us`;
  return `${name}: p50 ${print(percentiles.p50)}, p99 ${print(percentiles.p99)}`;
}

function partTable(parts: readonly Part[]): Markup {
  return tableMarkup({
    caption: "Latency by part and percentile",
    hideCaption: true,
    head: [markup`Part ${badge("measured-core")}`, "n", ...PERCENTILES],
    rows: parts.map(({ name, metric, distribution }) => ({
      head: markup`<span title="${METRICS[metric].meaning}">${name}</span>`,
      cells: [
        { content: countText(distribution.count) },
        ...PERCENTILES.map((percentile) => percentileCell(distribution.percentiles[percentile])),
      ],
    })),
  });
}

const TOO_FEW: TableCell = { content: "too few", className: "missing" };

function percentileCell(value: number | null): TableCell {
  if (value === null) return TOO_FEW;
  return { content: numberMarkup(value, "ns", 3, "measured-core") };
}

const RESULTS: readonly AttemptResult[] = ["scheduled", "unschedulable", "error"];
const RESULT_PERCENTILES = ["p50", "p90", "p99"] as const;
/** Observations that a percentile needs, as for those of distributions. */
const NEEDED = { p50: 1, p90: 29, p99: 299 } as const;
const BY_RESULT = "scheduler_scheduling_attempt_duration_seconds";
/** Upstream's first bucket. */
const FIRST_BUCKET_MS = 1;

/** Attempts and how long they took, by how they ended. */
export function resultTable({ one, record, row }: ScheduledCase): Markup {
  const cycles = metricOf(one, "sched.cycle_ns")?.distribution;
  const table = tableMarkup({
    ...{ caption: `Attempts by result, ${row.workload}`, hideCaption: true, className: "breakdown" },
    head: [markup`Result ${badge("measured-core")}`, "Attempts", ...RESULT_PERCENTILES],
    rows: RESULTS.map((result) => ({
      head: result,
      cells: [
        { content: countText(record.attempts[result]) },
        ...(result === "scheduled" && cycles
          ? RESULT_PERCENTILES.map((percentile) => percentileCell(cycles.percentiles[percentile]))
          : upstreamCells(record, result)),
      ],
    })),
  });
  return markup`<div class="figure"><h3>Attempts by result ${badge("measured-core")}</h3>${table}
<p class="note">Attempts: of the process of median rate. Scheduled: of measured Pods, all processes${cycles ? `, n = ${countText(cycles.count)}` : ""}. The others: from upstream's histogram, whose first bucket ends at 1 ms.</p></div>`;
}

/** Percentiles of several profiles cannot be merged; they are in the table of upstream's metrics. */
function upstreamCells(
  { upstreamMetrics, attempts }: SchedulingRecord,
  result: AttemptResult,
): readonly TableCell[] {
  const own = upstreamMetrics.filter(({ name, labels }) => name === BY_RESULT && labels["result"] === result);
  return RESULT_PERCENTILES.map((percentile): TableCell => {
    const ms = own.length === 1 ? own[0]?.data[percentile.replace("p", "Perc")] : undefined;
    if (ms === undefined) return { content: "–", className: "missing" };
    if (attempts[result] < NEEDED[percentile]) return TOO_FEW;
    if (ms < FIRST_BUCKET_MS) return { content: "below 1 ms" };
    return { content: numberMarkup(ms * 1e6, "ns", 2, "measured-core") };
  });
}
