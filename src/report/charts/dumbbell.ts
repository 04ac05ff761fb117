// Two values a row on one logarithmic axis, joined by a line: what a full sync costs against one change.
import type { Unit } from "../../measure/metrics.js";
import type { Markup } from "../markup.js";
import { type SeriesStyle, standIn } from "../palette.js";
import { quantityText } from "../quantity.js";
import { logAxis, logDomain, logTicks } from "./log-axis.js";
import { type Place, segments } from "./marks.js";
import { type ChartSize, renderSvg } from "./svg.js";

export interface DumbbellRow {
  readonly name: string;
  readonly style: SeriesStyle;
  /** Drawn hollow. */
  readonly small: number;
  /** Drawn filled. */
  readonly large: number;
}

export interface DumbbellChart {
  readonly title: string;
  readonly description: string;
  readonly rows: readonly DumbbellRow[];
  readonly unit: Unit;
  readonly xName: string;
}

/** Height of a drawing with `rows` rows, px. */
export function dumbbellHeight(rows: number): number {
  return 70 + rows * 34;
}

export function dumbbellSvg(chart: DumbbellChart, size: ChartSize): Markup {
  const rows = chart.rows.toReversed();
  const place = (value: number, index: number): Place => [Math.log10(value), index];
  const domain = logDomain(rows.flatMap((row) => [row.small, row.large]));
  const ends = (key: "small" | "large") =>
    rows.map((row, index) => ({
      value: place(row[key], index),
      symbol: row.style.symbol,
      itemStyle: {
        color: standIn(key === "large" ? row.style.token : "surface"),
        borderColor: standIn(row.style.token),
        borderWidth: 2,
      },
    }));
  const option = {
    grid: { left: 82, right: 24, top: 8, bottom: 46, outerBoundsMode: "none" },
    xAxis: logAxis({
      ...{
        domain,
        ticks: sparse(logTicks(domain)),
        print: (value) => quantityText(value, chart.unit, "exact").replace(" us", " µs"),
      },
      ...{ name: chart.xName, fontSize: 12, nameGap: 28, grid: true },
    }),
    yAxis: {
      ...{ type: "category", data: rows.map((row) => row.name), silent: true },
      axisLine: { lineStyle: { color: standIn("line") } },
      axisTick: { show: false },
      axisLabel: { color: standIn("ink"), fontSize: 12, interval: 0 },
    },
    series: [
      ...rows.map((row, index) =>
        segments([[place(row.small, index), place(row.large, index)]], row.style.token, {
          width: 2,
          dashed: false,
          z: 2,
        }),
      ),
      { type: "scatter", data: ends("small"), symbolSize: 11, z: 4, clip: false },
      { type: "scatter", data: ends("large"), symbolSize: 11, z: 4, clip: false },
    ],
  };
  const hover = (series: number, index: number) => {
    const row = rows[index];
    const which = series - rows.length;
    if (row === undefined || which < 0) return null;
    return `${row.name}, ${which === 0 ? "one change" : "full sync"}: ${quantityText(which === 0 ? row.small : row.large, chart.unit, 3)}`;
  };
  return renderSvg(option, size, { title: chart.title, description: chart.description, hover });
}

/** Labels of a horizontal axis stand side by side: every other one when there are many. */
function sparse(ticks: readonly number[]): readonly number[] {
  return ticks.length <= 5 ? ticks : ticks.filter((_, index) => index % 2 === 0);
}
