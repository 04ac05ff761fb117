// What a verification against a kernel came to, in the few words that other parts of a page and of Markdown quote.
import type { BehaviourRecord, KernelRecord, TimingRecord, TimingScore } from "../measure/kernel-record.js";
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
  const { points, close } = scoreTotals(timing?.scores ?? []);
  if (points > 0) parts.push(`${sharePercent(close / points)} of ${countText(points)} times within 15%`);
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

/** Points that were scored, and those whose modelled time, or ratio to another path, is within CLOSE_RATIO. */
export function scoreTotals(scores: readonly TimingScore[]): {
  readonly points: number;
  readonly close: number;
} {
  return {
    points: scores.reduce((sum, score) => sum + score.points, 0),
    close: scores.reduce((sum, score) => sum + Math.round(score.withinClose * score.points), 0),
  };
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
