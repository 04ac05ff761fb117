// What a comparison says: plain data that prints, draws and goes into JSON.
import { unreachable } from "../base/assert.js";
import type { MetricName, Provenance, Unit } from "./metrics.js";
import type { Labels } from "./run-record.js";
import type { Interval } from "./statistics/bootstrap.js";

/** Five, because "not significant" is not "the same". */
export const CHANGE_VERDICTS = [
  "identical",
  "improved",
  "regressed",
  "no-meaningful-change",
  "inconclusive",
] as const;
export type ChangeVerdict = (typeof CHANGE_VERDICTS)[number];

/** exact: values differ, no chance in it. confirmed: the interval lies beyond the margin. likely: p and estimate do. */
export type Confidence = "exact" | "confirmed" | "likely";

export interface Comparison {
  /** What is compared with what: runs, or values of one label inside a run. */
  readonly baseline: string;
  readonly candidates: readonly string[];
  /** The sentences a reader needs before the rows: drift, environment, multiplicity. */
  readonly notes: readonly string[];
  /** In case order, then in the order of METRICS. */
  readonly rows: readonly ComparisonRow[];
  /** Present on one side only: neither better nor worse, and never passed over. */
  readonly missing: readonly MissingRow[];
  readonly counts: Readonly<Record<ChangeVerdict, number>>;
  /** Relative change in a gated timing that this comparison would have found four times in five; null without timings. */
  readonly smallestDetectable: number | null;
}

export interface ComparisonRow {
  readonly candidate: string;
  /** Labels that both sides share: "mode=ipvs services=1000". */
  readonly case: string;
  readonly labels: Labels;
  readonly metric: MetricName;
  readonly unit: Unit;
  readonly better: "lower" | "higher" | "none";
  readonly provenance: Provenance;
  readonly assume: "exact" | "nothing";
  readonly baselineMedian: number;
  readonly candidateMedian: number;
  readonly baselineSamples: number;
  readonly candidateSamples: number;
  readonly paired: boolean;
  /** Relative: 0.1 is 10% more than the baseline; null where there is no ratio. */
  readonly change: number | null;
  readonly ci95: Interval | null;
  readonly ci90: Interval | null;
  readonly p: number | null;
  /** After Holm over all gated timings (or Benjamini-Hochberg over all rows of an exploratory table). */
  readonly adjustedP: number | null;
  /** Relative change that does not matter. */
  readonly margin: number;
  readonly verdict: ChangeVerdict;
  readonly confidence: Confidence | null;
  /** Why a row is inconclusive; null otherwise. */
  readonly reason: string | null;
  /** Samples per side that would probably settle an inconclusive row; null when more would not. */
  readonly samplesToSettle: number | null;
  /** Whether the row takes part in the gate. */
  readonly gated: boolean;
  /** Timings of different machines: shown, never failed on. */
  readonly advisory: boolean;
}

export interface MissingRow {
  readonly candidate: string;
  readonly case: string;
  /** null: the whole case. */
  readonly metric: MetricName | null;
  readonly reason: string;
}

/** likely and confirmed go by the rows' verdicts; any by p alone, which cries wolf. */
export type GatePolicy = "likely" | "confirmed" | "any";

/** The rows a gate fails on: regressions, gated, on comparable machines. */
export function regressionsOf(comparison: Comparison, policy: GatePolicy): ComparisonRow[] {
  return comparison.rows.filter((row) => {
    if (!row.gated || row.advisory || row.better === "none") return false;
    if (row.assume === "exact") return row.verdict === "regressed";
    switch (policy) {
      case "likely":
        return row.verdict === "regressed";
      case "confirmed":
        return row.verdict === "regressed" && row.confidence === "confirmed";
      case "any":
        return (row.p ?? 1) < 0.05 && isWorse(row);
      default:
        return unreachable(policy, "gate policy");
    }
  });
}

function isWorse({ change, better }: ComparisonRow): boolean {
  return change !== null && (better === "lower" ? change > 0 : change < 0);
}
