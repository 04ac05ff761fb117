// Configurations of the scheduler side by side: the same seed, the same Pods, each configuration against the first.
import { compareCases } from "../../../measure/compare.js";
import type { ChangeVerdict, Comparison } from "../../../measure/comparison.js";
import type { CaseRecord, RunRecord } from "../../../measure/run-record.js";
import { badge } from "../../badge.js";
import { forestReach } from "../../charts/forest.js";
import { comparisonTable } from "../../comparison-table.js";
import { countsSentence, rowsWith, VERDICT_LOOKS, VERDICT_ORDER } from "../../comparison-words.js";
import { pairsByName } from "../../grid.js";
import { type Markup, markup } from "../../markup.js";
import { isSchedulingCase } from "../../scheduling-rows.js";
import type { ScheduledCase } from "./scheduled-cases.js";
import { throughputFigure } from "./throughput.js";

const LABEL = "config";
/** Verdicts that say that nothing happened. */
const FOLDED: ReadonlySet<ChangeVerdict> = new Set<ChangeVerdict>(["no-meaningful-change", "identical"]);

/** Null when the run has no two configurations. */
export function configurationsMarkup(record: RunRecord, cases: readonly ScheduledCase[]): Markup | null {
  if (new Set(cases.flatMap(({ one }) => configOf(one.labels) ?? [])).size < 2) return null;
  const own = { ...record, cases: record.cases.filter(isSchedulingCase).map(withLabelsByName) };
  const comparison = compareCases(own, { label: LABEL });
  const figures = workloadsOf(cases).flatMap(sideBySide);
  return markup`<h2>Configurations side by side</h2>
<p>${comparison.candidates.join(", ")} against ${comparison.baseline}, on the same seed: ${countsSentence(comparison)}.</p>
${verdictTables(comparison)}
<ul class="statements">${workloadsOf(cases).map(placementWords)}</ul>
<div class="figures">${figures}</div>`;
}

/** Places are named by labels in their order, which a file does not keep. */
function withLabelsByName(one: CaseRecord): CaseRecord {
  return { ...one, labels: Object.fromEntries(pairsByName(one.labels)) };
}

function configOf(labels: ScheduledCase["one"]["labels"]): string | null {
  const config = labels[LABEL];
  return config === undefined ? null : String(config);
}

/** Cases that differ in their configuration only. */
function workloadsOf(cases: readonly ScheduledCase[]): readonly (readonly ScheduledCase[])[] {
  const groups = new Map<string, ScheduledCase[]>();
  for (const scheduled of cases) {
    const { [LABEL]: config, ...labels } = scheduled.one.labels;
    if (config === undefined) continue;
    const key = JSON.stringify(Object.entries(labels).sort());
    groups.set(key, [...(groups.get(key) ?? []), scheduled]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

function verdictTables(comparison: Comparison): readonly Markup[] {
  const reach = forestReach(comparison.rows);
  return VERDICT_ORDER.flatMap((verdict) => {
    const rows = rowsWith(comparison, verdict);
    if (rows.length === 0) return [];
    const { word } = VERDICT_LOOKS[verdict];
    const table = comparisonTable(comparison, rows, { caption: word, reach });
    return FOLDED.has(verdict)
      ? markup`<details><summary>${rows.length} ${word}</summary>${table}</details>`
      : table;
  });
}

/** Whether every Pod lies on the same node under all. */
function placementWords(group: readonly ScheduledCase[]): Markup {
  const digests = new Set(group.map(({ record }) => record.placementDigest));
  const [first] = group;
  const words =
    digests.size === 1 ? "every Pod lies on the same node under all" : "Pods lie on different nodes";
  return markup`<li>${first?.row.workload}: ${words} ${badge("counted")}.</li>`;
}

function sideBySide(group: readonly ScheduledCase[]): readonly Markup[] {
  const [first] = group;
  if (first === undefined) return [];
  const names = group.map(({ one }) => configOf(one.labels) ?? "");
  const figure = throughputFigure(group, { id: `${first.anchor}-configurations`, names });
  return figure === null ? [] : [figure];
}
