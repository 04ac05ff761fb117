// Numbers as people read them: a scaled unit, thousands separators, and no more digits than the data support.
// A timing keeps the digits down to the first uncertain one (from its interval), five at most.
// Counts that are whole are printed whole: they are exact.
import type { Unit } from "../measure/metrics.js";
import type { MetricRecord } from "../measure/run-record.js";

const DIGITS_MAX = 5;
/** "exact": whole numbers whole, others to five digits without trailing zeros. */
export type Digits = number | "exact";
/** Digits of a model's output: the costs that it multiplies are known to about that. */
const DIGITS_MODELLED = 3;
/** Digits of a timing with too few samples for an interval. */
const DIGITS_WITHOUT_INTERVAL = 2;
/** Below this a number is printed with an exponent. */
const SMALLEST_PLAIN = 1e-4;

interface Scale {
  readonly unit: string;
  readonly factor: number;
}

const SCALES: Readonly<Record<Unit, readonly Scale[]>> = {
  ns: [
    { unit: "s", factor: 1e9 },
    { unit: "ms", factor: 1e6 },
    { unit: "us", factor: 1e3 },
    { unit: "ns", factor: 1 },
  ],
  B: [
    { unit: "GB", factor: 1e9 },
    { unit: "MB", factor: 1e6 },
    { unit: "kB", factor: 1e3 },
    { unit: "B", factor: 1 },
  ],
  "1/s": [
    { unit: "G/s", factor: 1e9 },
    { unit: "M/s", factor: 1e6 },
    { unit: "k/s", factor: 1e3 },
    { unit: "/s", factor: 1 },
  ],
  "1": [{ unit: "", factor: 1 }],
};

/** A printed number and its printed unit ("" for plain counts). */
export interface Quantity {
  readonly number: string;
  readonly unit: string;
}

/** Scale and round `value` (base unit) to `digits` significant digits. */
export function quantity(value: number, unit: Unit, digits: Digits): Quantity {
  const scale = scaleFor(value, unit, digits);
  return { number: roundedText(value / scale.factor, digits), unit: scale.unit };
}

/** "29.1 us", "5,003". */
export function quantityText(value: number, unit: Unit, digits: Digits = 3): string {
  const printed = quantity(value, unit, digits);
  return printed.unit === "" ? printed.number : `${printed.number} ${printed.unit}`;
}

/** A metric's value as tables print it. */
export function metricText(metric: MetricRecord): string {
  return quantityText(metric.summary.median, metric.unit, supportedDigits(metric));
}

/** The same for a glance: counts above 100 without decimals, below with three digits. */
export function briefText(metric: MetricRecord): string {
  const { median } = metric.summary;
  if (metric.unit !== "1" || metric.assume !== "exact" || Number.isInteger(median)) return metricText(metric);
  return countText(Math.abs(median) >= 100 ? Math.round(median) : Number(median.toPrecision(3)));
}

/** "28.6 to 29.7 us": the 95% interval in the unit and to the place of the value it belongs to, or null. */
export function intervalText(metric: MetricRecord): string | null {
  const interval = metric.summary.ci95;
  if (interval === null) return null;
  const digits = supportedDigits(metric);
  const scale = scaleFor(metric.summary.median, metric.unit, digits);
  const decimals = decimalsFor(metric.summary.median / scale.factor, digits);
  const print = (value: number) => grouped(value / scale.factor, decimals);
  return `${print(interval[0])} to ${print(interval[1])}${scale.unit === "" ? "" : ` ${scale.unit}`}`;
}

/** Significant digits that a metric's data support: 1..5, or exact. */
export function supportedDigits(metric: MetricRecord): Digits {
  if (metric.provenance === "modelled") return DIGITS_MODELLED;
  if (metric.assume === "exact") return "exact";
  const { median, ci95 } = metric.summary;
  if (ci95 === null) return DIGITS_WITHOUT_INTERVAL;
  const halfWidth = (ci95[1] - ci95[0]) / 2;
  if (!(halfWidth > 0) || median === 0) return DIGITS_MAX;
  const digits = exponentOf(Math.abs(median)) - exponentOf(halfWidth) + 1;
  return Math.min(DIGITS_MAX, Math.max(1, digits));
}

/** A plain count or label, with thousands separators and every digit. */
export function countText(value: number): string {
  return roundedText(value, "exact");
}

/** "556 times", "1.8 times": a ratio with two digits below ten and three above. */
export function timesText(ratio: number): string {
  return `${roundedText(ratio, ratio < 10 ? 2 : 3)} times`;
}

export function percentText(share: number, digits = 2): string {
  return `${roundedText(share * 100, digits)}%`;
}

function scaleFor(value: number, unit: Unit, digits: Digits): Scale {
  const scales = SCALES[unit];
  const rounded = Math.abs(Number(value.toPrecision(digitsOf(digits))));
  return scales.find((scale) => rounded >= scale.factor) ?? (scales[scales.length - 1] as Scale);
}

function roundedText(value: number, digits: Digits): string {
  if (value === 0) return "0";
  if (digits === "exact" && Number.isInteger(value)) return grouped(value, 0);
  const rounded = Number(value.toPrecision(digitsOf(digits)));
  if (Math.abs(rounded) < SMALLEST_PLAIN) return rounded.toExponential(1);
  const text = grouped(rounded, decimalsFor(rounded, digits));
  return digits === "exact" && text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function decimalsFor(value: number, digits: Digits): number {
  if (value === 0) return 0;
  return Math.max(0, digitsOf(digits) - 1 - exponentOf(Math.abs(value)));
}

function digitsOf(digits: Digits): number {
  return digits === "exact" ? DIGITS_MAX : digits;
}

function exponentOf(value: number): number {
  return Math.floor(Math.log10(value) + 1e-12);
}

function grouped(value: number, decimals: number): string {
  const [whole = "", fraction] = value.toFixed(decimals).split(".");
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}
