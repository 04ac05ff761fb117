// Every case that schedules Pods with every metric: what the parts above are drawn from, failed cases too.
import { metricHead, metricMarkup } from "../../badge.js";
import { metricNamesIn, metricOf } from "../../grid.js";
import { type Markup, markup } from "../../markup.js";
import type { ReportView } from "../../report-view.js";
import { schedulingRows } from "../../scheduling-rows.js";
import { type TableCell, tableMarkup } from "../../table.js";
import { caseHead } from "./scheduled-cases.js";

export function measurementTable({ record, anchors }: ReportView): Markup {
  const rows = schedulingRows(record.cases);
  const names = metricNamesIn(rows.map(({ one }) => one));
  return tableMarkup({
    ...{ caption: "Every case that schedules Pods, and every metric", hideCaption: true },
    className: "scoreboard sortable",
    head: ["Case", ...names.map(metricHead)],
    rows: rows.map((row) => {
      const { one } = row;
      const id = anchors.get(one) ?? "";
      const status =
        one.status === "ok"
          ? null
          : markup`<span class="reason">${one.status}: ${one.reason ?? "no reason recorded"}</span>`;
      return {
        id,
        head: markup`<a class="anchor" href="#${id}">${caseHead(row)}</a>${status}`,
        cells: names.map((name): TableCell => {
          const metric = metricOf(one, name);
          if (metric === undefined) return { content: "–", className: "missing", sortValue: null };
          return { content: metricMarkup(metric), sortValue: metric.summary.median };
        }),
      };
    }),
  });
}
