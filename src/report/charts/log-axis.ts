// A logarithmic axis with ticks of our choice. The chart library's own log axis starts and ends at powers of ten;
// here the axis is linear in log10 of the value, so that it ends where the data end.
import { standIn } from "../palette.js";

export interface LogDomain {
  readonly min: number;
  readonly max: number;
}

/** The smallest domain that holds every positive value, with `padding` decades at both ends. */
export function logDomain(values: readonly number[], padding = 0.08): LogDomain {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return { min: 1, max: 10 };
  const low = Math.log10(positive.reduce((a, b) => Math.min(a, b)));
  const high = Math.log10(positive.reduce((a, b) => Math.max(a, b)));
  const room = Math.max(padding, (DECADES_MIN - (high - low)) / 2);
  return { min: 10 ** (low - room), max: 10 ** (high + room) };
}

/** A flat curve still needs a scale around it. */
const DECADES_MIN = 1;

/** Powers of ten inside the domain; with 2 and 5 times them when there are few. */
export function logTicks({ min, max }: LogDomain): readonly number[] {
  const powers: number[] = [];
  for (let power = Math.ceil(Math.log10(min) - 1e-9); power <= Math.log10(max) + 1e-9; power++)
    powers.push(10 ** power);
  if (powers.length >= 3) return powers;
  const all = [-1, ...powers.keys(), powers.length].flatMap((index) => {
    const base = 10 ** (Math.ceil(Math.log10(min) - 1e-9) + index);
    return [base, base * 2, base * 5];
  });
  return [...new Set(all)].filter((tick) => tick >= min * 0.999 && tick <= max * 1.001).sort((a, b) => a - b);
}

export interface AxisOptions {
  readonly domain: LogDomain;
  readonly ticks: readonly number[];
  readonly print: (value: number) => string;
  /** What it measures, with unit. */
  readonly name: string;
  /** Font size, px of the drawing. */
  readonly fontSize: number;
  /** Distance of the name from the axis, px. */
  readonly nameGap: number;
  readonly grid: boolean;
}

/** Axis options for the chart library; data on it are log10 of the value. */
export function logAxis(options: AxisOptions): Record<string, unknown> {
  const { domain, print, fontSize } = options;
  const places = options.ticks.map(Math.log10);
  return {
    type: "value",
    min: Math.log10(domain.min),
    max: Math.log10(domain.max),
    name: options.name,
    nameLocation: "middle",
    nameGap: options.nameGap,
    nameTextStyle: { color: standIn("muted"), fontSize },
    axisLine: { show: true, onZero: false, lineStyle: { color: standIn("line") } },
    axisTick: { show: true, customValues: places, lineStyle: { color: standIn("line") } },
    axisLabel: {
      customValues: places,
      color: standIn("muted"),
      fontSize,
      hideOverlap: true,
      formatter: (place: number) => print(nearest(options.ticks, place)),
    },
    splitLine: { show: options.grid, lineStyle: { color: standIn("faint"), width: 1 } },
    silent: true,
  };
}

function nearest(ticks: readonly number[], place: number): number {
  return ticks.reduce(
    (best, tick) => (Math.abs(Math.log10(tick) - place) < Math.abs(Math.log10(best) - place) ? tick : best),
    ticks[0] ?? 1,
  );
}
