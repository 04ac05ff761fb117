// A comparison as lines of text. The sign before a row says its verdict without colour:
//   =  identical   +  improved   x  regressed   ~  no meaningful change   ?  inconclusive
import type { Comparison, ComparisonRow, ChangeVerdict } from "./comparison.js";
import { PROVENANCES, type Provenance } from "./metrics.js";

const SIGNS: Readonly<Record<ChangeVerdict, string>> = {
  identical: "=",
  improved: "+",
  regressed: "x",
  "no-meaningful-change": "~",
  inconclusive: "?",
};
const NAMES: Readonly<Record<ChangeVerdict, string>> = {
  identical: "identical",
  improved: "improved",
  regressed: "regressed",
  "no-meaningful-change": "no meaningful change",
  inconclusive: "inconclusive",
};

/**
 * Rows grouped by candidate and case, each with its provenance; the summary, what could have been found and what the
 * provenances mean come last. Ends without a line feed.
 */
export function formatComparison(comparison: Comparison): string {
  const { baseline, candidates, notes, rows, missing, counts, smallestDetectable } = comparison;
  const lines = [`${candidates.join(", ")} against ${baseline}`, ...notes.map((note) => `note: ${note}`)];
  const width = Math.max(0, ...rows.map((row) => nameOf(row).length));
  let heading = "";
  for (const row of rows) {
    const own = candidates.length > 1 ? `${row.candidate}: ${row.case}` : row.case;
    if (own !== heading) lines.push("", own === "" ? "(all)" : own);
    heading = own;
    lines.push(`  ${SIGNS[row.verdict]}  ${nameOf(row).padEnd(width)}  ${describeRow(row)}`);
  }
  if (missing.length > 0) lines.push("", "not compared:");
  for (const { candidate, case: place, metric, reason } of missing) {
    lines.push(`  ?  ${candidate}: ${place}${metric === null ? "" : ` ${metric}`}: ${reason.split("\n")[0]}`);
  }
  const summary = Object.entries(counts).filter(([, count]) => count > 0);
  lines.push(
    "",
    summary.map(([verdict, count]) => `${count} ${NAMES[verdict as ChangeVerdict]}`).join(", ") ||
      "nothing to compare",
  );
  if (smallestDetectable !== null)
    lines.push(`smallest change this run could detect: ${(smallestDetectable * 100).toFixed(1)}%`);
  lines.push(...legend(rows));
  return lines.join("\n");
}

/** "first.kernel_ns [modelled]". */
function nameOf({ metric, provenance }: ComparisonRow): string {
  return `${metric} [${provenance}]`;
}

function legend(rows: readonly ComparisonRow[]): string[] {
  const used = new Set(rows.map(({ provenance }) => provenance));
  const known = (Object.keys(PROVENANCES) as Provenance[]).filter((provenance) => used.has(provenance));
  return known.map((provenance) => `[${provenance}] ${PROVENANCES[provenance]}`);
}

/** One row's verdict in words, with the numbers that support it. */
export function describeRow(row: ComparisonRow): string {
  const advisory = row.advisory ? " (advisory)" : "";
  return row.assume === "exact" ? describeExact(row) : `${describeTiming(row)}${advisory}`;
}

function describeExact({
  verdict,
  baselineMedian,
  candidateMedian,
  unit,
  change,
  reason,
  provenance,
}: ComparisonRow): string {
  const suffix = unit === "1" ? "" : ` ${unit}`;
  // A modelled time follows exactly from its counts; the time itself is a prediction.
  const modelled = provenance === "modelled";
  if (verdict === "identical") return `${exact(baselineMedian)}${suffix}${modelled ? ", modelled" : ""}`;
  const by = change === null ? "" : ` ${signed(change)}`;
  const word = verdict === "inconclusive" ? "changed" : NAMES[verdict];
  const why = reason === null ? "" : `: ${reason}`;
  return `${word}${by} (${exact(baselineMedian)} to ${exact(candidateMedian)}${suffix}, ${modelled ? "modelled" : "exact"})${why}`;
}

function describeTiming(row: ComparisonRow): string {
  const { verdict, confidence, change, ci95, margin, adjustedP } = row;
  if (change === null || ci95 === null) return `${NAMES[verdict]}: ${row.reason ?? ""}`;
  const word = confidence === "likely" ? `likely ${NAMES[verdict]}` : NAMES[verdict];
  const estimate = `${word} ${signed(change)} (CI ${bound(ci95[0])}..${bound(ci95[1])})`;
  if (verdict === "no-meaningful-change") return `${estimate}, within ${plain(margin)}`;
  if (verdict === "inconclusive") {
    const settle =
      row.samplesToSettle === null
        ? "more samples will hardly settle it"
        : `about ${row.samplesToSettle} samples would settle it`;
    return `${estimate}: ${row.reason ?? "unclear"}; ${settle}`;
  }
  const n = row.paired ? `${row.candidateSamples} pairs` : `n=${row.baselineSamples}+${row.candidateSamples}`;
  return `${estimate}, margin ${plain(margin)}, ${pText(adjustedP ?? 1)}, ${n}`;
}

function signed(share: number): string {
  return `${bound(share)}%`;
}

/** One decimal, never "-0.0". */
function bound(share: number): string {
  const text = (share * 100).toFixed(1);
  const value = text === "-0.0" ? "0.0" : text;
  return share > 0 || value === "0.0" ? `+${value}` : value;
}

function plain(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

function pText(p: number): string {
  return p < 0.0001 ? "p<0.0001" : `p=${Number(p.toPrecision(2))}`;
}

/** With thousands separators; whole numbers whole, others to five significant digits. */
function exact(value: number): string {
  return value.toLocaleString("en-US", Number.isInteger(value) ? {} : { maximumSignificantDigits: 5 });
}
