// The question in words: what a new connection costs under each mode at the largest size, and where curves cross.
// Pure functions of the cases. Every time carries its provenance, because a modelled time is not a measured one.
import type { MetricName, Provenance } from "../measure/metrics.js";
import type { CaseRecord } from "../measure/run-record.js";
import { crossovers } from "./crossover.js";
import { type Grid, gridsOf, largestSizeWith, metricOf, valueOf } from "./grid.js";
import { countText, quantityText, timesText } from "./quantity.js";

/** The times that can answer, best first: what the kernel would take, else what our own core takes. */
const TIME_METRICS = ["first.kernel_ns", "first.core_ns"] as const satisfies readonly MetricName[];
const RULES_METRIC = "first.rules_evaluated" satisfies MetricName;
/** Ratios below this are not worth a sentence: they are within what models and machines get wrong. */
const RATIO_WORTH_SAYING = 1.1;

/** Provenance as words in a sentence about time. */
export const TIME_WORDS: Readonly<Record<Provenance, string>> = {
  counted: "counted",
  "measured-core": "measured in the WASM core",
  modelled: "modelled kernel time",
  "measured-kernel": "measured in the kernel",
  imported: "published by others",
};

/**
 * One sentence that answers "what does a Service cost per new connection?", with numbers, e.g.
 * "At 10,000 Services a new connection evaluates 5,003 rules under iptables and 9 under ipvs: 29 us against
 * 1.1 us (modelled kernel time)." Says so when no case can answer.
 */
export function answerSentence(cases: readonly CaseRecord[]): string {
  const grid = gridsOf(cases)[0];
  if (grid === undefined) return "No answer: the run holds no case.";
  const size = largestSizeWith(grid, RULES_METRIC);
  if (size === null) return timeOnlySentence(grid);
  const rows = rankedRows(grid, size);
  const rules = listOf(rows.map((row, index) => `${rulesText(row.rules, index === 0)} under ${row.mode}`));
  return `${openingOf(grid, size)} a new connection evaluates ${rules}${timesClause(rows)}.`;
}

/** "iptables takes 26 times the time of nftables ..." for the best mode against each other one, at the largest size. */
export function ratioStatements(grid: Grid): readonly string[] {
  for (const name of TIME_METRICS) {
    const size = largestSizeWith(grid, name);
    if (size === null) continue;
    const rows = timesAt(grid, size, name).sort((a, b) => a.value - b.value);
    const best = rows[0];
    if (best === undefined || rows.length < 2) continue;
    const others = rows.slice(1).map((row) => ratioText(row, best));
    return [
      `${openingOf(grid, size)}, per new connection (${TIME_WORDS[best.provenance]}): ${listOf(others)}.`,
    ];
  }
  return [];
}

export interface CrossoverStatement {
  readonly a: string;
  readonly b: string;
  readonly metric: MetricName;
  readonly provenance: Provenance;
  readonly text: string;
}

/** One statement per pair of modes: where their curves cross within the measured sizes, or that they do not. */
export function crossoverStatements(grid: Grid, metric: MetricName): readonly CrossoverStatement[] {
  if (grid.sizes.length < 2) return [];
  const statements: CrossoverStatement[] = [];
  grid.modes.forEach((a, index) => {
    for (const b of grid.modes.slice(index + 1)) {
      const statement = pairStatement(grid, metric, a, b);
      if (statement) statements.push(statement);
    }
  });
  return statements;
}

/** Points of one mode's curve: the metric's value per packet at every size that has it. */
export function curveOf(
  grid: Grid,
  mode: string,
  metric: MetricName,
): readonly { size: number; value: number }[] {
  return grid.sizes.flatMap((size) => {
    const value = valueOf(grid.at(mode, size), metric);
    return value === null ? [] : [{ size, value }];
  });
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
    const rules = valueOf(one, RULES_METRIC);
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

function timeOnlySentence(grid: Grid): string {
  for (const name of TIME_METRICS) {
    const size = largestSizeWith(grid, name);
    if (size === null) continue;
    const rows = timesAt(grid, size, name).sort((a, b) => b.value - a.value);
    const times = listOf(rows.map((row) => `${quantityText(row.value, "ns", 2)} under ${row.mode}`));
    const words = rows[0] === undefined ? "" : TIME_WORDS[rows[0].provenance];
    return `${openingOf(grid, size)} a new connection's first packet takes ${times} (${words}).`;
  }
  return "No answer: no case finished with a cost per new connection.";
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

function ratioText(row: TimedMode, best: TimedMode): string {
  const ratio = row.value / best.value;
  if (!(ratio >= RATIO_WORTH_SAYING)) return `${row.mode} takes about as long as ${best.mode}`;
  return `${row.mode} takes ${timesText(ratio)} as long as ${best.mode}`;
}

function pairStatement(grid: Grid, metric: MetricName, a: string, b: string): CrossoverStatement | null {
  const curves = { a: curveOf(grid, a, metric), b: curveOf(grid, b, metric) };
  const shared = curves.a.filter((point) => curves.b.some((other) => other.size === point.size));
  const first = shared[0];
  const last = shared[shared.length - 1];
  const provenance = provenanceOf(grid, metric);
  if (first === undefined || last === undefined || first === last || provenance === null) return null;
  const names = { a, b };
  const crossings = crossovers(curves.a, curves.b);
  if (crossings.length > 0) {
    const parts = crossings.map(
      (one) =>
        `${names[one.below]} costs less below about ${sizeText(one.size)} ${grid.sizeNoun}, ${names[one.above]} above ` +
        `(${placeText(one.between)})`,
    );
    return { a, b, metric, provenance, text: parts.join("; then ") };
  }
  const other = curves.b.find((point) => point.size === last.size)?.value ?? last.value;
  const range = `from ${countText(first.size)} to ${countText(last.size)} ${grid.sizeNoun}`;
  const equal = shared.every((point) =>
    curves.b.some((q) => q.size === point.size && q.value === point.value),
  );
  if (equal) return { a, b, metric, provenance, text: `${a} and ${b} cost the same ${range}` };
  const [cheap, dear] = last.value <= other ? [a, b] : [b, a];
  return {
    a,
    b,
    metric,
    provenance,
    text: `${cheap} costs no more than ${dear} at any size ${range}: no crossover`,
  };
}

function placeText([low, high]: readonly [number, number]): string {
  return low === high
    ? "equal at a measured size"
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
  const place = grid.sizeNoun === "" ? "Here" : `At ${countText(size)} ${grid.sizeNoun}`;
  return grid.title === "" ? place : `${place} (${grid.title})`;
}

function rulesText(rules: number, withNoun: boolean): string {
  const text = countText(rules >= 100 ? Math.round(rules) : Number(rules.toPrecision(2)));
  return withNoun ? `${text} rules` : text;
}

function listOf(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}
