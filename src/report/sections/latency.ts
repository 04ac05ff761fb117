// How unevenly packets are served: percentiles, cumulative shares and histograms of the largest size's distributions.
import { METRICS, type MetricName } from "../../measure/metrics.js";
import { badge, numberMarkup } from "../badge.js";
import {
  type DistributionChart,
  ecdfSvg,
  histogramSvg,
  type NamedDistribution,
  percentileSvg,
} from "../charts/distribution.js";
import { figureMarkup } from "../figure.js";
import { type Grid, metricOf } from "../grid.js";
import { type Markup, markup } from "../markup.js";
import { observationsText } from "../observations.js";
import { countText } from "../quantity.js";
import { type ReportView, type Section, modeMarkup } from "../report-view.js";
import { tableMarkup } from "../table.js";

const SHOWN: readonly MetricName[] = ["first.kernel_ns", "first.core_ns", "established.core_ns"];
const PERCENTILES = ["p1", "p10", "p50", "p90", "p99", "p99.9"] as const;
/** Observations that a percentile needs, for the note where it is missing. */
const NEEDED: Readonly<Record<(typeof PERCENTILES)[number], number>> = {
  p1: 299,
  p10: 29,
  p50: 1,
  p90: 29,
  p99: 299,
  "p99.9": 2995,
};

export function latencySection(view: ReportView): Section | null {
  const figures = view.grids.flatMap((grid) => SHOWN.flatMap((name) => metricFigures(view, grid, name)));
  if (figures.length === 0) return null;
  const body = markup`<h2>How unevenly packets fare</h2>
<p class="note">Percentiles: every further nine has the same room, and a curve ends where the observations do. Cumulative: share of packets served within a time. Histogram: share of packets in each step of time, steps equally wide on the logarithmic axis. Modelled spread comes from where in the rules a packet matches; measured spread is that of short chunks of packets, as one packet is shorter than the clock can tell, and has the machine's noise in it.</p>
<div class="figures">${figures}</div>`;
  return { id: "latency", label: "Latency", body };
}

function metricFigures(view: ReportView, grid: Grid, name: MetricName): readonly Markup[] {
  const size = grid.sizes.findLast((one) => distributionsAt(view, grid, one, name).length > 0);
  if (size === undefined) return [];
  const series = distributionsAt(view, grid, size, name);
  const row = METRICS[name];
  const where = grid.sizeNoun === "" ? "" : ` at ${countText(size)} ${grid.sizeNoun}`;
  const chart: DistributionChart = {
    title: `${row.title}${where}`,
    description: series
      .map((one) => `${one.name}: ${observationsText(name, one.distribution.count)}`)
      .join("; "),
    ...{ series, unit: row.unit, valueName: `time per packet (${row.provenance})` },
  };
  const id = `latency-${name.replace(/[._]/g, "-")}${grid.title === "" ? "" : `-${view.grids.indexOf(grid)}`}`;
  const table = percentileTable(view, name, series);
  const common = { provenances: [row.provenance], table };
  const caption = `${omissionText(series)} n = ${observationsText(name, Math.min(...series.map((one) => one.distribution.count)))} a mode.`;
  return [
    figureMarkup({
      ...common,
      id,
      title: `${chart.title}, percentiles`,
      caption,
      draw: (drawing) => percentileSvg(chart, drawing),
    }),
    figureMarkup({
      ...common,
      id: `${id}-ecdf`,
      title: `${chart.title}, cumulative`,
      caption,
      draw: (drawing) => ecdfSvg(chart, drawing),
    }),
    figureMarkup({
      ...common,
      id: `${id}-histogram`,
      title: `${chart.title}, histogram`,
      caption,
      draw: (drawing) => histogramSvg(chart, drawing),
    }),
  ];
}

function distributionsAt(
  view: ReportView,
  grid: Grid,
  size: number,
  name: MetricName,
): readonly NamedDistribution[] {
  return grid.modes.flatMap((mode): NamedDistribution[] => {
    const distribution = metricOf(grid.at(mode, size), name)?.distribution;
    const style = view.styles.get(mode);
    return distribution && distribution.buckets.length > 0 && style
      ? [{ name: mode, style, distribution }]
      : [];
  });
}

function omissionText(series: readonly NamedDistribution[]): string {
  const kinds = new Set(series.map((one) => one.distribution.omission));
  if (kinds.size > 1) return "Service time for some, from the scheduled start for others.";
  return kinds.has("scheduled-start")
    ? "From the scheduled start: waiting is in it."
    : "Service time: no waiting in it.";
}

function percentileTable(view: ReportView, name: MetricName, series: readonly NamedDistribution[]): Markup {
  const { unit, provenance, title } = METRICS[name];
  return tableMarkup({
    caption: `${title} by percentile`,
    hideCaption: true,
    head: [markup`Mode ${badge(provenance)}`, "n", ...PERCENTILES],
    rows: series.map((one) => ({
      head: modeMarkup(view, one.name),
      cells: [
        { content: countText(one.distribution.count) },
        ...PERCENTILES.map((percentile) => {
          const value = one.distribution.percentiles[percentile];
          if (value !== null) return { content: numberMarkup(value, unit, 3, provenance) };
          const needed = `n/a (need ${countText(NEEDED[percentile])}, have ${countText(one.distribution.count)})`;
          return { content: needed, className: "missing" };
        }),
      ],
    })),
  });
}
