// Throughput over worker threads: does another core bring another core's worth?
import type { CaseRecord, MetricRecord } from "../../measure/run-record.js";
import { badge, metricMarkup, numberMarkup } from "../badge.js";
import { type ScalingChart, type ScalingLine, scalingSvg } from "../charts/scaling.js";
import { figureMarkup } from "../figure.js";
import { metricOf, WORKERS_LABEL } from "../grid.js";
import { type Markup, markup } from "../markup.js";
import { seriesStyles } from "../palette.js";
import type { ReportView, Section } from "../report-view.js";
import { type TableRow, tableMarkup } from "../table.js";

const METRIC = "workers.packets_per_second";

interface Measured {
  readonly workers: number;
  readonly metric: MetricRecord;
}

export function workersSection(view: ReportView): Section | null {
  const groups = groupsOf(view.record.cases);
  if (groups.size === 0) return null;
  const styles = seriesStyles([...groups.keys()]);
  const lines = [...groups].flatMap(([name, points]): ScalingLine[] => {
    const style = styles.get(name);
    const drawn = points.map(({ workers, metric }) => ({
      workers,
      rate: metric.summary.median,
      interval: metric.summary.ci95 ?? ([metric.summary.min, metric.summary.max] as const),
    }));
    return style ? [{ name, style, points: drawn }] : [];
  });
  const chart: ScalingChart = {
    title: "Packets per second against workers",
    description: [...groups].map(([name, points]) => `${name}: ${speedupWords(points)}`).join("; "),
    lines,
    yName: "packets per second (measured-core)",
  };
  const figure = figureMarkup({
    id: "workers-scaling",
    title: "Packets per second",
    provenances: ["measured-core"],
    caption:
      "Established packets, all workers together, one shared table image. Dashed: perfect scaling from the fewest workers. Upright line at a point: 95% interval.",
    draw: (size) => scalingSvg(chart, size),
    table: null,
  });
  const body = markup`<h2>More workers</h2><div class="figures">${figure}<div class="figure"><h3>Speed-up ${badge("measured-core")}</h3>${speedupTable(groups)}</div></div>`;
  return { id: "workers", label: "Workers", body };
}

/** Name of the other labels -> cases with rising workers. The size is named only where it differs. */
function groupsOf(cases: readonly CaseRecord[]): ReadonlyMap<string, readonly Measured[]> {
  const found = cases.flatMap((one) => {
    const metric = metricOf(one, METRIC);
    return metric && typeof one.labels[WORKERS_LABEL] === "number" ? [{ one, metric }] : [];
  });
  const labels = [...new Set(found.flatMap(({ one }) => Object.keys(one.labels)))].filter(
    (label) => label !== WORKERS_LABEL,
  );
  const telling = labels.filter(
    (label) => label === "mode" || new Set(found.map(({ one }) => one.labels[label])).size > 1,
  );
  const groups = new Map<string, Measured[]>();
  for (const { one, metric } of found) {
    const name = telling
      .map((label) => (label === "mode" ? one.labels[label] : `${label}=${one.labels[label]}`))
      .join(" ");
    const group = groups.get(name) ?? [];
    group.push({ workers: Number(one.labels[WORKERS_LABEL]), metric });
    groups.set(name, group);
  }
  for (const group of groups.values()) group.sort((a, b) => a.workers - b.workers);
  return groups;
}

function speedupTable(groups: ReadonlyMap<string, readonly Measured[]>): Markup {
  const rows = [...groups].flatMap(([name, points]) =>
    points.map((_, index) => speedupRow(name, points, index)),
  );
  const head = ["Mode", "Workers", "Packets per second", "Speed-up", "Of perfect"].map((text, index) =>
    index < 2 ? text : markup`${text} ${badge("measured-core")}`,
  );
  return tableMarkup({ caption: "Throughput and speed-up by workers", hideCaption: true, head, rows });
}

function speedupRow(name: string, points: readonly Measured[], index: number): TableRow {
  const [first, point] = [points[0] as Measured, points[index] as Measured];
  const speedup = index === 0 ? null : speedupOf(first, point);
  const share = speedup === null ? null : (speedup * first.workers) / point.workers;
  const printed = (value: number | null, factor: number, suffix: string) =>
    value === null ? "–" : markup`${numberMarkup(value * factor, "1", 3, "measured-core")}${suffix}`;
  return {
    head: name,
    cells: [
      { content: point.workers },
      { content: metricMarkup(point.metric) },
      { content: printed(speedup, 1, " times") },
      { content: printed(share, 100, "%") },
    ],
  };
}

function speedupWords(points: readonly Measured[]): string {
  const first = points[0];
  const last = points[points.length - 1];
  const speedup = first && last && first !== last ? speedupOf(first, last) : null;
  if (speedup === null) return "no speed-up to speak of: one point";
  return `${speedup.toPrecision(2)} times as fast with ${last?.workers} workers as with ${first?.workers}`;
}

/** null when nothing came through with the fewest workers. */
function speedupOf(first: Measured, point: Measured): number | null {
  const base = first.metric.summary.median;
  return base > 0 ? point.metric.summary.median / base : null;
}
