// Throughput over worker threads: does another core bring another core's worth?
import type { CaseRecord, MetricRecord } from "../../measure/run-record.js";
import { badge, metricMarkup, numberMarkup } from "../badge.js";
import { type ScalingChart, type ScalingLine, scalingSvg } from "../charts/scaling.js";
import { figureMarkup } from "../figure.js";
import { metricOf, nounOf, pairsByName, WORKERS_LABEL } from "../grid.js";
import { type Markup, markup } from "../markup.js";
import { seriesStyles } from "../palette.js";
import { countText, percentText } from "../quantity.js";
import type { ReportView, Section } from "../report-view.js";
import { type TableCell, tableMarkup } from "../table.js";

const METRIC = "workers.packets_per_second";

interface Measured {
  readonly workers: number;
  readonly metric: MetricRecord;
}

/** Cases that differ in the number of workers only. */
interface Group {
  readonly name: string;
  readonly mode: string;
  /** The largest numeric label but for the workers: the size. */
  readonly size: number;
  /** Rising workers. */
  readonly points: readonly Measured[];
}

export function workersSection(view: ReportView): Section | null {
  const groups = groupsOf(view.record.cases);
  if (groups.length === 0) return null;
  const sizeMax = Math.max(...groups.map((group) => group.size));
  const drawn = groups.filter((group) => group.size === sizeMax);
  const figure = scalingFigure(view, drawn, drawn.length < groups.length ? sizeMax : null);
  const body = markup`<h2>More workers</h2><div class="figures">${figure}<div class="figure"><h3>Speed-up ${badge("measured-core")}</h3>${speedupTable(groups)}</div></div>`;
  return { id: "workers", label: "Workers", body };
}

function scalingFigure(view: ReportView, groups: readonly Group[], size: number | null): Markup {
  const styles =
    groups.every((group) => view.styles.has(group.mode)) &&
    new Set(groups.map((group) => group.mode)).size === groups.length
      ? null
      : seriesStyles(groups.map((group) => group.name));
  const lines = groups.flatMap((group): ScalingLine[] => {
    const style = styles === null ? view.styles.get(group.mode) : styles.get(group.name);
    const points = group.points.map(({ workers, metric }) => ({
      workers,
      rate: metric.summary.median,
      interval: metric.summary.ci95 ?? ([metric.summary.min, metric.summary.max] as const),
    }));
    return style ? [{ name: styles === null ? group.mode : group.name, style, points }] : [];
  });
  const chart: ScalingChart = {
    title: "Packets per second against workers",
    description: groups.map((group) => `${group.name}: ${speedupWords(group.points)}`).join("; "),
    lines,
    yName: "packets per second (measured-core)",
  };
  const where = size === null ? "" : ` At the largest size, ${countText(size)}; the table has every size.`;
  return figureMarkup({
    id: "workers-scaling",
    title: "Packets per second",
    provenances: ["measured-core"],
    caption: `Established packets, all workers together, one shared table image.${where} Dashed: perfect scaling from the fewest workers. Upright line at a point: 95% interval.`,
    draw: (drawing) => scalingSvg(chart, drawing),
    table: null,
  });
}

function groupsOf(cases: readonly CaseRecord[]): readonly Group[] {
  const groups = new Map<string, { labels: CaseRecord["labels"]; points: Measured[] }>();
  for (const one of cases) {
    const metric = metricOf(one, METRIC);
    const { [WORKERS_LABEL]: workers, ...labels } = one.labels;
    if (metric === undefined || typeof workers !== "number") continue;
    const key = JSON.stringify(pairsByName(labels));
    const group = groups.get(key) ?? { labels, points: [] };
    group.points.push({ workers, metric });
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, points }) => ({
    name: nameOf(labels),
    mode: String(labels["mode"] ?? "all"),
    size: Math.max(0, ...Object.values(labels).filter((value) => typeof value === "number")),
    points: points.toSorted((a, b) => a.workers - b.workers),
  }));
}

/** "ipvs, 10,000 Services". */
function nameOf(labels: CaseRecord["labels"]): string {
  const parts = pairsByName(labels).map(([label, value]) => {
    if (label === "mode") return String(value);
    return typeof value === "number" ? `${countText(value)} ${nounOf(label)}` : `${label} ${value}`;
  });
  return parts.length === 0 ? "all" : parts.join(", ");
}

/** A row per group, a column per number of workers, then what the most bring over the fewest. */
function speedupTable(groups: readonly Group[]): Markup {
  const counts = [...new Set(groups.flatMap(({ points }) => points.map((point) => point.workers)))].sort(
    (a, b) => a - b,
  );
  const heads = [...counts.map((count) => `${count} ${count === 1 ? "worker" : "workers"}`), "Speed-up"];
  return tableMarkup({
    caption: "Packets per second and speed-up by workers",
    hideCaption: true,
    className: "breakdown",
    head: ["Case", ...heads.map((head) => markup`${head} ${badge("measured-core")}`)],
    rows: groups.map(({ name, points }) => ({
      head: name,
      cells: [
        ...counts.map((count) => {
          const point = points.find((one) => one.workers === count);
          return { content: point ? metricMarkup(point.metric) : "–" };
        }),
        ...speedupCells(points),
      ],
    })),
  });
}

function speedupCells(points: readonly Measured[]): readonly TableCell[] {
  const [first, last] = [points[0], points[points.length - 1]];
  const speedup = first && last && first !== last ? speedupOf(first, last) : null;
  if (speedup === null || !first || !last) return [{ content: "–" }];
  const share = (speedup * first.workers) / last.workers;
  const times = markup`${numberMarkup(speedup, "1", 3, "measured-core")} times`;
  return [{ content: markup`${times} <span class="interval">${percentText(share, 3)} of perfect</span>` }];
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
