// Why to believe the numbers, and where not to: the machine, its noise, what was not checked, warnings, provenance.
import { PROVENANCES, type Provenance } from "../../measure/metrics.js";
import { MODELLED_ERROR_SHARE } from "../../measure/modelled-error.js";
import type { CaseRecord, Environment, RunRecord } from "../../measure/run-record.js";
import { badge } from "../badge.js";
import { metricNamesIn, pairsByName } from "../grid.js";
import { importedBeside } from "../imported.js";
import { kernelStrip } from "../kernel-facts.js";
import { type Fillable, joinMarkup, type Markup, markup } from "../markup.js";
import { percentText, quantityText } from "../quantity.js";
import { clippedText } from "../plain-text.js";
import type { ReportView, Section } from "../report-view.js";
import { schedulesPods, sendsPackets } from "../run-subject.js";
import { setUpOf } from "../scheduled-through.js";

/** Above this share of CPU used by others, timings deserve doubt. */
const BUSY_SHARE_WORTH_SAYING = 0.1;

export function trustSection({ record }: ReportView): Section {
  const body = markup`<h2>How far to trust it</h2>
<div class="cards">
<div class="card"><h3>Not verified, and why</h3><ul>${unverified(record).map((item) => markup`<li>${item}</li>`)}</ul></div>
<div class="card"><h3>What the numbers are</h3><dl class="legend">${provenanceRows(record)}</dl></div>
<div class="card"><h3>Machine</h3><dl class="pairs">${machineRows(record.environment)}</dl></div>
${warningCard(record)}
</div>`;
  return { id: "trust", label: "Trust", body };
}

/** Everything that a reader might take for checked and is not. */
function unverified(record: RunRecord): readonly Fillable[] {
  const { run, cases, environment } = record;
  const items: Fillable[] = [...kernelItems(record), ...schedulingItem(cases)];
  if (provenancesOf(record).includes("modelled")) {
    items.push(
      `Modelled times are counts times calibrated costs of kernel primitives${calibratedOn(record)}: they compare modes, leave out NIC, contention between cores and other software's rules, and claim no accuracy against ${record.kernelVerification?.timing ? "other kernels than the one they were held against" : "your kernel"}.`,
      ...modelledErrors(record),
    );
  }
  if (run.status === "partial")
    items.push("The run was interrupted or ran out of time: there are fewer samples than asked for.");
  for (const one of cases.filter((candidate) => candidate.status !== "ok")) items.push(caseItem(one));
  const thin = cases
    .flatMap((one) => one.metrics)
    .filter((metric) => metric.assume === "nothing" && metric.summary.ci95 === null);
  if (thin.length > 0)
    items.push(`${countOf(thin.length, "timing")} without an interval: fewer than 6 processes were sampled.`);
  const unjudged = record.thresholds.filter((threshold) => threshold.ok === null).length;
  if (unjudged > 0)
    items.push(`${countOf(unjudged, "threshold")} could not be evaluated, which counts as failed.`);
  if (environment.noise === null) items.push("The noise floor of this machine was not measured.");
  return items;
}

/** Whether rules were held against a kernel; nothing to say where Pods are scheduled and no packet is sent. */
function kernelItems({ verification, kernelVerification, cases }: RunRecord): readonly Fillable[] {
  const { state, detail, reason } = verification;
  if (kernelVerification !== undefined) {
    const differs =
      state === "mismatch" ? markup`<strong>The real kernel disagrees with the model</strong>: ` : null;
    const gaps = kernelVerification.notVerified.map(
      ({ what, reason: code }) => markup`${what} <code>${code}</code>`,
    );
    return [
      markup`${differs}<a href="#kernel">${capitalised(kernelStrip(kernelVerification))}</a>${gaps.length === 0 ? null : markup`; not verified: ${joinMarkup(gaps, ", ")}`}.`,
    ];
  }
  if (!sendsPackets(cases)) return [];
  if (state === "verified") return [markup`Rules were checked against a real kernel: ${detail}`];
  const lead =
    state === "mismatch" ? "The real kernel disagrees with the model" : "Not checked against a real kernel";
  return [markup`<strong>${lead}</strong>: ${detail} <code>${reason}</code>`];
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function schedulingItem(cases: readonly CaseRecord[]): readonly Fillable[] {
  if (!schedulesPods(cases)) return [];
  return [
    markup`Pods were scheduled ${setUpOf(cases).trust}. Timings are of this program's scheduler, not of kube-scheduler; <code>plumb verify scheduler</code> checks its decisions against upstream's plugins.`,
  ];
}

/** How far modelled times may be off, in general and by mode. */
function modelledErrors({ calibration, cases }: RunRecord): readonly Fillable[] {
  const error = percentText(calibration?.errorShare ?? MODELLED_ERROR_SHARE);
  const modes = new Set(cases.map((one) => String(one.labels["mode"])));
  const origins = pairsByName(calibration?.origins ?? {}).filter(([mode]) => modes.has(mode));
  return [
    `Modelled times of first and established packets under iptables and nftables lie within ${error} of the calibration machine's kernel, on whole rulesets. Modes that differ by less share the ★ and have no crossover there.`,
    ...origins.map(([mode, origin]) => markup`Modelled costs of <b>${mode}</b>: ${origin}.`),
  ];
}

function calibratedOn({ calibration }: RunRecord): string {
  return calibration === undefined ? "" : ` (${calibration.machine})`;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function caseItem(one: CaseRecord): Markup {
  return markup`<strong>${one.status}</strong> ${one.id}: ${clippedText(one.reason ?? "no reason recorded")}`;
}

function provenancesOf(record: RunRecord): readonly Provenance[] {
  const used = new Set(record.cases.flatMap((one) => one.metrics.map((metric) => metric.provenance)));
  if (record.kernelVerification !== undefined) used.add("counted").add("modelled").add("measured-kernel");
  return (Object.keys(PROVENANCES) as Provenance[]).filter((provenance) => used.has(provenance));
}

function provenanceRows(record: RunRecord): readonly Markup[] {
  const rows = provenancesOf(record).map((one) => markup`<dt>${badge(one)}</dt><dd>${PROVENANCES[one]}</dd>`);
  const hasFloor = record.cases.some(({ scheduling }) => Boolean(scheduling?.floor));
  if (hasFloor || metricNamesIn(record.cases).some((name) => importedBeside(name).length > 0))
    rows.push(
      markup`<dt>${badge("imported")}</dt><dd>${PROVENANCES.imported}; hollow marks and dashed lines in charts</dd>`,
    );
  return rows;
}

function machineRows(environment: Environment): readonly Markup[] {
  const { cpu, timer, noise, busyShare } = environment;
  const rows: readonly (readonly [string, Fillable])[] = [
    ["CPU", `${cpu.model}, ${cpu.cores} cores${cpu.mhz === null ? "" : `, ${cpu.mhz} MHz`}`],
    ["Memory", quantityText(environment.memoryBytes, "B", 3)],
    ["System", `${environment.os}, kernel ${environment.kernel}`],
    ["Runtime", `Node ${environment.node}, V8 ${environment.v8}`],
    [
      "Timer",
      markup`${timer.resolutionNs} ns resolution, ${timer.overheadNs} ns per reading ${badge("measured-core")}`,
    ],
    ["Noise floor", noiseText(noise)],
    ["Used by others", busyText(busyShare)],
  ];
  return rows.map(([term, text]) => markup`<dt>${term}</dt><dd>${text}</dd>`);
}

function noiseText(noise: Environment["noise"]): Fillable {
  if (noise === null) return "not measured";
  return markup`${percentText(noise.relativeMad)} (median deviation of ${noise.samples} equal computations) ${badge("measured-core")}: smaller differences of timings mean nothing here`;
}

function busyText(share: number | null): Fillable {
  if (share === null) return "unknown: no /proc/stat";
  const verdict = share > BUSY_SHARE_WORTH_SAYING ? "; a busy machine, timings deserve doubt" : "";
  return markup`${percentText(share)} of the CPU while the run went on${verdict} ${badge("measured-core")}`;
}

function warningCard({ warnings }: RunRecord): Markup | null {
  if (warnings.length === 0) return null;
  const items = warnings.map(
    (warning) =>
      markup`<li><code>${warning.code}</code> ${warning.message}${warning.hint === "" ? null : markup`. <span class="muted">${warning.hint}</span>`}</li>`,
  );
  return markup`<div class="card"><h3>Warnings</h3><ul>${items}</ul></div>`;
}
