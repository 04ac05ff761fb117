// The question in words: what a new connection costs under each mode at the largest size, and where curves cross.
// Pure functions of the cases. Every time carries its provenance, because a modelled time is not a measured one.
import type { MetricName, Provenance } from "../measure/metrics.js";
import { MODELLED_ERROR_SHARE } from "../measure/modelled-error.js";
import type { CaseRecord, MetricRecord } from "../measure/run-record.js";
import { listOf, stateSentence, syncSentence } from "./answer-state.js";
import { cannotTellApart } from "./best.js";
import { controlPlaneSentence } from "./controlplane-answer.js";
import type { Crossover } from "./crossover.js";
import { type Grid, gridsOf, largestSizeWith, metricOf, metricValue } from "./grid.js";
import { modeCrossovers } from "./mode-crossovers.js";
import { type PacketKind, packetKindOf } from "./packet-kinds.js";
import { countText, percentText, quantityText, timesText } from "./quantity.js";
import { schedulingSentence } from "./scheduling-answer.js";

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
 * One sentence that answers "what does a Service cost per ${subject}?", with numbers, e.g.
 * "At 10,000 Services a new connection evaluates 5,003 rules under iptables and 9 under ipvs: 29 us against
 * 1.1 us (modelled kernel time)." Runs about affinity, conntrack or syncs alone are answered about those; where Pods
 * were scheduled, a sentence about that follows.
 * Says so when no case can answer.
 */
export function answerSentence(cases: readonly CaseRecord[]): string {
  if (cases.length === 0) return "No answer: the run holds no case.";
  const sentences = [packetsSentence(gridsOf(cases)), schedulingSentence(cases), controlPlaneSentence(cases)];
  return sentences.filter((sentence) => sentence !== null).join(" ") || NO_ANSWER;
}

function packetsSentence(grids: readonly Grid[]): string | null {
  const [grid] = grids;
  if (grid === undefined) return null;
  return stateSentence(grids) ?? packetSentence(grid) ?? syncSentence(grids);
}

const NO_ANSWER = "No answer: no case finished with a metric that gives one.";

function packetSentence(grid: Grid): string | null {
  const kind = packetKindOf(grid);
  if (kind === null) return null;
  const size = largestSizeWith(grid, kind.rules);
  if (size === null) return timeOnlySentence(grid, kind);
  const rows = rankedRows(grid, size, kind);
  const rules = listOf(rows.map((row, index) => `${rulesText(row.rules, index === 0)} under ${row.mode}`));
  return `${openingOf(grid, size)} a ${kind.subject} evaluates ${rules}${timesClause(rows)}.`;
}

/** Every mode against the fastest one at the largest size, slowest first; empty with fewer than two modes. */
export function ratioStatements(grid: Grid): readonly string[] {
  const kind = packetKindOf(grid);
  for (const name of kind?.times ?? []) {
    const size = largestSizeWith(grid, name);
    if (kind === null || size === null) continue;
    const [best, ...others] = timesAt(grid, size, name).sort((a, b) => a.value - b.value);
    if (best === undefined || others.length === 0) continue;
    return [`${openingOf(grid, size)} ${ratioSentence(best, others, kind)}.`];
  }
  return [];
}

/** Modes that cannot be told from the fastest are named with it, and no ratio is claimed for them. */
function ratioSentence(best: TimedMode, others: readonly TimedMode[], { subject }: PacketKind): string {
  const slower = others.filter((row) => !cannotTellApart(row.metric, best.metric));
  const alike = others.filter((row) => !slower.includes(row)).map((row) => row.mode);
  const limit =
    best.provenance === "modelled"
      ? `${percentText(MODELLED_ERROR_SHARE)}, the model's error`
      : "their 95% intervals";
  if (slower.length === 0)
    return `${listOf([best.mode, ...alike])} cannot be told apart per ${subject}: they differ by less than ${limit}`;
  const ratios = listOf(slower.toReversed().map((row, index) => ratioText(row, best, index === 0)));
  const words = TIME_WORDS[best.provenance];
  if (alike.length === 0) return `${best.mode} is the fastest per ${subject} (${words}): ${ratios}`;
  const fastest = `${listOf([best.mode, ...alike])} are the fastest per ${subject}`;
  return `${fastest} (${words}; between them less than ${limit}): compared with ${best.mode}, ${ratios}`;
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
function rankedRows(grid: Grid, size: number, kind: PacketKind): readonly AnswerRow[] {
  const timeMetric = kind.times.find((name) => largestSizeWith(grid, name) === size);
  const rows = grid.modes.flatMap((mode): AnswerRow[] => {
    const one = grid.at(mode, size);
    const rules = metricValue(one, kind.rules);
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

function timeOnlySentence(grid: Grid, kind: PacketKind): string | null {
  for (const name of kind.times) {
    const size = largestSizeWith(grid, name);
    if (size === null) continue;
    const rows = timesAt(grid, size, name).sort((a, b) => b.value - a.value);
    const times = listOf(rows.map((row) => `${quantityText(row.value, "ns", 2)} under ${row.mode}`));
    const words = rows[0] === undefined ? "" : TIME_WORDS[rows[0].provenance];
    return `${openingOf(grid, size)} a ${kind.packet} takes ${times} (${words}).`;
  }
  return null;
}

interface TimedMode {
  readonly mode: string;
  readonly value: number;
  readonly provenance: Provenance;
  readonly metric: MetricRecord;
}

function timesAt(grid: Grid, size: number, name: MetricName): TimedMode[] {
  return grid.modes.flatMap((mode) => {
    const metric = metricOf(grid.at(mode, size), name);
    return metric ? [{ mode, value: metric.summary.median, provenance: metric.provenance, metric }] : [];
  });
}

function ratioText(row: TimedMode, best: TimedMode, spelledOut: boolean): string {
  const ratio = row.value / best.value;
  if (!(ratio >= RATIO_WORTH_SAYING)) return `${row.mode} about as long`;
  return spelledOut ? `${row.mode} takes ${timesText(ratio)} as long` : `${row.mode} ${timesText(ratio)}`;
}

function pairStatement(grid: Grid, metric: MetricName, a: string, b: string): PairStatement | null {
  const places = sharedPlaces(grid, metric, a, b);
  const provenance = places[0]?.a.provenance;
  if (provenance === undefined || places.length < 2) return null;
  const crossings = modeCrossovers(grid, metric, a, b);
  if (crossings.length > 0) {
    const parts = crossings.map((one) => crossingText(one, { a, b }, grid.sizeNoun));
    return { provenance, crosses: true, text: parts.join("; then ") };
  }
  return { provenance, crosses: false, text: steadyText(places, a, b) };
}

interface SharedPlace {
  readonly size: number;
  readonly a: MetricRecord;
  readonly b: MetricRecord;
}

/** Sizes at which both modes have the metric. */
function sharedPlaces(grid: Grid, name: MetricName, a: string, b: string): readonly SharedPlace[] {
  return grid.sizes.flatMap((size) => {
    const [left, right] = [metricOf(grid.at(a, size), name), metricOf(grid.at(b, size), name)];
    return left && right ? [{ size, a: left, b: right }] : [];
  });
}

function crossingText(
  { size, between: [low, high], alike, below, above }: Crossover,
  names: { readonly a: string; readonly b: string },
  noun: string,
): string {
  const [lower, upper] = [names[below], names[above]];
  if (!alike) {
    const place = `between the measured ${countText(low)} and ${countText(high)}`;
    return `${lower} costs less below about ${sizeText(size)} ${noun}, ${upper} above (${place})`;
  }
  const place = low === high ? `at ${countText(low)}` : `from ${countText(low)} to ${countText(high)}`;
  const end = low === high ? "" : ` ${countText(high)}`;
  return `${lower} costs less below ${countText(low)} ${noun}, ${upper} above${end} (they cannot be told apart ${place})`;
}

/** Which of two modes that never change places costs less, and where that cannot be said. */
function steadyText(places: readonly SharedPlace[], a: string, b: string): string {
  const apart = places.filter((place) => !cannotTellApart(place.a, place.b));
  const last = apart[apart.length - 1];
  if (last === undefined) {
    const equal = places.every((place) => place.a.summary.median === place.b.summary.median);
    return equal ? `${a} as much as ${b}` : `${a} as much as ${b}, as far as can be told`;
  }
  const [cheap, dear] = last.a.summary.median < last.b.summary.median ? [a, b] : [b, a];
  const alike = places.filter((place) => !apart.includes(place)).map((place) => countText(place.size));
  const limit = alike.length === 0 ? "" : ` (not told apart at ${listOf(alike)})`;
  return `${cheap} less than ${dear}${limit}`;
}

/** Interpolated sizes are good to two digits. */
function sizeText(size: number): string {
  return countText(Number(size.toPrecision(2)));
}

function openingOf(grid: Grid, size: number): string {
  const place = grid.sizeNoun === "" ? "In this run" : `At ${countText(size)} ${grid.sizeNoun}`;
  return grid.title === "" ? place : `${place} (${grid.title})`;
}

function rulesText(rules: number, withNoun: boolean): string {
  const text = countText(rules >= 100 ? Math.round(rules) : Number(rules.toPrecision(2)));
  return withNoun ? `${text} rules` : text;
}
