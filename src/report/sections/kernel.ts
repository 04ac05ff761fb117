// Verification against a real kernel: did real packets fare as modelled, did they take as long, and what was not asked.
import type { KernelRecord } from "../../measure/kernel-record.js";
import { kernelSentence } from "../../measure/kernel-verdict.js";
import { calibrationText } from "../kernel-facts.js";
import { pairsByName } from "../grid.js";
import { type Fillable, type Markup, markup } from "../markup.js";
import type { ReportView, Section } from "../report-view.js";
import { behaviourPart } from "./kernel/behaviour.js";
import { distributionPart } from "./kernel/distribution.js";
import { mismatchPart } from "./kernel/mismatches.js";
import { programmingPart } from "./kernel/programming.js";
import { timingPart } from "./kernel/timing.js";
import { userspacePart } from "./kernel/userspace.js";

export const KERNEL_SECTION_ID = "kernel";

/** null when no rules were put into a kernel. */
export function kernelSection({ record: { kernelVerification, verdict } }: ReportView): Section | null {
  if (kernelVerification === undefined) return null;
  const record = kernelVerification;
  const sentence = kernelSentence(record);
  const { behaviour, timing, programming, userspace } = record;
  const body = markup`<h2>Kernel verification</h2>
${verdict.answer === sentence ? null : markup`<p>${sentence}</p>`}
<p class="note">The rules that were compiled are loaded into Linux, packets are sent through them, and what becomes of each is compared with what the tracer of this program says. Times are of whole paths: receive, conntrack, rules, forward.</p>
${mismatchPart(behaviour)}${behaviourPart(behaviour)}${distributionPart(behaviour)}
${timing === null ? null : timingPart(timing, calibrationText(record, timing))}${programmingPart(programming)}${userspace === null ? null : userspacePart(userspace)}
<div class="cards">${gapsCard(record)}${hostCard(record)}</div>`;
  return { id: KERNEL_SECTION_ID, label: "Kernel", body };
}

function gapsCard({ notVerified }: KernelRecord): Markup {
  const items = notVerified.map(
    ({ what, reason, detail }) => markup`<li><strong>${what}</strong>: ${detail} <code>${reason}</code></li>`,
  );
  const list =
    items.length === 0
      ? markup`<p>Nothing that this program can verify was left out.</p>`
      : markup`<ul>${items}</ul>`;
  return markup`<div class="card"><h3>Not verified, and why</h3>${list}</div>`;
}

function hostCard(record: KernelRecord): Markup {
  const { host, seed, startedAt, finishedAt } = record;
  const tools = pairsByName(host.tools).map(([name, version]) => `${name}: ${version}`);
  const rows: readonly (readonly [string, Fillable])[] = [
    ["Kernel", `Linux ${host.kernel}`],
    ["Machine", host.machine],
    ...(tools.length === 0 ? [] : [["Tools", tools.join("; ")] as const]),
    ["When", `${startedAt} to ${finishedAt}, seed ${seed}`],
  ];
  return markup`<div class="card"><h3>Where and when</h3><dl class="pairs">${rows.map(([term, text]) => markup`<dt>${term}</dt><dd>${text}</dd>`)}</dl></div>`;
}
