// Throughput against workers, both linear from zero, with the line that perfect scaling from one worker would follow.
import type { Markup } from "../markup.js";
import { type SeriesStyle, standIn } from "../palette.js";
import { quantityText } from "../quantity.js";
import { linearAxis, niceTop } from "./linear-axis.js";
import { endLabels, type Place, segments } from "./marks.js";
import { type ChartSize, renderSvg } from "./svg.js";

export interface ScalingLine {
  readonly name: string;
  readonly style: SeriesStyle;
  /** Rising workers; packets per second with their interval. */
  readonly points: readonly {
    readonly workers: number;
    readonly rate: number;
    readonly interval: readonly [number, number];
  }[];
}

export interface ScalingChart {
  readonly title: string;
  readonly description: string;
  readonly lines: readonly ScalingLine[];
  readonly yName: string;
}

type Point = ScalingLine["points"][number];

export function scalingSvg(chart: ScalingChart, size: ChartSize): Markup {
  const { lines, title, description } = chart;
  const points = lines.flatMap((line) => line.points);
  const workersMax = Math.max(1, ...points.map((point) => point.workers));
  const ideals = lines.flatMap((line) => idealOf(line, workersMax));
  const top = Math.max(0, ...points.map((point) => point.interval[1]), ...ideals.map(({ end }) => end[1]));
  const option = {
    grid: { left: 70, right: 84, top: 12, bottom: 44, outerBoundsMode: "none" },
    xAxis: linearAxis({
      ...{ name: "workers", nameGap: 28, max: workersMax + 0.15, interval: Math.ceil(workersMax / 8) },
      ...{ print: String, grid: false },
    }),
    yAxis: linearAxis({
      ...{ name: chart.yName, nameGap: 54, max: niceTop(top), grid: true },
      print: (rate) => quantityText(rate, "1/s", "exact"),
    }),
    series: [
      ...ideals.map(({ line, end }) =>
        segments([[[0, 0], end]], line.style.token, { width: 1, dashed: true, z: 1 }),
      ),
      ...lines.map(intervals),
      ...lines.map(lineSeries),
      endLabels(lines.flatMap(nameAtEnd), 12),
    ],
  };
  const offset = ideals.length + lines.length;
  const hover = (series: number, index: number) => {
    const line = lines[series - offset];
    const point = line?.points[index];
    return line && point ? pointText(line, point) : null;
  };
  return renderSvg(option, size, { title, description, hover });
}

/** Where perfect scaling from the line's first point would end; nothing for a line without points. */
function idealOf(line: ScalingLine, workersMax: number): { line: ScalingLine; end: Place }[] {
  const first = line.points[0];
  return first ? [{ line, end: [workersMax, (first.rate / first.workers) * workersMax] }] : [];
}

function intervals({ points, style }: ScalingLine): Record<string, unknown> {
  const pairs = points.map(({ workers, interval: [low, high] }): [Place, Place] => [
    [workers, low],
    [workers, high],
  ]);
  return segments(pairs, style.token, { width: 1.5, dashed: false, z: 3 });
}

function nameAtEnd({ name, points, style }: ScalingLine) {
  const last = points.at(-1);
  return last ? [{ place: [last.workers, last.rate] as const, text: name, token: style.token }] : [];
}

function pointText({ name }: ScalingLine, { workers, rate }: Point): string {
  return `${name}, ${workers} workers: ${quantityText(rate, "1/s", 3)}`;
}

function lineSeries(line: ScalingLine): Record<string, unknown> {
  const color = standIn(line.style.token);
  return {
    ...{ type: "line", data: line.points.map((point) => [point.workers, point.rate]), z: 5, clip: false },
    ...{ symbol: line.style.symbol, symbolSize: 9, showAllSymbol: true },
    lineStyle: { color, width: 2 },
    itemStyle: { color, borderColor: standIn("surface"), borderWidth: 1 },
  };
}
