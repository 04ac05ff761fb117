// The first screen's head: how the run ended, the answer in one sentence, why, and how to repeat it.
import { METRICS, type MetricName, type Provenance } from "../../measure/metrics.js";
import type { RunRecord, Verdict } from "../../measure/run-record.js";
import { answerSentence } from "../answer.js";
import { badge, prettyUnits } from "../badge.js";
import { gridsOf } from "../grid.js";
import { kernelStrip } from "../kernel-facts.js";
import { type Markup, markup } from "../markup.js";
import { packetKindOf } from "../packet-kinds.js";
import { clippedText } from "../plain-text.js";
import { percentText } from "../quantity.js";
import type { ReportView } from "../report-view.js";
import { schedulesPods, sendsPackets } from "../run-subject.js";
import { setUpOf } from "../scheduled-through.js";

/** Status -> sign and what it means. The sign says it without colour. */
export const STATUS_SIGNS: Readonly<Record<Verdict["status"], { sign: string; meaning: string }>> = {
  pass: { sign: "✓", meaning: "every threshold is met" },
  warn: { sign: "!", meaning: "usable, with warnings" },
  fail: { sign: "✗", meaning: "a threshold is broken, a case failed, or something could not be judged" },
  inconclusive: { sign: "?", meaning: "the data do not decide" },
};

/** Metrics whose counts answers quote, beside the rules of a packet. */
const COUNTED_ANSWERS: readonly MetricName[] = [
  "affinity.broken_share",
  "conntrack.entries",
  "sync.full.rules",
];
const REASONS_IN_SIGHT = 4;

/** The sentence of the record, or the one its cases give. */
function answerOf(record: RunRecord): string {
  return record.verdict.answer === "" ? answerSentence(record.cases) : record.verdict.answer;
}

export function verdictSection({ record }: ReportView): Markup {
  const { verdict, run, scenario } = record;
  const { sign, meaning } = STATUS_SIGNS[verdict.status];
  const partial =
    run.status === "partial"
      ? markup` <span class="status status-warn"><span aria-hidden="true">!</span> partial run</span>`
      : null;
  return markup`<section id="verdict" class="verdict" aria-label="Verdict">
<p class="question"><span class="status status-${verdict.status}" title="${meaning}"><span aria-hidden="true">${sign}</span> ${verdict.status}</span>${partial} ${scenario.purpose}</p>
<p class="headline">${prettyUnits(answerOf(record))}</p>
<p class="facts">${sentenceBadges(record).map(badge)} ${facts(record)}</p>
${reasonList(verdict)}
<div class="reproduce"><span class="label">Repeat it</span> <code id="reproduce-command">${verdict.reproduce}</code> <button type="button" class="js-only" data-copy="reproduce-command">Copy</button></div>
</section>\n`;
}

/** The provenances that the sentence's numbers have: counts, and the time that is there. */
function sentenceBadges({ cases }: RunRecord): readonly Provenance[] {
  const held = new Set(
    cases.flatMap((one) => (one.status === "ok" ? one.metrics.map((metric) => metric.name) : [])),
  );
  const [grid] = gridsOf(cases);
  const kind = grid === undefined ? null : packetKindOf(grid);
  const counts = [...COUNTED_ANSWERS, ...(kind === null ? [] : [kind.rules])];
  const time = kind?.times.find((name) => held.has(name));
  const provenances: readonly Provenance[] = [
    ...(counts.some((name) => held.has(name)) ? (["counted"] as const) : []),
    ...(time === undefined ? [] : [METRICS[time].provenance]),
    ...(held.has("sched.pods_per_second") ? (["measured-core"] as const) : []),
    ...(cases.some(({ scheduling }) => Boolean(scheduling?.floor)) ? (["imported"] as const) : []),
  ];
  return [...new Set(provenances)];
}

function facts(record: RunRecord): Markup {
  const { environment, warnings } = record;
  const noise =
    environment.noise === null
      ? "noise not measured"
      : `noise floor ${percentText(environment.noise.relativeMad)}`;
  const warned = warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`;
  const process = schedulesPods(record.cases)
    ? markup`<a href="#trust">${setUpOf(record.cases).fact}</a> · `
    : null;
  return markup`${kernelFact(record)}${process}<a href="#trust">${noise}</a> · <a href="#trust">${warned}</a> · ${environment.cpu.model}, ${environment.cpu.cores} cores`;
}

/** Whether a kernel agreed, and how far where the record has it; nothing to say where no packet is sent. */
function kernelFact({ verification, kernelVerification, cases }: RunRecord): Markup | null {
  if (kernelVerification !== undefined) {
    const warned = verification.state === "mismatch" ? markup`<strong>the kernel differs</strong>: ` : null;
    return markup`<a href="#kernel">${warned}${kernelStrip(kernelVerification)}</a> · `;
  }
  if (!sendsPackets(cases)) return null;
  const checked = {
    verified: "checked against a real kernel",
    mismatch: "the kernel disagrees with the model",
    "not-verified": "not checked against a kernel",
  }[verification.state];
  return markup`<a href="#trust">${checked}</a> · `;
}

/** The first few reasons in sight, the rest a click away. */
function reasonList(verdict: Verdict): Markup | null {
  if (verdict.reasons.length === 0) return null;
  const items = verdict.reasons.map((reason) => markup`<li>${clippedText(reason)}</li>`);
  const rest = items.slice(REASONS_IN_SIGHT);
  const more = markup`<details><summary>${rest.length} more reasons</summary><ul class="reasons">${rest}</ul></details>`;
  return markup`<ul class="reasons">${items.slice(0, REASONS_IN_SIGHT)}</ul>${rest.length === 0 ? null : more}`;
}
