// A linear axis from zero, so that heights may be compared as they look.
import { standIn } from "../palette.js";

export interface LinearAxisOptions {
  /** What it measures, with unit. */
  readonly name: string;
  /** Distance of the name from the axis, px. */
  readonly nameGap: number;
  readonly max: number;
  /** Between ticks; the chart library's choice when not given. */
  readonly interval?: number;
  /** No ticks between whole numbers. */
  readonly whole?: boolean;
  readonly print: (value: number) => string;
  readonly grid: boolean;
}

/** Axis options for the chart library. */
export function linearAxis(options: LinearAxisOptions): Record<string, unknown> {
  const { name, nameGap, max, interval, whole = false, print, grid } = options;
  return {
    ...{ type: "value", min: 0, max, name, nameLocation: "middle", nameGap, silent: true },
    ...(interval === undefined ? {} : { interval }),
    ...(whole ? { minInterval: 1 } : {}),
    nameTextStyle: { color: standIn("muted"), fontSize: 12 },
    axisLine: { show: true, lineStyle: { color: standIn("line") } },
    axisTick: { show: true, lineStyle: { color: standIn("line") } },
    axisLabel: { color: standIn("muted"), fontSize: 12, showMaxLabel: grid, formatter: print },
    splitLine: { show: grid, lineStyle: { color: standIn("faint"), width: 1 } },
  };
}

const ROUND_STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The next round number: one of the steps times a power of ten. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (ROUND_STEPS.find((step) => step * power >= value) ?? 10) * power;
}
