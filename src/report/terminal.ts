// A run on a terminal: the answer, one table of modes by sizes per metric or of whatever else was measured, and what each
// column's numbers are.
import pc from "picocolors";
import { METRICS, type MetricName, PROVENANCES, type Provenance } from "../measure/metrics.js";
import type { CaseRecord, RunRecord } from "../measure/run-record.js";
import { answerSentence } from "./answer.js";
import { benchBlocks } from "./bench-text.js";
import { bestCases } from "./best.js";
import { benchRows, isControlPlaneCase } from "./controlplane-rows.js";
import { type Grid, gridsOf, metricOf } from "./grid.js";
import { clippedText, plainText } from "./plain-text.js";
import { briefText, countText } from "./quantity.js";
import { SCHEDULING_NOTES, schedulingTable } from "./scheduling-table.js";
import { GAP, sideBySide, type TerminalOptions } from "./side-by-side.js";

const SHOWN: readonly MetricName[] = [
  "first.rules_evaluated",
  "first.lookups",
  "first.kernel_ns",
  "first.core_ns",
  "established.core_ns",
  "mixed.rules_evaluated",
  "mixed.kernel_ns",
  "mixed.core_ns",
  "sync.full.rules",
  "sync.partial.rules",
  "affinity.broken_share",
  "conntrack.entries",
  "conntrack.dropped",
];

/** The answer sentence, a table for each grid of cases, footnotes, and what failed. Ends without a newline. */
export function formatTable(record: RunRecord, options: TerminalOptions): string {
  const colors = pc.createColors(options.color);
  const blocks = [colors.bold(wrap(plainText(answerOf(record)), options.width))];
  for (const grid of gridsOf(record.cases)) {
    if (grid.title !== "") blocks.push(plainText(grid.title));
    blocks.push(...gridTables(grid, options));
  }
  const scheduling = schedulingText(record.cases, options);
  if (scheduling !== "") blocks.push(scheduling);
  for (const bench of benchRows(record.cases)) blocks.push(...benchBlocks(bench, options));
  const notes = footnotes(record, options);
  if (notes !== "") blocks.push(notes);
  const problems = problemLines(record.cases, options);
  if (problems !== "") blocks.push(problems);
  return blocks.join("\n\n");
}

/** Cases are asked; a record of nothing but a verification says itself what it came to. */
function answerOf({ cases, verdict }: RunRecord): string {
  return cases.length === 0 && verdict.answer !== "" ? verdict.answer : answerSentence(cases);
}

/** One metric at every size: a title line, a line of sizes, a line per mode. All lines are equally wide. */
interface ColumnGroup {
  readonly title: string;
  readonly width: number;
  readonly sizes: string;
  /** By mode, padded to the width of the sizes; colour codes are not counted. */
  readonly cells: ReadonlyMap<string, string>;
}

function gridTables(grid: Grid, options: TerminalOptions): readonly string[] {
  const groups = SHOWN.filter((name) => grid.cases.some((one) => metricOf(one, name))).map((name) =>
    columnGroup(grid, name, options),
  );
  const labelWidth = Math.max(grid.sizeNoun.length, ...grid.modes.map((mode) => plainText(mode).length));
  return sideBySide(groups, options.width - labelWidth, ({ width }) => width).map((line) =>
    tableText(grid, line, labelWidth, options),
  );
}

function tableText(
  grid: Grid,
  groups: readonly ColumnGroup[],
  labelWidth: number,
  options: TerminalOptions,
): string {
  const colors = pc.createColors(options.color);
  const line = (label: string, texts: readonly string[]) => [label, ...texts].join(GAP).trimEnd();
  const blank = " ".repeat(labelWidth);
  return [
    line(
      blank,
      groups.map((group) => colors.bold(group.title.padEnd(group.width))),
    ),
    line(
      colors.dim(grid.sizeNoun.padEnd(labelWidth)),
      groups.map((group) => colors.dim(group.sizes)),
    ),
    ...grid.modes.map((mode) =>
      line(
        plainText(mode).padEnd(labelWidth),
        groups.map((group) => group.cells.get(mode) ?? ""),
      ),
    ),
  ].join("\n");
}

function columnGroup(grid: Grid, name: MetricName, options: TerminalOptions): ColumnGroup {
  const colors = pc.createColors(options.color);
  const columns = grid.sizes.map((size) => {
    const cases = grid.modes.map((mode) => grid.at(mode, size));
    const best = bestCases(
      cases.filter((one) => one !== undefined),
      name,
    );
    const head = grid.sizeNoun === "" ? "" : countText(size);
    const texts = cases.map((one) => cellText(one, name) + (one && best.has(one) ? "*" : " "));
    const width = Math.max(head.length + 1, ...texts.map((text) => text.length));
    return {
      head: `${head} `.padStart(width),
      texts: texts.map((text) => text.padStart(width)),
      cases,
      best,
    };
  });
  const row = (index: number) =>
    columns.map((column) => {
      const one = column.cases[index];
      const text = column.texts[index] ?? "";
      return one && column.best.has(one) ? colors.green(text) : text;
    });
  const sizes = columns.map((column) => column.head).join(" ");
  const metric = METRICS[name];
  const title = `${metric.title} [${metric.provenance}]`;
  const width = Math.max(title.length, sizes.length);
  const indent = " ".repeat(width - sizes.length);
  return {
    title,
    width,
    sizes: indent + sizes,
    cells: new Map(grid.modes.map((mode, index) => [mode, indent + row(index).join(" ")])),
  };
}

function cellText(one: CaseRecord | undefined, name: MetricName): string {
  const metric = metricOf(one, name);
  if (metric) return briefText(metric);
  return one === undefined || one.status === "ok" ? "-" : one.status;
}

/** Texts to the left, numbers to the right; the last columns are left out where they do not fit. */
function schedulingText(cases: readonly CaseRecord[], { width, color }: TerminalOptions): string {
  const table = schedulingTable(cases);
  if (table === null) return "";
  const lines = [table.head, ...table.rows].map((cells) => cells.map(plainText));
  const texts = lines.map(() => "");
  for (const [column, title] of table.head.entries()) {
    const cells = lines.map((line) => line[column] ?? "");
    const cellWidth = Math.max(...cells.map((cell) => cell.length));
    const gap = column === 0 ? "" : GAP;
    if (column > 0 && (texts[0] ?? "").length + gap.length + cellWidth > width) break;
    cells.forEach((cell, index) => {
      texts[index] += gap + (LEFT.has(title) ? cell.padEnd(cellWidth) : cell.padStart(cellWidth));
    });
  }
  const colors = pc.createColors(color);
  const [head = "", ...rows] = texts.map((text) => text.trimEnd());
  const notes = SCHEDULING_NOTES.filter((note) =>
    table.head.some((title) => note.startsWith(title) && head.includes(title)),
  );
  return [colors.bold(head), ...rows, ...notes.map((note) => colors.dim(wrap(note, width)))].join("\n");
}

const LEFT: ReadonlySet<string> = new Set(["workload", "variant"]);

function footnotes(record: RunRecord, options: TerminalOptions): string {
  const used = new Set<Provenance>();
  for (const one of record.cases) {
    for (const metric of one.metrics)
      if (isControlPlaneCase(one) || SHOWN.includes(metric.name) || metric.name.startsWith("sched."))
        used.add(metric.provenance);
  }
  const lines = [...used].map((provenance) => `[${provenance}] ${PROVENANCES[provenance]}`);
  if (gridsOf(record.cases).length > 0 && used.size > 0)
    lines.push("* best of its column, or not distinguishable from it");
  return pc.createColors(options.color).dim(lines.join("\n"));
}

function problemLines(cases: readonly CaseRecord[], options: TerminalOptions): string {
  const colors = pc.createColors(options.color);
  const lines = cases
    .filter((one) => one.status !== "ok")
    .map((one) => `${one.status} ${plainText(one.id)}: ${clippedText(one.reason ?? "no reason recorded")}`)
    .map((line) => wrap(line, options.width));
  return lines.map((line) => (line.startsWith("failed") ? colors.red(line) : colors.yellow(line))).join("\n");
}

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
