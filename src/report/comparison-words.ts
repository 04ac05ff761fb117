// How a comparison's five verdicts look: sign, word, order of interest. Grey is never green: what is not settled, or does
// not matter, is not painted as good news.
import type { ChangeVerdict, Comparison, ComparisonRow } from "../measure/comparison.js";
import type { ColorToken } from "./palette.js";

export interface VerdictLook {
  readonly sign: string;
  readonly word: string;
  readonly token: ColorToken;
}

/** In the order that a reader wants them. */
export const VERDICT_LOOKS: Readonly<Record<ChangeVerdict, VerdictLook>> = {
  regressed: { sign: "✗", word: "regressed", token: "bad" },
  improved: { sign: "✓", word: "improved", token: "good" },
  inconclusive: { sign: "?", word: "inconclusive", token: "neutral" },
  "no-meaningful-change": { sign: "~", word: "no meaningful change", token: "neutral" },
  identical: { sign: "=", word: "identical", token: "neutral" },
};
export const VERDICT_ORDER = Object.keys(VERDICT_LOOKS) as readonly ChangeVerdict[];

/** "2 regressed, 1 improved, 40 identical"; verdicts that no row has are left out. */
export function countsSentence({ counts, missing }: Comparison): string {
  const parts = VERDICT_ORDER.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `${counts[verdict]} ${VERDICT_LOOKS[verdict].word}`,
  );
  if (missing.length > 0) parts.push(`${missing.length} not compared`);
  return parts.length === 0 ? "nothing to compare" : parts.join(", ");
}

/** "confirmed" or "likely" before the word, where it is a matter of evidence. */
export function verdictText(row: ComparisonRow): string {
  const { word } = VERDICT_LOOKS[row.verdict];
  const likely = row.confidence === "likely" ? "likely " : "";
  return `${likely}${word}${row.advisory ? " (advisory)" : ""}`;
}

/** Rows with `verdict`, the largest change first. */
export function rowsWith(comparison: Comparison, verdict: ChangeVerdict): readonly ComparisonRow[] {
  const size = (row: ComparisonRow) =>
    row.change === null ? Number.POSITIVE_INFINITY : Math.abs(Math.log1p(Math.max(-0.999, row.change)));
  return comparison.rows.filter((row) => row.verdict === verdict).sort((a, b) => size(b) - size(a));
}
