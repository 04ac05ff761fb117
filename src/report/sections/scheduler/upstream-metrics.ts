// Upstream's metrics by upstream's names, for those who know them from a running scheduler.
import { isTimed, type UpstreamMetric } from "../../../measure/scheduling-record.js";
import { badge } from "../../badge.js";
import { pairsByName } from "../../grid.js";
import { type Markup, markup } from "../../markup.js";
import { countText } from "../../quantity.js";
import { tableMarkup } from "../../table.js";
import type { ScheduledCase } from "./scheduled-cases.js";

const DIGITS = 4;

/** Null when none was kept. */
export function upstreamTables({ record, row }: ScheduledCase): Markup | null {
  const { upstreamMetrics } = record;
  if (upstreamMetrics.length === 0) return null;
  const histograms = upstreamMetrics.filter(({ kind }) => kind === "histogram");
  const times = histograms.filter(({ name }) => isTimed(name));
  const sizes = histograms.filter(({ name }) => !isTimed(name));
  const values = upstreamMetrics.filter(({ kind }) => kind !== "histogram");
  return markup`<details><summary>Upstream's metrics (${upstreamMetrics.length})</summary>
<p class="note">Of the process of median rate. Percentiles are interpolated in upstream's buckets, as its benchmark does: the first of most ends at 1 ms, and a percentile below that says no more.</p>
${metricTable(times, `Histograms of time, ${row.workload}`)}${metricTable(sizes, `Histograms of counts, ${row.workload}`)}${metricTable(values, `Counters and gauges, ${row.workload}`)}</details>`;
}

function metricTable(metrics: readonly UpstreamMetric[], caption: string): Markup | null {
  if (metrics.length === 0) return null;
  const columns = [...new Set(metrics.flatMap(({ data }) => Object.keys(data)))].sort();
  return tableMarkup({
    ...{ caption, className: "sortable upstream" },
    head: ["Metric", ...columns.map((name) => markup`${name}${unitOf(metrics)} ${badge("measured-core")}`)],
    rows: metrics.map(({ name, labels, data }) => ({
      head: markup`<code>${name}</code> <span class="place">${labelText(labels)}</span>`,
      cells: columns.map((column) => {
        const value = data[column];
        if (value === undefined) return { content: "–", className: "missing", sortValue: null };
        return { content: countText(Number(value.toPrecision(DIGITS))), sortValue: value };
      }),
    })),
  });
}

function unitOf(metrics: readonly UpstreamMetric[]): string {
  return metrics[0]?.kind === "histogram" && isTimed(metrics[0].name) ? ", ms" : "";
}

function labelText(labels: UpstreamMetric["labels"]): string {
  return pairsByName(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(" ");
}
