// Runs beside one another, and cases of one run beside one another.
//
// Exact metrics are compared by value. Timings are compared by their per-process samples: those of cases of one run
// pairwise by block, which cancels drift; those of two runs by Mann-Whitney, and then drift is not controlled. p is
// adjusted by Holm over all gated timings of the comparison; cases of one run are an exploratory table and take
// Benjamini-Hochberg. Runs of other scenarios are not compared at all; timings of other machines are advisory.
import { labelsText } from "./labels-text.js";
import { PlumbError } from "../base/errors.js";
import { type CompareOptions, comparePairs, type Pairing } from "./compare-pairs.js";
import type { Comparison } from "./comparison.js";
import { noiseFloorOf } from "./margin.js";
import type { CaseRecord, RunRecord } from "./run-record.js";
import { benjaminiHochberg, holm } from "./statistics/multiplicity.js";

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
    const pairs = candidate.cases.map((own) => ({
      case: own.id,
      labels: own.labels,
      after: own,
      before: caseOf(baseline, own.id),
    }));
    const lost = baseline.cases.filter(({ id }) => caseOf(candidate, id) === null);
    return {
      candidate: candidate.run.id,
      pairs: [
        ...pairs,
        ...lost.map((own) => ({ case: own.id, labels: own.labels, before: own, after: null })),
      ],
      paired: false,
      advisory: baseline.environment.fingerprint !== candidate.environment.fingerprint,
    };
  });
  return comparePairs(baseline.run.id, pairings, {
    options,
    floor,
    adjust: holm,
    notes: runNotes(baseline, candidates),
    modelledApart: false,
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
      const pairs = withValue(value).map((after) => {
        const rest = restOf(after, by.label);
        const { [by.label]: _, ...labels } = after.labels;
        return { case: rest, labels, after, before: before.get(rest) ?? null };
      });
      return { candidate: `${by.label}=${value}`, pairs, paired, advisory: false };
    });
  const notes = ["cases of one run, an exploratory table: p is adjusted by Benjamini-Hochberg"];
  const floor = noiseFloorOf([run.environment]);
  return comparePairs(`${by.label}=${reference}`, pairings, {
    options,
    floor,
    adjust: benjaminiHochberg,
    notes,
    modelledApart: true,
  });
}

function runNotes(baseline: RunRecord, candidates: readonly RunRecord[]): string[] {
  const notes = ["not interleaved: drift not controlled"];
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

function caseOf(run: RunRecord, id: string): CaseRecord | null {
  return run.cases.find((record) => record.id === id) ?? null;
}

function restOf({ labels }: CaseRecord, without: string): string {
  const rest = Object.entries(labels).filter(([name]) => name !== without);
  return labelsText(Object.fromEntries(rest));
}

function labelNames(run: RunRecord): string[] {
  return [...new Set(run.cases.flatMap(({ labels }) => Object.keys(labels)))];
}
