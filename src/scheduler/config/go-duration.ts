// Durations as Go writes them: numbers and units in a row, "1m30s", "1.5h", "0".
// Source: Go time.ParseDuration, Duration.String; metav1.Duration in configuration files.
import type { DurationNs } from "../../base/clock.js";
import { type Field, mapped, text } from "../../base/document/fields.js";

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const PART = String.raw`(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)`;
const DURATION = new RegExp(`^[-+]?(?:0|(?:${PART})+)$`);
const NOT_NEGATIVE = new RegExp(`^(?:0|(?:${PART})+)$`);

/** "1m30s" -> 90e9; null when it is no duration. */
export function parseGoDuration(written: string): DurationNs | null {
  if (!DURATION.test(written)) return null;
  let ns = 0;
  for (const [, amount, unit] of written.matchAll(new RegExp(PART, "g"))) {
    ns += Number(amount) * (UNIT_NS[String(unit)] as number);
  }
  return Math.round(written.startsWith("-") ? -ns : ns) as DurationNs;
}

/** As Go prints it: 90e9 -> "1m30s", 1.5e9 -> "1.5s", 1e8 -> "100ms"; a whole number of ns, 0 or more. */
export function writeGoDuration(ns: number): string {
  if (ns < 1e9) {
    const unit = ns === 0 ? "s" : ns < 1e3 ? "ns" : ns < 1e6 ? "µs" : "ms";
    return `${ns / (UNIT_NS[unit] as number)}${unit}`;
  }
  const hours = Math.floor(ns / 3600e9);
  const minutes = Math.floor((ns % 3600e9) / 60e9);
  const seconds = `${(ns % 60e9) / 1e9}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** A duration of 0 or more. */
export function goDuration(description: string): Field<DurationNs> {
  const rule = { pattern: NOT_NEGATIVE, expected: 'a duration such as "5s" or "1m30s"' };
  return mapped(text(description, rule), (written) => parseGoDuration(written) as DurationNs);
}
