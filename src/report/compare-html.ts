// A comparison of runs, or of the cases of one run, as one offline HTML page.
import { type ChangeVerdict, type Comparison, regressionsOf } from "../measure/comparison.js";
import { describeRow } from "../measure/comparison-text.js";
import { METRICS } from "../measure/metrics.js";
import type { RunRecord, Verdict } from "../measure/run-record.js";
import { badge } from "./badge.js";
import { forestReach } from "./charts/forest.js";
import { comparedPlace, comparisonTable } from "./comparison-table.js";
import { countsSentence, rowsWith, VERDICT_LOOKS, VERDICT_ORDER } from "./comparison-words.js";
import { type Markup, markup } from "./markup.js";
import { pageHtml } from "./page.js";
import { percentText } from "./quantity.js";
import type { Section } from "./report-view.js";
import { STATUS_SIGNS } from "./sections/verdict.js";
import { tableMarkup } from "./table.js";

/** Verdicts whose rows are folded away: they say that nothing happened. */
const FOLDED: ReadonlySet<ChangeVerdict> = new Set<ChangeVerdict>(["no-meaningful-change", "identical"]);

/**
 * The page as text. `records` are the runs that were compared, for who, when and where; one run for its own cases.
 * Same input, same bytes.
 */
export function compareHtml(comparison: Comparison, records: readonly RunRecord[]): string {
  const reach = forestReach(comparison.rows);
  const groups = VERDICT_ORDER.flatMap((verdict) => verdictGroup(comparison, verdict, reach) ?? []);
  return pageHtml({
    title: `${comparison.candidates.join(", ")} against ${comparison.baseline} · Plumbline`,
    subtitle: "comparison",
    top: topMarkup(comparison),
    sections: [...groups, ...missingSection(comparison), runsSection(comparison, records)],
    footer: "Made by plumbline from the result.json of each run.",
  });
}

/** What the gate with its usual policy would say. */
function statusOf(comparison: Comparison): Verdict["status"] {
  if (regressionsOf(comparison, "likely").length > 0) return "fail";
  if (comparison.rows.length === 0 || comparison.counts.inconclusive > 0) return "inconclusive";
  return comparison.missing.length > 0 ? "warn" : "pass";
}

function topMarkup(comparison: Comparison): Markup {
  const status = statusOf(comparison);
  const regressions = regressionsOf(comparison, "likely");
  const reasons = regressions
    .slice(0, 5)
    .map(
      (row) =>
        markup`<li>${METRICS[row.metric].title} ${badge(row.provenance)} at ${comparedPlace(comparison, row)}: ${describeRow(row)}</li>`,
    );
  const detectable = comparison.smallestDetectable;
  const power =
    detectable === null
      ? "Nothing timed was compared, so there is no smallest detectable change."
      : `Smallest change in a timing that this comparison could detect: ${percentText(detectable)}.`;
  return markup`<section id="verdict" class="verdict" aria-label="Verdict">
<p class="question"><span class="status status-${status}"><span aria-hidden="true">${STATUS_SIGNS[status].sign}</span> ${status}</span> ${comparison.candidates.join(", ")} against ${comparison.baseline}</p>
<p class="headline">${capitalised(countsSentence(comparison))}.</p>
<ul class="reasons">${reasons}${comparison.notes.map((note) => markup`<li>${note}</li>`)}</ul>
<p class="facts">${power}</p></section>\n`;
}

function verdictGroup(comparison: Comparison, verdict: ChangeVerdict, reach: number): Section | null {
  const rows = rowsWith(comparison, verdict);
  if (rows.length === 0) return null;
  const { sign, word, token } = VERDICT_LOOKS[verdict];
  const heading = markup`<span style="color:var(--${token})" aria-hidden="true">${sign}</span> ${capitalised(word)} <span class="muted">${rows.length}</span>`;
  const table = comparisonTable(comparison, rows, { caption: word, reach });
  const body = FOLDED.has(verdict)
    ? markup`<h2>${heading}</h2><details><summary>Show ${rows.length} rows</summary>${table}</details>`
    : markup`<h2>${heading}</h2>${table}`;
  return { id: verdict, label: capitalised(word), body };
}

function missingSection({ missing }: Comparison): readonly Section[] {
  if (missing.length === 0) return [];
  const table = tableMarkup({
    caption: "Not compared",
    hideCaption: true,
    head: ["Case", "Metric", "Why"],
    rows: missing.map((row) => ({
      head: `${row.candidate}: ${row.case}`,
      cells: [
        { content: row.metric === null ? "all" : METRICS[row.metric].title, className: "words" },
        { content: row.reason, className: "words" },
      ],
    })),
  });
  return [
    {
      id: "missing",
      label: "Not compared",
      body: markup`<h2>Not compared <span class="muted">${missing.length}</span></h2>${table}`,
    },
  ];
}

function runsSection(comparison: Comparison, records: readonly RunRecord[]): Section {
  const table = tableMarkup({
    caption: "Runs",
    hideCaption: true,
    head: ["Run", "Scenario", "Tool", "When", "Machine"],
    rows: records.map(({ run, scenario, tool, environment }) => ({
      head: run.id,
      cells: [
        `${scenario.name} ${scenario.digest.slice(0, 12)}`,
        `${tool.version}${tool.commit === null ? "" : ` ${tool.commit.slice(0, 12)}`}`,
        run.startedAt,
        `${environment.cpu.model}, ${environment.fingerprint.slice(0, 12)}`,
      ].map((content) => ({ content, className: "words" })),
    })),
  });
  const body = markup`<h2>How to read this</h2>
<ul class="method"><li>Grey band: changes that do not matter, the margin. Line: 95% interval of the change. An arrow lies beyond the scale.</li>
<li>Filled square: worse. Filled circle: better. Hollow circle: not settled. Bar: settled, and does not matter. Right of the middle is more than the baseline.</li>
<li>${badge("counted")} values are compared exactly: different is different. Timings are confirmed when the whole interval lies beyond the margin, likely when the estimate does and the adjusted p is below 0.05.</li></ul>
<h2>Runs</h2><p>Baseline: ${comparison.baseline}.</p>${table}`;
  return { id: "runs", label: "Runs", body };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
