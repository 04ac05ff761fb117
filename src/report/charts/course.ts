// Values over the time of one measurement, both axes linear from zero, each line named at its end; a level that does not
// change with time, such as a floor, is dashed.
import type { Markup } from "../markup.js";
import { type SeriesStyle, standIn } from "../palette.js";
import { countText } from "../quantity.js";
import { linearAxis, niceTop } from "./linear-axis.js";
import { endLabels, type Place, segments } from "./marks.js";
import { type ChartSize, renderSvg } from "./svg.js";

export interface CourseLine {
  readonly name: string;
  readonly style: SeriesStyle;
  /** [seconds, value], rising seconds. */
  readonly points: readonly Place[];
}

export interface CourseChart {
  readonly title: string;
  readonly description: string;
  readonly lines: readonly CourseLine[];
  readonly level: { readonly name: string; readonly value: number } | null;
  /** With unit and provenance. */
  readonly yName: string;
  /** A tick of the y axis, unit and all. */
  readonly print: (value: number) => string;
  /** Where the y axis ends; just above the data when null. */
  readonly yMax: number | null;
  /** Values are counts. */
  readonly whole?: boolean;
}

/** Room for the longest name, px. */
const LABEL_GAP = 18;
const CHARACTER = 7;

export function courseSvg(chart: CourseChart, size: ChartSize): Markup {
  const { lines, level, title, description } = chart;
  const places = lines.flatMap(({ points }) => points);
  const endSeconds = places.reduce((end, [seconds]) => Math.max(end, seconds), 0) || 1;
  const top = places.reduce((most, [, value]) => Math.max(most, value), level?.value ?? 0);
  const names = [...lines.map(({ name }) => name), level?.name ?? ""];
  const right = LABEL_GAP + CHARACTER * Math.max(...names.map((name) => name.length));
  const option = {
    grid: { left: 66, right, top: 12, bottom: 44, outerBoundsMode: "none" },
    xAxis: linearAxis({
      ...{ name: "time since the window began, s", nameGap: 28, max: endSeconds, grid: false },
      print: (seconds) => countText(Number(seconds.toPrecision(6))),
    }),
    yAxis: linearAxis({
      ...{ name: chart.yName, nameGap: 50, max: chart.yMax ?? niceTop(top), grid: true },
      whole: chart.whole === true,
      print: chart.print,
    }),
    series: [
      ...levelSeries(level, endSeconds),
      ...lines.map(lineSeries),
      endLabels(ends(chart, endSeconds), 12),
    ],
  };
  return renderSvg(option, size, { title, description });
}

function levelSeries(level: CourseChart["level"], endSeconds: number): readonly Record<string, unknown>[] {
  if (level === null) return [];
  const pair = [
    [0, level.value],
    [endSeconds, level.value],
  ] as const;
  return [segments([pair], "muted", { width: 1.5, dashed: true, z: 2 })];
}

function lineSeries({ points, style }: CourseLine): Record<string, unknown> {
  return {
    ...{ type: "line", data: points, showSymbol: false, clip: false, z: 3 },
    lineStyle: { color: standIn(style.token), width: 2 },
  };
}

function ends({ lines, level }: CourseChart, endSeconds: number) {
  const named = lines.flatMap(({ name, style, points }) => {
    const last = points.at(-1);
    return last ? [{ place: [endSeconds, last[1]] as const, text: name, token: style.token }] : [];
  });
  const dashed = level && {
    place: [endSeconds, level.value] as const,
    text: level.name,
    token: "muted" as const,
  };
  return dashed === null ? named : [...named, dashed];
}
