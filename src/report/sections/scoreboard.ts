// Every case and every metric in one table: the numbers that all other parts of the page are drawn from.
// With JavaScript it sorts, filters and is copied as Markdown; without, it is a plain table.
import type { MetricName } from "../../measure/metrics.js";
import type { CaseRecord } from "../../measure/run-record.js";
import { isControlPlaneCase } from "../controlplane-rows.js";
import { isSchedulingCase } from "../scheduling-rows.js";
import { metricHead, metricMarkup } from "../badge.js";
import { bestCases } from "../best.js";
import { metricNamesIn, metricOf } from "../grid.js";
import { markup } from "../markup.js";
import { scoreboardMarkdown } from "../markdown-tables.js";
import type { ReportView, Section } from "../report-view.js";
import { type TableCell, type TableRow, tableMarkup } from "../table.js";
import { caseMarkup } from "./state.js";

export function scoreboardSection(view: ReportView): Section | null {
  const cases = view.record.cases.filter(
    (one) => !isWorkersOnly(one) && !isSchedulingCase(one) && !isControlPlaneCase(one),
  );
  if (cases.length === 0) return null;
  const names = metricNamesIn(cases);
  const best = bestPerPeers(cases, names);
  const table = tableMarkup({
    caption: "Every case and metric",
    hideCaption: true,
    className: "scoreboard",
    id: "scoreboard-table",
    head: ["Case", ...names.map(metricHead)],
    rows: cases.map((one): TableRow => {
      const id = view.anchors.get(one) ?? "";
      const head = markup`<a class="anchor" href="#${id}">${caseMarkup(view, one)}</a>${statusMarkup(one)}`;
      return { id, head, cells: names.map((name) => cellOf(one, name, best.get(name)?.has(one) === true)) };
    }),
  });
  const body = markup`<h2>Scoreboard</h2>
<div class="tools js-only"><label>Filter cases <input type="search" id="scoreboard-filter" autocomplete="off" placeholder="ipvs 10,000"></label>
<button type="button" data-copy="scoreboard-markdown">Copy as Markdown</button> <span class="muted">Click a column's head to sort.</span></div>
<textarea id="scoreboard-markdown" hidden readonly aria-hidden="true">${scoreboardMarkdown(view.record)}</textarea>
${table}
<p class="note">★ best among the modes of the same size. Small print under a timing: 95% interval of its median over fresh processes. Cases of worker scaling are under Workers.</p>`;
  return { id: "scoreboard", label: "Scoreboard", body };
}

/** Shown whole in the section on workers, with no column in common with the others. */
function isWorkersOnly(one: CaseRecord): boolean {
  return (
    one.status === "ok" &&
    one.metrics.length > 0 &&
    one.metrics.every((metric) => metric.name.startsWith("workers."))
  );
}

/** Best marks among cases that differ in their mode only. */
function bestPerPeers(
  cases: readonly CaseRecord[],
  names: readonly MetricName[],
): ReadonlyMap<MetricName, ReadonlySet<CaseRecord>> {
  const peers = new Map<string, CaseRecord[]>();
  for (const one of cases) {
    const { mode: _, ...rest } = one.labels;
    const key = JSON.stringify(rest);
    peers.set(key, [...(peers.get(key) ?? []), one]);
  }
  return new Map(
    names.map((name) => [name, new Set([...peers.values()].flatMap((group) => [...bestCases(group, name)]))]),
  );
}

function cellOf(one: CaseRecord, name: MetricName, isBest: boolean): TableCell {
  const metric = metricOf(one, name);
  if (metric === undefined) return { content: "–", className: "missing", sortValue: null };
  return {
    content: metricMarkup(metric, { best: isBest }),
    className: isBest ? "best" : "",
    sortValue: metric.summary.median,
  };
}

function statusMarkup(one: CaseRecord) {
  if (one.status === "ok") return null;
  return markup` <span class="status status-${one.status === "failed" ? "fail" : "inconclusive"}">${one.status}</span> <span class="reason">${one.reason}</span>`;
}
