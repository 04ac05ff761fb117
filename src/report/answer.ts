// The question in words: what a new connection costs under each mode at the largest size, and where curves cross.
// Pure functions of the cases. Every time carries its provenance, because a modelled time is not a measured one.
import type { MetricName, Provenance } from "../measure/metrics.js";
import type { CaseRecord } from "../measure/run-record.js";
import { listOf, stateSentence, syncSentence } from "./answer-state.js";
import { type Grid, gridsOf, largestSizeWith, metricOf, metricValue } from "./grid.js";
import { curveOf, modeCrossovers } from "./mode-crossovers.js";
import { countText, quantityText, timesText } from "./quantity.js";

/** The times that can answer, best first: what the kernel would take, else what our own core takes. */
const TIME_METRICS = ["first.kernel_ns", "first.core_ns"] as const satisfies readonly MetricName[];
const RULES_METRIC = "first.rules_evaluated" satisfies MetricName;
/** Ratios below this are not worth a sentence: they are within what models and machines get wrong. */
const RATIO_WORTH_SAYING = 1.1;

/** Provenance as words in a sentence about time. */
const TIME_WORDS: Readonly<Record<Provenance, string>> = {
  counted: "counted",
  "measured-core": "measured in the WASM core",
  modelled: "modelled kernel time",
  "measured-kernel": "measured in the kernel",
  imported: "published by others",
};

/**
 * One sentence that answers "what does a Service cost per new connection?", with numbers, e.g.
 * "At 10,000 Services a new connection evaluates 5,003 rules under iptables and 9 under ipvs: 29 us against
 * 1.1 us (modelled kernel time)." Runs about affinity, conntrack or syncs alone are answered about those.
 * Says so when no case can answer.
 */
export function answerSentence(cases: readonly CaseRecord[]): string {
  const grids = gridsOf(cases);
  const grid = grids[0];
  if (grid === undefined) return "No answer: the run holds no case.";
  return stateSentence(grids) ?? connectionSentence(grid) ?? syncSentence(grids) ?? NO_ANSWER;
}

const NO_ANSWER = "No answer: no case finished with a metric that gives one.";

function connectionSentence(grid: Grid): string | null {
  const size = largestSizeWith(grid, RULES_METRIC);
  if (size === null) return timeOnlySentence(grid);
  const rows = rankedRows(grid, size);
  const rules = listOf(rows.map((row, index) => `${rulesText(row.rules, index === 0)} under ${row.mode}`));
  return `${openingOf(grid, size)} a new connection evaluates ${rules}${timesClause(rows)}.`;
}

/** Every mode against the fastest one at the largest size, slowest first; empty with fewer than two modes. */
export function ratioStatements(grid: Grid): readonly string[] {
  for (const name of TIME_METRICS) {
    const size = largestSizeWith(grid, name);
    if (size === null) continue;
    const [best, ...others] = timesAt(grid, size, name).sort((a, b) => a.value - b.value);
    if (best === undefined || others.length === 0) continue;
    const ratios = listOf(others.toReversed().map((row, index) => ratioText(row, best, index === 0)));
    const opening = `${openingOf(grid, size)} ${best.mode} is the fastest per new connection`;
    return [`${opening} (${TIME_WORDS[best.provenance]}): ${ratios}.`];
  }
  return [];
}

export interface CrossoverStatement {
  readonly provenance: Provenance;
  readonly text: string;
}

/**
 * Where curves cross within the measured sizes, a statement per pair of modes that do, then one for all that do not.
 * Empty with fewer than two sizes or modes.
 */
export function crossoverStatements(grid: Grid, metric: MetricName): readonly CrossoverStatement[] {
  const pairs = pairStatements(grid, metric);
  const crossing = pairs.filter((pair) => pair.crosses);
  const steady = pairs.filter((pair) => !pair.crosses);
  const first = steady[0];
  if (first === undefined) return crossing;
  const smallest = countText(grid.sizes[0] ?? 0);
  const largest = countText(grid.sizes[grid.sizes.length - 1] ?? 0);
  const names = listOf(steady.map((pair) => pair.text));
  const text = `At every size that both finished, from ${smallest} to ${largest} ${grid.sizeNoun}, ${names.replace(/^(\S+)/, "$1 costs")}`;
  return [...crossing, { provenance: first.provenance, text }];
}

interface PairStatement extends CrossoverStatement {
  readonly crosses: boolean;
}

function pairStatements(grid: Grid, metric: MetricName): readonly PairStatement[] {
  if (grid.sizes.length < 2) return [];
  const statements: PairStatement[] = [];
  grid.modes.forEach((a, index) => {
    for (const b of grid.modes.slice(index + 1)) {
      const statement = pairStatement(grid, metric, a, b);
      if (statement) statements.push(statement);
    }
  });
  return statements;
}

interface AnswerRow {
  readonly mode: string;
  readonly rules: number;
  readonly time: number | null;
  readonly provenance: Provenance | null;
}

/** Costliest first, by time where there is one. */
function rankedRows(grid: Grid, size: number): readonly AnswerRow[] {
  const timeMetric = TIME_METRICS.find((name) => largestSizeWith(grid, name) === size);
  const rows = grid.modes.flatMap((mode): AnswerRow[] => {
    const one = grid.at(mode, size);
    const rules = metricValue(one, RULES_METRIC);
    if (rules === null) return [];
    const time = timeMetric === undefined ? undefined : metricOf(one, timeMetric);
    return [{ mode, rules, time: time?.summary.median ?? null, provenance: time?.provenance ?? null }];
  });
  return rows.sort((a, b) => (b.time ?? b.rules) - (a.time ?? a.rules));
}

function timesClause(rows: readonly AnswerRow[]): string {
  const timed = rows.filter((row) => row.time !== null);
  const provenance = timed[0]?.provenance;
  if (timed.length !== rows.length || !provenance) return "";
  const times = timed.map((row) => quantityText(row.time ?? 0, "ns", 2));
  const text = times.length === 2 ? times.join(" against ") : listOf(times);
  return `: ${text} (${TIME_WORDS[provenance]})`;
}

function timeOnlySentence(grid: Grid): string | null {
  for (const name of TIME_METRICS) {
    const size = largestSizeWith(grid, name);
    if (size === null) continue;
    const rows = timesAt(grid, size, name).sort((a, b) => b.value - a.value);
    const times = listOf(rows.map((row) => `${quantityText(row.value, "ns", 2)} under ${row.mode}`));
    const words = rows[0] === undefined ? "" : TIME_WORDS[rows[0].provenance];
    return `${openingOf(grid, size)} a new connection's first packet takes ${times} (${words}).`;
  }
  return null;
}

interface TimedMode {
  readonly mode: string;
  readonly value: number;
  readonly provenance: Provenance;
}

function timesAt(grid: Grid, size: number, name: MetricName): TimedMode[] {
  return grid.modes.flatMap((mode) => {
    const metric = metricOf(grid.at(mode, size), name);
    return metric ? [{ mode, value: metric.summary.median, provenance: metric.provenance }] : [];
  });
}

function ratioText(row: TimedMode, best: TimedMode, spelledOut: boolean): string {
  const ratio = row.value / best.value;
  if (!(ratio >= RATIO_WORTH_SAYING)) return `${row.mode} about as long`;
  return spelledOut ? `${row.mode} takes ${timesText(ratio)} as long` : `${row.mode} ${timesText(ratio)}`;
}

function pairStatement(grid: Grid, metric: MetricName, a: string, b: string): PairStatement | null {
  const curves = { a: curveOf(grid, a, metric), b: curveOf(grid, b, metric) };
  const shared = curves.a.filter((point) => curves.b.some((other) => other.size === point.size));
  const first = shared[0];
  const last = shared[shared.length - 1];
  const provenance = provenanceOf(grid, metric);
  if (first === undefined || last === undefined || first === last || provenance === null) return null;
  const names = { a, b };
  const crossings = modeCrossovers(grid, metric, a, b);
  if (crossings.length > 0) {
    const parts = crossings.map(
      (one) =>
        `${names[one.below]} costs less below about ${sizeText(one.size)} ${grid.sizeNoun}, ${names[one.above]} above ` +
        `(${placeText(one.between)})`,
    );
    return { provenance, crosses: true, text: parts.join("; then ") };
  }
  const other = curves.b.find((point) => point.size === last.size)?.value ?? last.value;
  const equal = shared.every((point) =>
    curves.b.some((q) => q.size === point.size && q.value === point.value),
  );
  const [cheap, dear] = last.value <= other ? [a, b] : [b, a];
  const text = equal ? `${a} as much as ${b}` : `${cheap} less than ${dear}`;
  return { provenance, crosses: false, text };
}

function placeText([low, high]: readonly [number, number]): string {
  return low === high
    ? `they cannot be told apart at ${countText(low)}`
    : `between the measured ${countText(low)} and ${countText(high)}`;
}

/** Interpolated sizes are good to two digits. */
function sizeText(size: number): string {
  return countText(Number(size.toPrecision(2)));
}

function provenanceOf(grid: Grid, name: MetricName): Provenance | null {
  for (const one of grid.cases) {
    const metric = metricOf(one, name);
    if (metric) return metric.provenance;
  }
  return null;
}

function openingOf(grid: Grid, size: number): string {
  const place = grid.sizeNoun === "" ? "In this run" : `At ${countText(size)} ${grid.sizeNoun}`;
  return grid.title === "" ? place : `${place} (${grid.title})`;
}

function rulesText(rules: number, withNoun: boolean): string {
  const text = countText(rules >= 100 ? Math.round(rules) : Number(rules.toPrecision(2)));
  return withNoun ? `${text} rules` : text;
}
