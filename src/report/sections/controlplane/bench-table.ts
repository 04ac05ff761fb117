// One benchmark's cases by its metrics.
import { metricHead, metricMarkup } from "../../badge.js";
import { type BenchRows, sizeText } from "../../controlplane-rows.js";
import { metricNamesIn, metricOf } from "../../grid.js";
import { type Markup, markup } from "../../markup.js";
import type { ReportView } from "../../report-view.js";
import { tableMarkup } from "../../table.js";

export function benchTable({ anchors }: ReportView, { bench, cases }: BenchRows): Markup {
  const names = metricNamesIn(cases);
  return tableMarkup({
    caption: bench,
    head: ["Case", ...names.map(metricHead)],
    rows: cases.map((one) => {
      const id = anchors.get(one);
      const reason =
        one.status === "ok" ? null : markup` <span class="reason">${one.status}: ${one.reason}</span>`;
      return {
        ...(id === undefined ? {} : { id }),
        head: markup`${sizeText(one)}${reason}`,
        cells: names.map((name) => {
          const metric = metricOf(one, name);
          if (metric === undefined) return { content: "–", className: "missing", sortValue: null };
          return { content: metricMarkup(metric), sortValue: metric.summary.median };
        }),
      };
    }),
  });
}
