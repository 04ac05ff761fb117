// A distribution over packets from its buckets, in the three ways people read it: the share of packets that took at
// most so long (ECDF), the time at each percentile with an axis that gives every further nine the same room, and the
// share in each of equally wide steps of the logarithm (histogram), which shows how many humps there are.
import type { Unit } from "../../measure/metrics.js";
import type { Distribution } from "../../measure/run-record.js";
import type { Markup } from "../markup.js";
import { type SeriesStyle, standIn } from "../palette.js";
import { quantityText } from "../quantity.js";
import { type LogDomain, logAxis, logDomain, logTicks } from "./log-axis.js";
import { endLabels, type Place } from "./marks.js";
import { type ChartSize, renderSvg } from "./svg.js";

export interface NamedDistribution {
  readonly name: string;
  readonly style: SeriesStyle;
  readonly distribution: Distribution;
}

export interface DistributionChart {
  readonly title: string;
  readonly description: string;
  readonly series: readonly NamedDistribution[];
  readonly unit: Unit;
  readonly valueName: string;
}

/** A curve's corner: the share of packets at or below the value. */
export interface Quantile {
  readonly value: number;
  readonly share: number;
}

/** More corners than a screen has pixels are not drawn. */
const CORNERS_MAX = 160;
/** Steps of a histogram over its axis. */
const STEPS = 40;
/** Shares that its other axis may end at. */
const TOPS = [0.02, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1];
/** Observations needed above a percentile before it is drawn, as for printed percentiles: 2,995 for p99.9. */
const OBSERVATIONS_ABOVE = 2.995;

/** Rising corners of the cumulative distribution, thinned evenly along the curve; the first and last are kept. */
export function quantiles(distribution: Distribution): readonly Quantile[] {
  let seen = 0;
  const all = distribution.buckets
    .filter(([, count]) => count > 0)
    .map(([value, count]) => {
      seen += count;
      return { value, share: seen / distribution.count };
    });
  if (all.length <= CORNERS_MAX) return all;
  const step = (all.length - 1) / (CORNERS_MAX - 1);
  return Array.from({ length: CORNERS_MAX }, (_, index) => all[Math.round(index * step)] as Quantile);
}

/** The largest share whose percentile the number of observations supports. */
export function supportedShare(count: number): number {
  return Math.max(0, 1 - OBSERVATIONS_ABOVE / count);
}

export function percentileSvg(chart: DistributionChart, size: ChartSize): Markup {
  const lines = chart.series.map((one) => ({ ...one, places: percentilePlaces(one.distribution) }));
  const ninesMax = Math.max(1, ...lines.flatMap((line) => line.places.map(([nines]) => nines)));
  const percents = [0, 50, 90, 99, 99.9, 99.99, 99.999];
  const ticks = percents
    .map((percent) => 1 / (1 - percent / 100))
    .filter((tick) => tick <= 10 ** ninesMax * 1.01);
  const xAxis = logAxis({
    ...{
      domain: { min: 1, max: 10 ** ninesMax },
      ticks,
      print: (tick) => `${Number((100 - 100 / tick).toFixed(3))}%`,
    },
    ...{ name: "percentile", fontSize: 12, nameGap: 28, grid: false },
  });
  const yAxis = valueAxis(chart, true);
  return draw(chart, size, lines, { xAxis, yAxis });
}

export function ecdfSvg(chart: DistributionChart, size: ChartSize): Markup {
  const domain = valueDomain(chart.series);
  const lines = chart.series.map((one) => ({ ...one, places: ecdfPlaces(one.distribution, domain) }));
  const yAxis = {
    ...{ type: "value", min: 0, max: 1, interval: 0.25, silent: true },
    ...{ name: "share at or below", nameLocation: "middle", nameGap: 48 },
    nameTextStyle: { color: standIn("muted"), fontSize: 12 },
    axisLine: { show: true, lineStyle: { color: standIn("line") } },
    axisLabel: { color: standIn("muted"), fontSize: 12, formatter: (share: number) => `${share * 100}%` },
    splitLine: { lineStyle: { color: standIn("faint"), width: 1 } },
  };
  return draw(chart, size, lines, { xAxis: valueAxis(chart, false), yAxis });
}

export function histogramSvg(chart: DistributionChart, size: ChartSize): Markup {
  const domain = valueDomain(chart.series);
  const lines = chart.series.map((one) => {
    const steps = histogramSteps(one.distribution, domain);
    const peak = Math.max(0, ...steps.map(({ share }) => share));
    const labelAt: Place = [Math.log10(domain.max), peak];
    return { ...one, places: outline(steps), labelAt };
  });
  const highest = Math.max(0, ...lines.map(({ labelAt }) => labelAt[1]));
  const top = TOPS.find((share) => share >= highest) ?? 1;
  const yAxis = {
    ...{ type: "value", min: 0, max: top, interval: top / 4, silent: true },
    ...{ name: "share of packets", nameLocation: "middle", nameGap: 48 },
    nameTextStyle: { color: standIn("muted"), fontSize: 12 },
    axisLine: { show: true, lineStyle: { color: standIn("line") } },
    axisLabel: {
      ...{ color: standIn("muted"), fontSize: 12 },
      formatter: (share: number) => `${Number((share * 100).toPrecision(3))}%`,
    },
    splitLine: { lineStyle: { color: standIn("faint"), width: 1 } },
  };
  return draw(chart, size, lines, { xAxis: valueAxis(chart, false), yAxis });
}

export interface HistogramStep {
  /** log10 of the step's ends. */
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

/** Shares of packets by value, in equally wide steps of the logarithm from the first that holds any to the last. */
export function histogramSteps(distribution: Distribution, domain: LogDomain): readonly HistogramStep[] {
  const low = Math.log10(domain.min);
  const width = (Math.log10(domain.max) - low) / STEPS;
  const counts = new Array<number>(STEPS).fill(0);
  for (const [value, count] of distribution.buckets) {
    if (value <= 0) continue;
    const index = Math.min(STEPS - 1, Math.max(0, Math.floor((Math.log10(value) - low) / width)));
    counts[index] = (counts[index] as number) + count;
  }
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  return counts
    .map((count, index) => ({
      ...{ from: low + index * width, to: low + (index + 1) * width },
      share: count / distribution.count,
    }))
    .slice(Math.max(0, first), last + 1);
}

/** Up from the axis, over the steps, and down again; a place holds to the right until the next one. */
function outline(steps: readonly HistogramStep[]): readonly Place[] {
  const [first, last] = [steps[0], steps[steps.length - 1]];
  if (first === undefined || last === undefined) return [];
  return [[first.from, 0], ...steps.map(({ from, share }): Place => [from, share]), [last.to, 0]];
}

interface Line extends NamedDistribution {
  readonly places: readonly Place[];
  /** Whose height its name has; its last place when not given. */
  readonly labelAt?: Place;
}

function draw(
  chart: DistributionChart,
  size: ChartSize,
  lines: readonly Line[],
  axes: { xAxis: Record<string, unknown>; yAxis: Record<string, unknown> },
): Markup {
  const series = lines.map((line) => ({
    ...{ type: "line", data: line.places, step: "end", showSymbol: false, clip: false, z: 3 },
    lineStyle: { color: standIn(line.style.token), width: 2 },
  }));
  const labels = lines.flatMap((line) => {
    const last = line.labelAt ?? line.places[line.places.length - 1];
    return last ? [{ place: last, text: line.name, token: line.style.token }] : [];
  });
  const option = {
    grid: { left: 62, right: 84, top: 12, bottom: 44, outerBoundsMode: "none" },
    ...axes,
    series: [...series, endLabels(labels, 12)],
  };
  return renderSvg(option, size, chart);
}

/** x: log10(1 / (1 - share)), the count of nines. A corner's value begins where the share before it ends. */
function percentilePlaces(distribution: Distribution): readonly Place[] {
  const limit = supportedShare(distribution.count);
  const nines = (share: number) => -Math.log10(1 - share);
  const places: Place[] = [];
  let before = 0;
  for (const { value, share } of quantiles(distribution)) {
    if (value <= 0) continue;
    if (before <= limit) places.push([nines(Math.min(before, limit)), Math.log10(value)]);
    before = share;
  }
  const last = places[places.length - 1];
  return last && before > limit ? [...places, [nines(limit), last[1]]] : places;
}

/** From nothing at the left end of the axis to everything at the right end. */
function ecdfPlaces(distribution: Distribution, domain: LogDomain): readonly Place[] {
  const corners = quantiles(distribution)
    .filter((corner) => corner.value > 0)
    .map((corner): Place => [Math.log10(corner.value), corner.share]);
  return [[Math.log10(domain.min), 0], ...corners, [Math.log10(domain.max), 1]];
}

function valueAxis(chart: DistributionChart, vertical: boolean): Record<string, unknown> {
  const domain = valueDomain(chart.series);
  const ticks = logTicks(domain);
  const print = (value: number) => quantityText(value, chart.unit, "exact").replace(" us", " µs");
  return logAxis({
    ...{ domain, ticks, print, name: chart.valueName, fontSize: 12 },
    ...(vertical ? { nameGap: 48, grid: true } : { nameGap: 28, grid: false }),
  });
}

function valueDomain(series: readonly NamedDistribution[]): LogDomain {
  return logDomain(series.flatMap((one) => quantiles(one.distribution).map((corner) => corner.value)));
}
