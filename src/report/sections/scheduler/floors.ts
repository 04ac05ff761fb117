// What was asked for first: Pods a second of every workload, beside the floor that upstream's CI holds it to.
// The two are not measured alike, which the reader must not miss: the note stands above the table.
import { badge, metricHead, metricMarkup, numberMarkup } from "../../badge.js";
import { metricOf } from "../../grid.js";
import { type Fillable, type Markup, markup } from "../../markup.js";
import { percentText, timesText } from "../../quantity.js";
import type { ReportView } from "../../report-view.js";
import { setUpOf } from "../../scheduled-through.js";
import { type SchedulingRow, schedulingRows } from "../../scheduling-rows.js";
import { type TableCell, tableMarkup } from "../../table.js";
import { clippedText } from "../../plain-text.js";
import { isRate, rateFloor } from "./rate-floor.js";
import { caseHead } from "./scheduled-cases.js";

interface Column {
  readonly head: Fillable;
  readonly cell: (row: SchedulingRow) => TableCell | null;
}

/** Null when no case schedules Pods. */
export function floorTable(view: ReportView): Markup | null {
  const all = schedulingRows(view.record.cases);
  if (all.length === 0) return null;
  // Rows that can be held against something come first.
  const rows = [...all.filter(({ floor }) => floor !== null), ...all.filter(({ floor }) => floor === null)];
  const fastest = Math.max(0, ...rows.map(({ podsPerSecond }) => podsPerSecond ?? 0));
  const isAllPlaced = rows.every(({ placedShare }) => placedShare === null || placedShare === 1);
  const columns = columnsOf(fastest, isAllPlaced).filter(({ cell }) =>
    rows.some((row) => cell(row) !== null),
  );
  const table = tableMarkup({
    ...{
      caption: "Pods per second by workload, and upstream's floors",
      hideCaption: true,
      className: "answer rates sortable",
    },
    head: ["Workload", ...columns.map(({ head }) => head)],
    rows: rows.map((row) => ({
      head: headOf(view, row),
      cells: columns.map(({ cell }) => cell(row) ?? { content: "–", className: "missing", sortValue: null }),
    })),
  });
  const hasFloor = rows.some(({ floor }) => floor !== null);
  return markup`${hasFloor ? floorNote(view) : ownNote(view)}${table}`;
}

function floorNote({ record }: ReportView): Markup {
  return markup`<p class="callout"><strong>Not the same set-up.</strong> Floors ${badge("imported")} are minimums of upstream's CI, on other hardware, with an API server and etcd; ours ${badge("measured-core")} ${setUpOf(record.cases).against}. The ratio tells the order of magnitude and no more.</p>`;
}

function ownNote({ record }: ReportView): Markup {
  const { lead, missing } = setUpOf(record.cases);
  return markup`<p class="callout"><strong>${lead}</strong> ${missing}: not the set-up of a cluster.</p>`;
}

function headOf({ anchors }: ReportView, row: SchedulingRow): Markup {
  const { one } = row;
  const anchor = anchors.get(one) ?? "";
  const isDrawn = one.status === "ok" && Boolean(one.scheduling);
  const reason = one.reason === null ? null : markup`<span class="reason">${clippedText(one.reason)}</span>`;
  return markup`<a href="#${isDrawn ? `${anchor}-detail` : anchor}">${caseHead(row)}</a>${reason}`;
}

function columnsOf(fastest: number, isAllPlaced: boolean): readonly Column[] {
  return [
    { head: metricHead("sched.pods_per_second"), cell: (row) => rateCell(row, fastest) },
    { head: markup`<span class="metric-title">Floor</span> ${badge("imported")}`, cell: floorCell },
    {
      head: markup`<span class="metric-title">÷ floor</span> ${badge("measured-core")}`,
      cell: ratioCell,
    },
    { head: attemptHead("p50"), cell: ({ attemptNsP50 }) => timeCell(attemptNsP50) },
    { head: attemptHead("p99"), cell: ({ attemptNsP99 }) => timeCell(attemptNsP99) },
    { head: metricHead("sched.throughput"), cell: throughputCell },
    // Worth a column only where some Pod found no place.
    ...(isAllPlaced ? [] : [{ head: metricHead("sched.placed_share"), cell: placedCell }]),
  ];
}

function rateCell({ one, podsPerSecond }: SchedulingRow, fastest: number): TableCell {
  const metric = metricOf(one, "sched.pods_per_second");
  if (metric === undefined || podsPerSecond === null)
    return { content: one.status === "ok" ? "–" : one.status, className: "missing", sortValue: null };
  const bar = fastest > 0 ? { share: podsPerSecond / fastest, barToken: "accent" as const } : {};
  return { content: metricMarkup(metric), sortValue: podsPerSecond, ...bar };
}

function floorCell({ floor }: SchedulingRow): TableCell | null {
  if (floor === null) return null;
  const sign = floor.isCeiling ? "at most " : "";
  const value = numberMarkup(floor.value, isRate(floor) ? "1/s" : "1", "exact", "imported");
  const metric = isRate(floor) ? null : markup` <span class="interval">${floor.metric}</span>`;
  return {
    content: markup`<span title="${floor.source}">${sign}${value}</span>${metric}`,
    sortValue: floor.value,
  };
}

/** Pods by time against the floor: every run has them, and upstream's mean of samples needs a window of seconds. */
function ratioCell({ floor, podsPerSecond }: SchedulingRow): TableCell | null {
  const least = rateFloor(floor);
  if (least === null || podsPerSecond === null) return null;
  const ratio = podsPerSecond / least.value;
  const content = markup`<data class="value" data-provenance="measured-core" value="${ratio}">${timesText(ratio)}</data>`;
  return { content, sortValue: ratio };
}

function attemptHead(percentile: string): Markup {
  return markup`<span class="metric-title">Attempt, ${percentile}</span> ${badge("measured-core")}`;
}

function timeCell(ns: number | null): TableCell | null {
  return ns === null ? null : { content: numberMarkup(ns, "ns", 2, "measured-core"), sortValue: ns };
}

function throughputCell({ one, throughput }: SchedulingRow): TableCell | null {
  const metric = metricOf(one, "sched.throughput");
  return metric === undefined ? null : { content: metricMarkup(metric), sortValue: throughput };
}

function placedCell({ placedShare }: SchedulingRow): TableCell | null {
  if (placedShare === null) return null;
  const content = markup`<data class="value" data-provenance="counted" value="${placedShare}">${percentText(placedShare, 3)}</data>`;
  return { content, sortValue: placedShare };
}
