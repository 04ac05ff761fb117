// Cases in pairs -> rows: each metric that both have, its estimate and its verdict; what only one side has is missing.
import { PlumbError } from "../base/errors.js";
import { CLAIM_SAMPLES_MIN, judgeExact, judgeTiming, type Judgement } from "./change-verdict.js";
import { compareTimings, type TimingComparison } from "./compare-metric.js";
import { CHANGE_VERDICTS, type Comparison, type ComparisonRow, type MissingRow } from "./comparison.js";
import { type MarginTable, marginOf } from "./margin.js";
import { METRICS, type MetricName } from "./metrics.js";
import { MODELLED_ERROR_SHARE, withinModelledError } from "./modelled-error.js";
import type { CaseRecord, Labels, MetricRecord } from "./run-record.js";
import { detectableEffect } from "./statistics/sample-size.js";

export interface CompareOptions {
  readonly margins?: MarginTable;
  /** Which metrics take part in the gate: names or "prefix.*"; all when not given. */
  readonly gate?: readonly string[];
}

/** One case on both sides; null where a side lacks it. */
export interface CasePair {
  readonly case: string;
  readonly labels: Labels;
  readonly before: CaseRecord | null;
  readonly after: CaseRecord | null;
}

/** One candidate beside the baseline, case by case. */
export interface Pairing {
  readonly candidate: string;
  readonly pairs: readonly CasePair[];
  readonly paired: boolean;
  readonly advisory: boolean;
}

/** How the rows of one comparison are made. */
export interface Method {
  readonly options: CompareOptions;
  readonly floor: number;
  readonly adjust: (p: readonly number[]) => number[];
  readonly notes: readonly string[];
  /** Whether the sides are modelled apart, as modes are, so that the model's error stands between their times. */
  readonly modelledApart: boolean;
}

/** A row before its p is adjusted. */
interface Draft {
  readonly pairing: Pairing;
  readonly pair: CasePair;
  readonly before: MetricRecord;
  readonly after: MetricRecord;
  readonly timing: TimingComparison | null;
  readonly gated: boolean;
  readonly margin: number;
}

/** @throws {PlumbError} NotComparable when a metric is defined otherwise on the two sides */
export function comparePairs(baseline: string, pairings: readonly Pairing[], method: Method): Comparison {
  const drafts: Draft[] = [];
  const missing: MissingRow[] = [];
  for (const pairing of pairings) {
    for (const pair of pairing.pairs) collect(pair, pairing, method, drafts, missing);
  }
  const adjusted = adjustGated(drafts, method.adjust);
  const rows = drafts.map((draft, index) => {
    const row = rowOf(draft, adjusted[index] ?? null);
    return method.modelledApart ? withinError(row) : row;
  });
  const counts = Object.fromEntries(
    CHANGE_VERDICTS.map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length]),
  ) as Comparison["counts"];
  const smallestDetectable = smallestOf(drafts);
  return {
    baseline,
    candidates: pairings.map(({ candidate }) => candidate),
    notes: method.notes,
    rows,
    missing,
    counts,
    smallestDetectable,
  };
}

function collect(
  pair: CasePair,
  pairing: Pairing,
  method: Method,
  drafts: Draft[],
  missing: MissingRow[],
): void {
  const { before, after } = pair;
  const gone = (metric: MetricName | null, reason: string) =>
    missing.push({ candidate: pairing.candidate, case: pair.case, metric, reason });
  if (before === null || after === null)
    return void gone(null, before === null ? "not in the baseline" : "only in the baseline");
  for (const [which, record] of [
    ["baseline", before],
    ["candidate", after],
  ] as const) {
    if (record.status !== "ok")
      return void gone(null, `${record.status} in the ${which}: ${record.reason ?? "no reason given"}`);
  }
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const left = before.metrics.find((metric) => metric.name === name);
    const right = after.metrics.find((metric) => metric.name === name);
    if (left === undefined && right === undefined) continue;
    if (left === undefined || right === undefined) {
      gone(name, left === undefined ? "not in the baseline" : "only in the baseline");
      continue;
    }
    assertSameMetric(left, right);
    drafts.push(draftOf(left, right, { pair, pairing, method }));
  }
}

function draftOf(
  before: MetricRecord,
  after: MetricRecord,
  place: { pair: CasePair; pairing: Pairing; method: Method },
): Draft {
  const { pair, pairing, method } = place;
  const timing = before.assume === "exact" ? null : compareTimings(before, after, pairing.paired);
  const comparable = before.assume === "exact" || !pairing.advisory;
  const gated = comparable && isGated(before.name, method.options.gate);
  const margin = marginOf(before, method.options.margins ?? {}, method.floor);
  return { pairing, pair, before, after, timing, gated, margin };
}

/** Adjusted p of each draft: over the gated timings together; the rest keep their own, for looking only. */
function adjustGated(drafts: readonly Draft[], adjust: Method["adjust"]): (number | null)[] {
  const gated = drafts.filter(({ timing, gated }) => timing !== null && gated);
  const adjusted = adjust(gated.map(({ timing }) => timing?.p ?? 1));
  const byDraft = new Map(gated.map((draft, index) => [draft, adjusted[index] as number]));
  return drafts.map((draft) => byDraft.get(draft) ?? draft.timing?.p ?? null);
}

function rowOf(
  { pairing, pair, before, after, timing, gated, margin }: Draft,
  adjustedP: number | null,
): ComparisonRow {
  const { name, unit, better, provenance, assume } = before;
  const [left, right] = [before.summary.median, after.summary.median];
  return {
    candidate: pairing.candidate,
    case: pair.case,
    labels: pair.labels,
    ...{ metric: name, unit, better, provenance, assume },
    baselineMedian: left,
    candidateMedian: right,
    baselineSamples: before.summary.n,
    candidateSamples: after.summary.n,
    paired: timing?.paired ?? false,
    change: timing ? timing.shift.estimate : left === 0 ? (right === 0 ? 0 : null) : right / left - 1,
    ci95: timing?.shift.ci95 ?? null,
    ci90: timing?.shift.ci90 ?? null,
    p: timing?.p ?? null,
    adjustedP,
    margin,
    ...judge({ before, after, timing, margin }, adjustedP),
    gated,
    advisory: pairing.advisory && assume !== "exact",
  };
}

/** The row, settled neither way where its modelled times differ by less than the model errs. */
function withinError(row: ComparisonRow): ComparisonRow {
  const { provenance, verdict, baselineMedian, candidateMedian } = row;
  if (provenance !== "modelled" || verdict === "identical") return row;
  if (!withinModelledError(baselineMedian, candidateMedian)) return row;
  const reason = `less than the model's error of ${MODELLED_ERROR_SHARE * 100}%`;
  return { ...row, verdict: "inconclusive", confidence: null, reason };
}

function judge(
  { before, after, timing, margin }: Pick<Draft, "before" | "after" | "timing" | "margin">,
  adjustedP: number | null,
): Judgement {
  const { better } = before;
  if (before.assume === "exact") return judgeExact(before.summary.median, after.summary.median, better);
  if (timing === null || adjustedP === null) {
    return {
      verdict: "inconclusive",
      confidence: null,
      reason: "a sample is 0 and has no ratio",
      samplesToSettle: null,
    };
  }
  return judgeTiming({ shift: timing.shift, adjustedP, margin, better, samples: timing.samples });
}

/** The median over gated timings of what each could have found. */
function smallestOf(drafts: readonly Draft[]): number | null {
  const effects = drafts.flatMap(({ gated, timing }) =>
    gated && timing !== null && timing.samples >= CLAIM_SAMPLES_MIN
      ? [detectableEffect(timing.samples, { noise: timing.noise, alpha: 0.05, paired: timing.paired })]
      : [],
  );
  effects.sort((a, b) => a - b);
  return effects[Math.floor(effects.length / 2)] ?? null;
}

function isGated(name: MetricName, gate: readonly string[] | undefined): boolean {
  if (gate === undefined) return METRICS[name].better !== "none";
  return gate.some(
    (pattern) => pattern === name || (pattern.endsWith("*") && name.startsWith(pattern.slice(0, -1))),
  );
}

function assertSameMetric(before: MetricRecord, after: MetricRecord): void {
  for (const key of ["unit", "better", "provenance", "assume"] as const) {
    if (before[key] === after[key]) continue;
    const was = `${key} ${before[key]} in the baseline and ${after[key]} in the other`;
    throw new PlumbError(
      "NotComparable",
      `Cannot compare metric '${before.name}': its definition changed, ${was}`,
    );
  }
}
