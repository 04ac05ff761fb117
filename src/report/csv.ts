// A run as CSV files (RFC 4180): every sample, a summary of every metric, and what was verified against a kernel. Base
// units; missing values are empty.
import { pairsByName } from "./grid.js";
import { KERNEL_COLUMNS, kernelValues } from "./kernel-values.js";
import type { CaseRecord, MetricRecord, RunRecord } from "../measure/run-record.js";

type Cell = string | number | null | undefined;

/** One row per sample: case, status, one column per label, metric, unit, provenance, block, value. */
export function samplesCsv(record: RunRecord): string {
  const labels = labelNames(record);
  const head = ["case", "status", ...labels, "metric", "unit", "provenance", "block", "value"];
  const rows = eachMetric(record).flatMap(({ one, metric }) =>
    metric.samples.map((sample) => [
      ...caseCells(one, labels),
      metric.name,
      metric.unit,
      metric.provenance,
      sample.block,
      sample.value,
    ]),
  );
  return csvText([head, ...rows]);
}

/** One row per metric of a case: n, median, interval, range and percentiles. */
export function summaryCsv(record: RunRecord): string {
  const labels = labelNames(record);
  const percentiles = ["p1", "p10", "p50", "p90", "p99", "p99.9"] as const;
  const head = [
    ...["case", "status", ...labels, "metric", "unit", "provenance", "n"],
    ...["median", "ci95_low", "ci95_high", "min", "max", ...percentiles],
  ];
  const rows = eachMetric(record).map(({ one, metric }) => {
    const { n, median, ci95, min, max } = metric.summary;
    return [
      ...[...caseCells(one, labels), metric.name, metric.unit, metric.provenance, n],
      ...[median, ci95?.[0], ci95?.[1], min, max],
      ...percentiles.map((name) => metric.distribution?.percentiles[name]),
    ];
  });
  return csvText([head, ...rows]);
}

/** One row per value of a verification against a kernel; null when the run has none. */
export function kernelCsv({ kernelVerification }: RunRecord): string | null {
  if (kernelVerification === undefined) return null;
  const head = [...KERNEL_COLUMNS, "name", "unit", "provenance", "value"];
  const rows = kernelValues(kernelVerification).map(({ what, name, unit, provenance, value }) => [
    ...KERNEL_COLUMNS.map((column) => what[column]),
    ...[name, unit, provenance, value],
  ]);
  return csvText([head, ...rows]);
}

function labelNames(record: RunRecord): readonly string[] {
  return [...new Set(record.cases.flatMap((one) => pairsByName(one.labels).map(([name]) => name)))];
}

function eachMetric(record: RunRecord): readonly { one: CaseRecord; metric: MetricRecord }[] {
  return record.cases.flatMap((one) => one.metrics.map((metric) => ({ one, metric })));
}

function caseCells(one: CaseRecord, labels: readonly string[]): readonly Cell[] {
  return [one.id, one.status, ...labels.map((label) => one.labels[label])];
}

function csvText(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}

/** Quoted where needed; text that a spreadsheet would run as a formula is kept text by a leading apostrophe. */
function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
