// Cost against size, both logarithmic: a line per mode with the spread over packets behind it.
import { type SeriesStyle, standIn } from "../palette.js";
import { countText, quantityText } from "../quantity.js";
import type { Unit } from "../../measure/metrics.js";
import type { Markup } from "../markup.js";
import { type LogDomain, logAxis, logDomain, logTicks } from "./log-axis.js";
import { band, dashes, endLabels, type Place, rings, segments } from "./marks.js";
import { type ChartSize, renderSvg } from "./svg.js";

export interface Curve {
  readonly name: string;
  readonly style: SeriesStyle;
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly size: number;
  readonly value: number;
  /** Over packets; null where the data do not support it. */
  readonly p1: number | null;
  readonly p50: number | null;
  readonly p99: number | null;
}

/** A point published by others: drawn hollow, with its p1 to p99 as a thin line. */
export interface ReferencePoint extends CurvePoint {
  readonly name: string;
  readonly style: SeriesStyle;
}

export interface CurveChart {
  readonly title: string;
  readonly description: string;
  readonly curves: readonly Curve[];
  readonly references: readonly ReferencePoint[];
  readonly crossings: readonly { readonly letter: string; readonly size: number; readonly value: number }[];
  readonly unit: Unit;
  readonly sizeNoun: string;
  /** With unit and provenance. */
  readonly yName: string;
  /** Shared by charts that are to be compared. */
  readonly yDomain: LogDomain;
}

/** The y domain that holds every number of the curves and references. */
export function curveDomain(curves: readonly Curve[], references: readonly ReferencePoint[]): LogDomain {
  const points = [...curves.flatMap((curve) => curve.points), ...references];
  return logDomain(
    points.flatMap((point) => [point.value, point.p1 ?? point.value, point.p99 ?? point.value]),
  );
}

export function curveSvg(chart: CurveChart, size: ChartSize): Markup {
  const fontSize = 12;
  const sizes = chart.curves.flatMap((curve) => curve.points.map((point) => point.size));
  const allSizes = [...sizes, ...chart.references.map((point) => point.size)];
  const x = logDomain(allSizes);
  const series = [
    ...chart.curves.flatMap(spreadSeries),
    ...referenceSeries(chart.references),
    crossingDrops(chart),
    ...chart.curves.map(lineSeries),
    rings(
      chart.crossings.map((one) => ({ place: at(one.size, one.value), text: one.letter, token: "ink" })),
      fontSize - 1,
    ),
    endLabels(endMarks(chart.curves), fontSize),
  ];
  const option = {
    grid: { left: 62, right: 84, top: 12, bottom: 44, outerBoundsMode: "none" },
    xAxis: logAxis({
      ...{ domain: x, ticks: [...new Set(sizes)].sort((a, b) => a - b), print: countText },
      ...{ name: chart.sizeNoun, fontSize, nameGap: 28, grid: false },
    }),
    yAxis: logAxis({
      ...{
        domain: chart.yDomain,
        ticks: logTicks(chart.yDomain),
        print: (value) => tickText(value, chart.unit),
      },
      ...{ name: chart.yName, fontSize, nameGap: 48, grid: true },
    }),
    series,
  };
  const text = { title: chart.title, description: chart.description, hover: hoverOf(series, chart) };
  return renderSvg(option, size, text);
}

function tickText(value: number, unit: Unit): string {
  return quantityText(value, unit, "exact").replace(" us", " µs");
}

function at(size: number, value: number): Place {
  return [Math.log10(size), Math.log10(value)];
}

function spreadSeries(curve: Curve): readonly Record<string, unknown>[] {
  const both = curve.points.filter((point) => (point.p1 ?? 0) > 0 && point.p99 !== null);
  const medians = curve.points.filter((point) => (point.p50 ?? 0) > 0);
  return [
    band(
      both.map((point) => at(point.size, point.p1 ?? point.value)),
      both.map((point) => at(point.size, point.p99 ?? point.value)),
      curve.style.token,
    ),
    dashes(
      medians.map((point) => at(point.size, point.p50 ?? point.value)),
      curve.style.token,
      7,
    ),
  ];
}

function lineSeries(curve: Curve): Record<string, unknown> {
  const color = standIn(curve.style.token);
  return {
    type: "line",
    id: curve.name,
    data: curve.points.filter((point) => point.value > 0).map((point) => at(point.size, point.value)),
    symbol: curve.style.symbol,
    symbolSize: 8,
    showAllSymbol: true,
    clip: false,
    z: 5,
    lineStyle: { color, width: 2 },
    itemStyle: { color, borderColor: standIn("surface"), borderWidth: 1 },
  };
}

function referenceSeries(references: readonly ReferencePoint[]): readonly Record<string, unknown>[] {
  return references.flatMap((point) => [
    segments(
      [[at(point.size, point.p1 ?? point.value), at(point.size, point.p99 ?? point.value)]],
      point.style.token,
      { width: 1, dashed: false, z: 2 },
    ),
    {
      type: "scatter",
      id: `reference ${point.name} ${point.size}`,
      data: [at(point.size, point.value)],
      symbol: point.style.symbol,
      symbolSize: 8,
      z: 3,
      clip: false,
      itemStyle: { color: standIn("surface"), borderColor: standIn(point.style.token), borderWidth: 1.5 },
    },
  ]);
}

function crossingDrops(chart: CurveChart): Record<string, unknown> {
  const pairs = chart.crossings.map((one): readonly [Place, Place] => [
    at(one.size, one.value),
    at(one.size, chart.yDomain.min),
  ]);
  return segments(pairs, "muted", { width: 1, dashed: true, z: 2 });
}

function endMarks(curves: readonly Curve[]) {
  return curves.flatMap((curve) => {
    const last = curve.points.findLast((point) => point.value > 0);
    return last ? [{ place: at(last.size, last.value), text: curve.name, token: curve.style.token }] : [];
  });
}

/** Hover text by the position of a series in the option. */
function hoverOf(series: readonly Record<string, unknown>[], chart: CurveChart) {
  return (seriesIndex: number, index: number): string | null => {
    const id = series[seriesIndex]?.["id"];
    const curve = chart.curves.find((one) => one.name === id);
    const point = curve?.points.filter((one) => one.value > 0)[index];
    if (curve && point) return `${curve.name}, ${pointText(point, chart)}`;
    const reference = chart.references.find((one) => `reference ${one.name} ${one.size}` === id);
    return reference ? `${reference.name} (imported), ${pointText(reference, chart)}` : null;
  };
}

function pointText(point: CurvePoint, chart: CurveChart): string {
  const print = (value: number) => quantityText(value, chart.unit, 3);
  const spread =
    point.p1 === null || point.p99 === null ? "" : `; p1 ${print(point.p1)}, p99 ${print(point.p99)}`;
  return `${countText(point.size)} ${chart.sizeNoun}: ${print(point.value)}${spread}`;
}
