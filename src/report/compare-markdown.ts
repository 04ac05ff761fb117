// A comparison as Markdown for a pull-request comment: counts, then regressions, improvements and what is not settled;
// what did not change is folded away.
import type { ChangeVerdict, Comparison, ComparisonRow } from "../measure/comparison.js";
import { describeRow } from "../measure/comparison-text.js";
import { METRICS } from "../measure/metrics.js";
import { countsSentence, rowsWith, VERDICT_LOOKS, VERDICT_ORDER } from "./comparison-words.js";
import { markdownText, tableText } from "./markdown-tables.js";

/** Rows of one verdict that a comment shows; the rest is counted. Keeps the whole below 60,000 characters. */
const ROWS_MAX = 60;
const FOLDED: ReadonlySet<ChangeVerdict> = new Set<ChangeVerdict>(["no-meaningful-change", "identical"]);

/** Nothing of the compared runs is read as markup. */
export function compareMarkdown(comparison: Comparison): string {
  const { baseline, candidates, notes, missing, smallestDetectable } = comparison;
  const parts = [
    `## ${markdownText(candidates.join(", "))} against ${markdownText(baseline)}`,
    `**${countsSentence(comparison)}**`,
    notes.map((note) => `- ${markdownText(note)}`).join("\n"),
    ...VERDICT_ORDER.map((verdict) => groupText(comparison, verdict)),
    missing
      .slice(0, ROWS_MAX)
      .map(
        (row) =>
          `- not compared: ${markdownText(`${row.candidate} ${row.case} ${row.metric ?? ""}`)}: ${markdownText(row.reason)}`,
      )
      .join("\n"),
    smallestDetectable === null
      ? ""
      : `<sub>Smallest change in a timing that this comparison could detect: ${(smallestDetectable * 100).toFixed(1)}%.</sub>`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function groupText(comparison: Comparison, verdict: ChangeVerdict): string {
  const rows = rowsWith(comparison, verdict);
  if (rows.length === 0) return "";
  const { sign, word } = VERDICT_LOOKS[verdict];
  const shown = rows.slice(0, ROWS_MAX).map((row) => cellsOf(comparison, row));
  const table = tableText(
    ["", "case", "metric", "change"],
    shown.map((cells) => [sign, ...cells]),
  );
  const more =
    rows.length > ROWS_MAX ? `\n\n${rows.length - ROWS_MAX} more are in the page and in the JSON.` : "";
  if (!FOLDED.has(verdict)) return `### ${sign} ${word} (${rows.length})\n\n${table}${more}`;
  return `<details><summary>${sign} ${word} (${rows.length})</summary>\n\n${table}${more}\n\n</details>`;
}

function cellsOf(comparison: Comparison, row: ComparisonRow): readonly string[] {
  const who = comparison.candidates.length > 1 ? `${row.candidate}: ` : "";
  return [
    markdownText(`${who}${row.case}`),
    `${METRICS[row.metric].title} \`${row.provenance}\``,
    markdownText(describeRow(row)),
  ];
}
