// What a verification against a kernel came to, in the few words that other parts of a page and of Markdown quote.
import type { BehaviourRecord, KernelRecord, TimingPoint, TimingRecord } from "../measure/kernel-record.js";
import { sharePercent } from "../measure/kernel-verdict.js";
import { countText } from "./quantity.js";

/** Modelled over measured that counts as near, and as not far off. */
export const CLOSE_RATIO = { low: 0.85, high: 1.15 } as const;
export const WIDE_RATIO = { low: 0.75, high: 1.33 } as const;

const MS_PER_DAY = 86_400_000;

/** "checked against Linux 6.18: 100% of 80,000 flows, 93% of 212 times within 15%". */
export function kernelStrip(record: KernelRecord): string {
  const { behaviour, timing, host } = record;
  const parts: string[] = [];
  const { flows, agreed } = flowTotals(behaviour);
  if (flows > 0) parts.push(`${sharePercent(agreed / flows)} of ${countText(flows)} flows`);
  if (timing !== null && timing.points.length > 0) {
    const { points, close } = closePoints(timing.points);
    parts.push(`${sharePercent(close / points)} of ${countText(points)} times within 15%`);
  }
  return parts.length === 0
    ? `not checked against Linux ${host.kernel}`
    : `checked against Linux ${host.kernel}: ${parts.join(", ")}`;
}

export function flowTotals(behaviour: readonly BehaviourRecord[]): {
  readonly flows: number;
  readonly agreed: number;
} {
  const sum = (key: "flows" | "agreed") => behaviour.reduce((total, one) => total + one[key], 0);
  return { flows: sum("flows"), agreed: sum("agreed") };
}

/** Timed points of all paths, and those whose modelled time is within CLOSE_RATIO of the measured. */
export function closePoints(points: readonly TimingPoint[]): {
  readonly points: number;
  readonly close: number;
} {
  const close = points.filter(({ modelledNs, measuredNs }) => isWithin(modelledNs / measuredNs, CLOSE_RATIO));
  return { points: points.length, close: close.length };
}

export function isWithin(
  ratio: number,
  { low, high }: { readonly low: number; readonly high: number },
): boolean {
  return ratio >= low && ratio <= high;
}

/** Where and when the prices of modelled times were measured: "this machine, 3 days before". */
export function calibrationText({ startedAt }: KernelRecord, { calibration }: TimingRecord): string {
  const { machine, measuredAt, own } = calibration;
  const days = Math.round((Date.parse(startedAt) - Date.parse(measuredAt)) / MS_PER_DAY);
  const age = days <= 0 ? "on the same day" : `${countText(days)} ${days === 1 ? "day" : "days"} before`;
  return `${own ? "this machine" : `another machine (${machine})`}, ${age}`;
}
