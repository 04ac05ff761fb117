// The tables of a run as GitHub Markdown: every cell one line, pipes and markup of the record made harmless.
import { METRICS, type MetricName, type Provenance } from "../measure/metrics.js";
import type { CaseRecord, RunRecord } from "../measure/run-record.js";
import { bestCases } from "./best.js";
import { type Grid, largestSizeWith, metricNamesIn, metricOf } from "./grid.js";
import { flowTotals, scoreTotals } from "./kernel-facts.js";
import { pathText } from "./kernel-paths.js";
import { plainText } from "./plain-text.js";
import { countText, intervalText, metricText } from "./quantity.js";
import { benchRows, isControlPlaneCase } from "./controlplane-rows.js";
import { isSchedulingCase } from "./scheduling-rows.js";
import { schedulingTable } from "./scheduling-table.js";

const ANSWER_COLUMNS: readonly MetricName[] = [
  "first.rules_evaluated",
  "first.lookups",
  "first.kernel_ns",
  "established.kernel_ns",
  "first.core_ns",
  "established.core_ns",
  "mixed.rules_evaluated",
  "mixed.kernel_ns",
  "mixed.core_ns",
];

/** Text that Markdown and HTML read as nothing but text. */
export function markdownText(text: string): string {
  return plainText(text)
    .replace(/[\\`*_[\]#|~@]/g, (character) => `\\${character}`)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}

/** Modes by metrics at the largest size, best values bold; "" when the grid holds none of them. */
export function answerMarkdown(grid: Grid): string {
  const names = ANSWER_COLUMNS.filter((name) => metricNamesIn(grid.cases).includes(name));
  const size = names.map((name) => largestSizeWith(grid, name)).find((found) => found !== null) ?? null;
  if (size === null) return "";
  const cases = grid.modes.flatMap((mode) => grid.at(mode, size) ?? []);
  const rows = grid.modes.map((mode) => [
    markdownText(mode),
    ...names.map((name) => cellText(grid.at(mode, size), name, cases)),
  ]);
  const where = grid.sizeNoun === "" ? "mode" : `at ${countText(size)} ${markdownText(grid.sizeNoun)}`;
  return tableText([where, ...names.map(columnTitle)], rows);
}

/** Workloads by the numbers asked for first; "" when no case schedules Pods. */
export function schedulingMarkdown(record: RunRecord): string {
  const table = schedulingTable(record.cases);
  if (table === null) return "";
  return tableText(
    table.head.map(markdownText),
    table.rows.map((cells) => cells.map(markdownText)),
  );
}

/** What a kernel agreed to, by path; "" when it was not asked. */
export function kernelMarkdown({ kernelVerification }: RunRecord): string {
  if (kernelVerification === undefined) return "";
  const { behaviour, timing } = kernelVerification;
  const names = new Set(
    [...behaviour, ...(timing?.scores ?? [])].map(({ path, kernel }) => pathText(path, kernel)),
  );
  const rows = [...names].map((name) => {
    const flows = flowTotals(behaviour.filter(({ path, kernel }) => pathText(path, kernel) === name));
    const { points, close } = scoreTotals(
      (timing?.scores ?? []).filter(({ path, kernel }) => pathText(path, kernel) === name),
    );
    const agreed = flows.flows === 0 ? "–" : `${countText(flows.agreed)} of ${countText(flows.flows)}`;
    return [markdownText(name), agreed, points === 0 ? "–" : `${close} of ${points}`];
  });
  if (rows.length === 0) return "";
  return tableText(
    [
      "path",
      `flows that agree ${provenanceTag("counted")}`,
      `${provenanceTag("modelled")} within 15% of ${provenanceTag("measured-kernel")}`,
    ],
    rows,
  );
}

/** Every case and metric; cases that schedule Pods have metrics, and so a table, of their own. */
export function scoreboardMarkdown({ cases }: RunRecord): string {
  const parts = [
    cases.filter((one) => !isSchedulingCase(one) && !isControlPlaneCase(one)),
    cases.filter(isSchedulingCase),
    ...benchRows(cases).map((bench) => bench.cases),
  ];
  return parts
    .filter((part) => part.length > 0)
    .map(scoreboardTable)
    .join("\n\n");
}

function scoreboardTable(cases: readonly CaseRecord[]): string {
  const names = metricNamesIn(cases);
  const rows = cases.map((one) => [markdownText(one.id), ...names.map((name) => cellText(one, name, []))]);
  return tableText(["case", ...names.map(columnTitle)], rows);
}

export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(head.map((_, index) => (index === 0 ? ":--" : "--:")));
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function columnTitle(name: MetricName): string {
  return `${METRICS[name].title} ${provenanceTag(METRICS[name].provenance)}`;
}

function provenanceTag(provenance: Provenance): string {
  return `\`${provenance}\``;
}

function cellText(one: CaseRecord | undefined, name: MetricName, peers: readonly CaseRecord[]): string {
  const metric = metricOf(one, name);
  if (metric === undefined || one === undefined)
    return one === undefined || one.status === "ok" ? "–" : one.status;
  const interval = intervalText(metric);
  const value = bestCases(peers, name).has(one) ? `**${metricText(metric)}**` : metricText(metric);
  return interval === null ? value : `${value} (${interval})`;
}
