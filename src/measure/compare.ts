// Runs beside one another, and cases of one run beside one another.
//
// Exact metrics are compared by value. Timings are compared by their per-process samples: pairwise by block when both
// sides were interleaved in one session, which cancels drift; by Mann-Whitney otherwise, and then drift is not
// controlled. p is adjusted by Holm over all gated timings of the comparison; cases of one run are an exploratory table
// and take Benjamini-Hochberg. Runs of other scenarios are not compared at all; timings of other machines are advisory.
import { PlumbError } from "../base/errors.js";
import { CLAIM_SAMPLES_MIN, judgeExact, judgeTiming, type Judgement } from "./change-verdict.js";
import { compareTimings, type TimingComparison } from "./compare-metric.js";
import { CHANGE_VERDICTS, type Comparison, type ComparisonRow, type MissingRow } from "./comparison.js";
import { type MarginTable, marginOf, noiseFloorOf } from "./margin.js";
import { METRICS, type MetricName } from "./metrics.js";
import type { CaseRecord, Labels, MetricRecord, RunRecord } from "./run-record.js";
import { benjaminiHochberg, holm } from "./statistics/multiplicity.js";
import { detectableEffect } from "./statistics/sample-size.js";

export interface CompareOptions {
  readonly margins?: MarginTable;
  /** Which metrics take part in the gate: names or "prefix.*"; all when not given. */
  readonly gate?: readonly string[];
}

/**
 * The first run against each of the others.
 * @throws {PlumbError} NotComparable when scenarios or metric definitions differ; Usage for fewer than two runs
 */
export function compareRuns(runs: readonly RunRecord[], options: CompareOptions = {}): Comparison {
  const [baseline, ...candidates] = runs;
  if (baseline === undefined || candidates.length === 0) {
    throw new PlumbError("Usage", `Cannot compare ${runs.length} run: expected two or more`);
  }
  for (const candidate of candidates) assertSameScenario(baseline, candidate);
  const floor = noiseFloorOf(runs.map(({ environment }) => environment));
  const pairings = candidates.map((candidate): Pairing => {
    const sides = candidate.cases.map((own) => ({
      case: own.id,
      labels: own.labels,
      after: own,
      before: caseOf(baseline, own.id),
    }));
    const lost = baseline.cases.filter(({ id }) => caseOf(candidate, id) === null);
    return {
      candidate: candidate.run.id,
      sides: [
        ...sides,
        ...lost.map((own) => ({ case: own.id, labels: own.labels, before: own, after: null })),
      ],
      paired: sameSession(baseline, candidate),
      advisory: baseline.environment.fingerprint !== candidate.environment.fingerprint,
    };
  });
  return build(baseline.run.id, pairings, {
    options,
    floor,
    adjust: holm,
    notes: runNotes(baseline, candidates),
  });
}

/**
 * Cases of one run that differ in one label only, each value against the first (or the one named).
 * @throws {PlumbError} InvalidInput when no case has the label or the value
 */
export function compareCases(
  run: RunRecord,
  by: { readonly label: string; readonly baseline?: string },
  options: CompareOptions = {},
): Comparison {
  const values = [
    ...new Set(run.cases.flatMap(({ labels }) => (by.label in labels ? [String(labels[by.label])] : []))),
  ];
  const reference = by.baseline ?? values[0];
  if (reference === undefined || !values.includes(reference)) {
    const got =
      reference === undefined
        ? `no case has it; labels are ${labelNames(run).join(", ")}`
        : `no case has ${by.label}=${reference}`;
    throw new PlumbError("InvalidInput", `Cannot compare cases by '${by.label}': ${got}`);
  }
  const paired = isBlocked(run);
  const withValue = (value: string) => run.cases.filter(({ labels }) => String(labels[by.label]) === value);
  const pairings = values
    .filter((value) => value !== reference)
    .map((value): Pairing => {
      const before = new Map(withValue(reference).map((own) => [restOf(own, by.label), own]));
      const sides = withValue(value).map((after) => {
        const rest = restOf(after, by.label);
        const { [by.label]: _, ...labels } = after.labels;
        return { case: rest, labels, after, before: before.get(rest) ?? null };
      });
      return { candidate: `${by.label}=${value}`, sides, paired, advisory: false };
    });
  const notes = ["cases of one run, an exploratory table: p is adjusted by Benjamini-Hochberg"];
  const floor = noiseFloorOf([run.environment]);
  return build(`${by.label}=${reference}`, pairings, { options, floor, adjust: benjaminiHochberg, notes });
}

interface Side {
  readonly case: string;
  readonly labels: Labels;
  readonly before: CaseRecord | null;
  readonly after: CaseRecord | null;
}

interface Pairing {
  readonly candidate: string;
  readonly sides: readonly Side[];
  readonly paired: boolean;
  readonly advisory: boolean;
}

interface Method {
  readonly options: CompareOptions;
  readonly floor: number;
  readonly adjust: (p: readonly number[]) => number[];
  readonly notes: readonly string[];
}

/** A row before its p is adjusted. */
interface Draft {
  readonly pairing: Pairing;
  readonly side: Side;
  readonly before: MetricRecord;
  readonly after: MetricRecord;
  readonly timing: TimingComparison | null;
  readonly gated: boolean;
  readonly margin: number;
}

function build(baseline: string, pairings: readonly Pairing[], method: Method): Comparison {
  const drafts: Draft[] = [];
  const missing: MissingRow[] = [];
  for (const pairing of pairings) {
    for (const side of pairing.sides) collect(side, pairing, method, drafts, missing);
  }
  const adjusted = adjustGated(drafts, method.adjust);
  const rows = drafts.map((draft, index) => rowOf(draft, adjusted[index] ?? null));
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

function collect(side: Side, pairing: Pairing, method: Method, drafts: Draft[], missing: MissingRow[]): void {
  const { before, after } = side;
  const gone = (metric: MetricName | null, reason: string) =>
    missing.push({ candidate: pairing.candidate, case: side.case, metric, reason });
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
    drafts.push(draftOf(left, right, { side, pairing, method }));
  }
}

function draftOf(
  before: MetricRecord,
  after: MetricRecord,
  place: { side: Side; pairing: Pairing; method: Method },
): Draft {
  const { side, pairing, method } = place;
  const timing = before.assume === "exact" ? null : compareTimings(before, after, pairing.paired);
  const comparable = before.assume === "exact" || !pairing.advisory;
  const gated = comparable && isGated(before.name, method.options.gate);
  const margin = marginOf(before, method.options.margins ?? {}, method.floor);
  return { pairing, side, before, after, timing, gated, margin };
}

/** Adjusted p of each draft: over the gated timings together; the rest keep their own, for looking only. */
function adjustGated(drafts: readonly Draft[], adjust: Method["adjust"]): (number | null)[] {
  const gated = drafts.filter(({ timing, gated }) => timing !== null && gated);
  const adjusted = adjust(gated.map(({ timing }) => timing?.p ?? 1));
  const byDraft = new Map(gated.map((draft, index) => [draft, adjusted[index] as number]));
  return drafts.map((draft) => byDraft.get(draft) ?? draft.timing?.p ?? null);
}

function rowOf(
  { pairing, side, before, after, timing, gated, margin }: Draft,
  adjustedP: number | null,
): ComparisonRow {
  const { name, unit, better, provenance, assume } = before;
  const [left, right] = [before.summary.median, after.summary.median];
  return {
    candidate: pairing.candidate,
    case: side.case,
    labels: side.labels,
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
  const gated = drafts.filter(
    ({ gated, timing }) => gated && timing !== null && timing.samples >= CLAIM_SAMPLES_MIN,
  );
  const effects = gated.flatMap(({ timing }) =>
    timing
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

function runNotes(baseline: RunRecord, candidates: readonly RunRecord[]): string[] {
  const notes: string[] = [];
  if (!candidates.every((candidate) => sameSession(baseline, candidate)))
    notes.push("not interleaved: drift not controlled");
  const others = candidates.filter(
    ({ environment }) => environment.fingerprint !== baseline.environment.fingerprint,
  );
  for (const { run } of others)
    notes.push(`environment of ${run.id} differs from the baseline's: timings are advisory`);
  for (const candidate of candidates) {
    const parts = changedParts(baseline, candidate);
    if (parts.length > 0) notes.push(`${candidate.run.id} was made by another build: ${parts.join(", ")}`);
  }
  for (const { run } of [baseline, ...candidates].filter((each) => each.run.status === "partial")) {
    notes.push(`${run.id} is partial: it holds fewer samples than it asked for`);
  }
  return notes;
}

/** What of the program differs: what a change of exact values may come from. */
function changedParts({ tool: before }: RunRecord, { tool: after }: RunRecord): string[] {
  const modules = [...new Set([...Object.keys(before.wasm), ...Object.keys(after.wasm)])].sort();
  const changed = modules
    .filter((name) => before.wasm[name] !== after.wasm[name])
    .map((name) => `${name}.wasm`);
  const named = [
    before.version === after.version ? "" : `version ${after.version}, was ${before.version}`,
    before.commit === after.commit
      ? ""
      : `commit ${after.commit ?? "unknown"}, was ${before.commit ?? "unknown"}`,
  ];
  return [...named.filter((part) => part !== ""), ...changed];
}

function sameSession(a: RunRecord, b: RunRecord): boolean {
  return a.run.session !== undefined && a.run.session === b.run.session;
}

/** Whether a block holds every case once, so that samples of one block are a pair. */
function isBlocked({ scenario: { resolved } }: RunRecord): boolean {
  const sampling =
    typeof resolved === "object" && resolved !== null && "sampling" in resolved ? resolved.sampling : null;
  return !(
    typeof sampling === "object" &&
    sampling !== null &&
    "order" in sampling &&
    sampling.order === "random"
  );
}

function assertSameScenario(baseline: RunRecord, candidate: RunRecord): void {
  if (baseline.scenario.digest === candidate.scenario.digest) return;
  const name = ({ run, scenario }: RunRecord) =>
    `'${run.id}' (${scenario.name}, ${scenario.digest.slice(0, 12)})`;
  throw new PlumbError(
    "NotComparable",
    `Cannot compare ${name(baseline)} with ${name(candidate)}: their scenarios differ`,
    {
      hint: "run both with the same scenario file, settings and seed",
    },
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

function caseOf(run: RunRecord, id: string): CaseRecord | null {
  return run.cases.find((record) => record.id === id) ?? null;
}

function restOf({ labels }: CaseRecord, without: string): string {
  const rest = Object.entries(labels).filter(([name]) => name !== without);
  return rest.map(([name, value]) => `${name}=${value}`).join(" ");
}

function labelNames(run: RunRecord): string[] {
  return [...new Set(run.cases.flatMap(({ labels }) => Object.keys(labels)))];
}
