// Cases that schedule Pods as one table of texts, for a terminal and for Markdown.
import type { CaseRecord } from "../measure/run-record.js";
import { countText, percentText, quantityText } from "./quantity.js";
import { rateText, type SchedulingRow, schedulingRows } from "./scheduling-rows.js";

export interface SchedulingTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the columns are that do not say so themselves. */
export const SCHEDULING_NOTES = [
  "floor [imported]: Pods/s that the workload's authors ask for, on their machines, with an API server in the way",
  "1 s mean [measured-core]: SchedulingThroughput as upstream's benchmark averages it",
] as const;

interface Column {
  readonly title: string;
  readonly text: (row: SchedulingRow) => string | null;
}

const COLUMNS: readonly Column[] = [
  { title: "workload", text: ({ workload }) => workload },
  { title: "nodes", text: ({ nodes }) => (nodes === null ? null : countText(nodes)) },
  { title: "variant", text: ({ variant }) => (variant === "" ? null : variant) },
  {
    title: "Pods/s",
    text: (row) => (row.podsPerSecond === null ? row.one.status : rateText(row.podsPerSecond)),
  },
  {
    title: "floor",
    text: ({ floor }) => (floor === null ? null : `${floor.isCeiling ? "<= " : ""}${countText(floor.value)}`),
  },
  { title: "attempt p50", text: ({ attemptNsP50 }) => timeText(attemptNsP50) },
  { title: "p99", text: ({ attemptNsP99 }) => timeText(attemptNsP99) },
  { title: "due to bound p50", text: (row) => (row.isPaced ? timeText(row.totalNsP50) : null) },
  { title: "placed", text: ({ placedShare }) => (placedShare === null ? null : percentText(placedShare, 3)) },
  { title: "1 s mean", text: ({ throughput }) => (throughput === null ? null : rateText(throughput)) },
];

/** Null when no case schedules Pods; columns that would be empty are left out. */
export function schedulingTable(cases: readonly CaseRecord[]): SchedulingTable | null {
  const rows = schedulingRows(cases);
  if (rows.length === 0) return null;
  const columns = COLUMNS.filter(({ text }) => rows.some((row) => text(row) !== null));
  return {
    head: columns.map(({ title }) => title),
    rows: rows.map((row) => columns.map(({ text }) => text(row) ?? "-")),
  };
}

function timeText(ns: number | null): string | null {
  return ns === null ? null : quantityText(ns, "ns", 2);
}
