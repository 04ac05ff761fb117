// Rows of a comparison as a table: the change drawn, in words, and the two values.
import type { Comparison, ComparisonRow } from "../measure/comparison.js";
import { describeRow } from "../measure/comparison-text.js";
import { METRICS } from "../measure/metrics.js";
import { badge, numberMarkup } from "./badge.js";
import { forestAxis, forestRow } from "./charts/forest.js";
import { VERDICT_LOOKS } from "./comparison-words.js";
import { type Markup, markup } from "./markup.js";
import { tableMarkup } from "./table.js";

const DIGITS_SHOWN = 4;

/** @param reach of the drawn changes: forestReach of all rows that are to share a scale */
export function comparisonTable(
  comparison: Comparison,
  rows: readonly ComparisonRow[],
  { caption, reach }: { readonly caption: string; readonly reach: number },
): Markup {
  return tableMarkup({
    caption: `Rows that are ${caption}`,
    hideCaption: true,
    className: "comparison",
    head: ["Case and metric", markup`Change ${forestAxis(reach)}`, "In words", "Baseline", "Candidate"],
    rows: rows.map((row) => ({
      head: rowHead(comparison, row),
      cells: [
        { content: forestRow(row, reach) },
        { content: wordsOf(row), className: "words" },
        { content: numberMarkup(row.baselineMedian, row.unit, digitsOf(row), row.provenance) },
        { content: numberMarkup(row.candidateMedian, row.unit, digitsOf(row), row.provenance) },
      ],
    })),
  });
}

/** The sign in the verdict's colour, then the words, which begin with the verdict. */
function wordsOf(row: ComparisonRow): Markup {
  const { sign, token } = VERDICT_LOOKS[row.verdict];
  return markup`<b style="color:var(--${token})" aria-hidden="true">${sign}</b> ${describeRow(row)}`;
}

function digitsOf(row: ComparisonRow): number | "exact" {
  return row.assume === "exact" && row.provenance === "counted" ? "exact" : DIGITS_SHOWN;
}

function rowHead(comparison: Comparison, row: ComparisonRow): Markup {
  return markup`${METRICS[row.metric].title} ${badge(row.provenance)}<br><span class="place">${comparedPlace(comparison, row)}</span>`;
}

/** The case, and the candidate where there are several. */
export function comparedPlace(comparison: Comparison, row: ComparisonRow): string {
  return comparison.candidates.length > 1 ? `${row.candidate}: ${row.case}` : row.case;
}
