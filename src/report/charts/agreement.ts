// Modelled against measured, both logarithmic and on one scale: what agrees lies on the diagonal.
import { type ColorToken, standIn } from "../palette.js";
import { quantityText } from "../quantity.js";
import type { Markup } from "../markup.js";
import { logAxis, type LogDomain, logDomain, logTicks } from "./log-axis.js";
import { band, type Place, segments } from "./marks.js";
import { type ChartSize, renderSvg } from "./svg.js";

/** Points of one colour and shape. */
export interface AgreementSeries {
  readonly token: ColorToken;
  readonly symbol: "circle" | "diamond";
  readonly points: readonly AgreementPoint[];
}

export interface AgreementPoint {
  readonly measuredNs: number;
  readonly modelledNs: number;
  /** On hover. */
  readonly text: string;
}

export interface AgreementChart {
  readonly title: string;
  readonly description: string;
  readonly series: readonly AgreementSeries[];
  /** Modelled over measured at the edges of the shaded band. */
  readonly band: { readonly low: number; readonly high: number };
}

const FONT_SIZE = 12;
const SYMBOL_SIZES = { circle: 8, diamond: 11 } as const;

export function agreementSvg(chart: AgreementChart, size: ChartSize): Markup {
  const points = chart.series.flatMap((one) => one.points);
  const domain = logDomain(points.flatMap(({ measuredNs, modelledNs }) => [measuredNs, modelledNs]));
  const axis = {
    domain,
    ticks: logTicks(domain),
    print: (ns: number) => quantityText(ns, "ns", "exact").replace(" us", " µs"),
    fontSize: FONT_SIZE,
    grid: true,
  };
  const marks = [...diagonal(domain, chart.band), ...chart.series.map(scatter)];
  const option = {
    grid: { left: 62, right: 20, top: 12, bottom: 46, outerBoundsMode: "none" },
    xAxis: logAxis({ ...axis, name: "time a packet (measured-kernel)", nameGap: 28 }),
    yAxis: logAxis({ ...axis, name: "time a packet (modelled)", nameGap: 46 }),
    series: marks,
  };
  const first = marks.length - chart.series.length;
  const hover = (series: number, index: number) => chart.series[series - first]?.points[index]?.text ?? null;
  return renderSvg(option, size, { title: chart.title, description: chart.description, hover });
}

/** Where both are equal, and the band around it, cut off at the edges of the drawing. */
function diagonal(
  { min, max }: LogDomain,
  edges: AgreementChart["band"],
): readonly Record<string, unknown>[] {
  const [from, to] = [Math.log10(min), Math.log10(max)];
  const [low, high] = [Math.log10(edges.low), Math.log10(edges.high)];
  const [start, end]: readonly [Place, Place] = [
    [from, from],
    [to, to],
  ];
  return [
    band(
      [start, [from - low, from], [to, to + low]],
      [start, [from, from + high], [to - high, to], end],
      "accent",
    ),
    segments([[start, end]], "muted", { width: 1, dashed: true, z: 2 }),
  ];
}

function scatter({ token, symbol, points }: AgreementSeries): Record<string, unknown> {
  return {
    type: "scatter",
    data: points.map(({ measuredNs, modelledNs }) => [Math.log10(measuredNs), Math.log10(modelledNs)]),
    symbol,
    symbolSize: SYMBOL_SIZES[symbol],
    z: 4,
    clip: false,
    itemStyle: { color: standIn(token), borderColor: standIn("surface"), borderWidth: 1 },
  };
}
