// A run as Markdown for a pull-request comment: verdict, what failed, the answer, then the scoreboard folded away.
// GitHub cuts comments at 65,536 characters, so the scoreboard is left out where it would not fit.
import { PROVENANCES, type Provenance } from "../measure/metrics.js";
import { kernelSentence } from "../measure/kernel-verdict.js";
import type { RunRecord } from "../measure/run-record.js";
import { answerSentence, crossoverStatements, ratioStatements } from "./answer.js";
import { gridsOf } from "./grid.js";
import { kernelStrip } from "./kernel-facts.js";
import { pathText } from "./kernel-paths.js";
import { packetKindOf } from "./packet-kinds.js";
import { clippedText } from "./plain-text.js";
import {
  answerMarkdown,
  kernelMarkdown,
  markdownText,
  schedulingMarkdown,
  scoreboardMarkdown,
} from "./markdown-tables.js";

const CHARACTERS_MAX = 60_000;
const MISMATCHES_SHOWN = 5;

/** At most 60,000 characters. Failures come first; nothing of the record is read as markup. */
export function reportMarkdown(record: RunRecord): string {
  const parts = [
    ...headParts(record),
    ...problemParts(record),
    ...answerParts(record),
    ...kernelParts(record),
  ];
  const foot = footText(record);
  const scoreboard =
    record.cases.length === 0 ? "" : folded("Scoreboard: every case and metric", scoreboardMarkdown(record));
  const room = CHARACTERS_MAX - parts.join("\n\n").length - foot.length - 8;
  const fits = scoreboard.length <= room;
  const middle = fits
    ? scoreboard
    : "The scoreboard is too long for a comment: it is in report.html and result.json.";
  const text = [...parts, middle, foot].filter(Boolean).join("\n\n");
  return `${text.length <= CHARACTERS_MAX ? text : `${text.slice(0, CHARACTERS_MAX - 60)}\n\n(cut: the rest is in report.html)`}\n`;
}

function headParts({ verdict, scenario, cases, run }: RunRecord): readonly string[] {
  const answer = verdict.answer === "" ? answerSentence(cases) : verdict.answer;
  const partial = run.status === "partial" ? " (partial run)" : "";
  const reasons = verdict.reasons.map((reason) => `- ${markdownText(clippedText(reason))}`).join("\n");
  return [
    `## ${markdownText(scenario.name)}: ${verdict.status}${partial}`,
    `**${markdownText(answer)}**`,
    ...(reasons === "" ? [] : [reasons]),
    `Repeat it: ${codeText(verdict.reproduce)}`,
  ];
}

/** Broken thresholds, cases that did not finish, a kernel that disagrees, warnings. */
function problemParts({
  thresholds,
  cases,
  verification,
  kernelVerification,
  warnings,
}: RunRecord): readonly string[] {
  const broken = thresholds
    .filter((threshold) => threshold.ok !== true)
    .map((threshold) => {
      const got = threshold.got === null ? "could not be evaluated" : `got ${threshold.got}`;
      return `- **threshold** ${codeText(threshold.metric)} ${markdownText(threshold.must)}: ${got} (${markdownText(threshold.because)})`;
    });
  const unfinished = cases
    .filter((one) => one.status !== "ok")
    .map(
      (one) =>
        `- **${one.status}** ${codeText(one.id)}: ${markdownText(clippedText(one.reason ?? "no reason recorded"))}`,
    );
  const mismatch =
    verification.state === "mismatch" && kernelVerification === undefined
      ? [`- **kernel mismatch**: ${markdownText(verification.detail)}`]
      : [];
  const warned = warnings.map(
    (warning) => `- warning ${codeText(warning.code)}: ${markdownText(warning.message)}`,
  );
  const lines = [...broken, ...mismatch, ...unfinished, ...warned];
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function answerParts(record: RunRecord): readonly string[] {
  const scheduling = schedulingMarkdown(record);
  const packets = gridsOf(record.cases).flatMap((grid) => {
    const table = answerMarkdown(grid);
    if (table === "") return [];
    const kind = packetKindOf(grid);
    const crossings = (kind === null ? [] : crossoverStatements(grid, kind.times[0])).map(
      (one) => `${one.text} (${one.provenance})`,
    );
    const statements = [...ratioStatements(grid), ...crossings].map((text) => `- ${markdownText(text)}`);
    return [
      ...(grid.title === "" ? [] : [`### ${markdownText(grid.title)}`]),
      table,
      statements.join("\n"),
    ].filter(Boolean);
  });
  return scheduling === "" ? packets : [...packets, scheduling];
}

/** What a kernel agreed to, where it differs, and what it was not asked. */
function kernelParts(record: RunRecord): readonly string[] {
  const { kernelVerification } = record;
  if (kernelVerification === undefined) return [];
  const { behaviour, notVerified } = kernelVerification;
  const sentence = kernelSentence(kernelVerification);
  const mismatches = behaviour.flatMap((part) =>
    part.mismatches.map(
      ({ kind, packet, expected, observed }) =>
        `- **${markdownText(pathText(part.path, part.kernel))}** differs (${markdownText(kind)}) for ${codeText(packet)}: model ${codeText(expected)}, kernel ${codeText(observed)}`,
    ),
  );
  const gaps = notVerified.map(
    ({ what, reason, detail }) =>
      `- not verified: ${markdownText(what)} (${codeText(reason)}): ${markdownText(clippedText(detail))}`,
  );
  const lines = [...mismatches.slice(0, MISMATCHES_SHOWN), ...gaps].join("\n");
  return [
    "### Kernel verification",
    record.verdict.answer === sentence ? "" : markdownText(sentence),
    kernelMarkdown(record),
    lines,
  ].filter(Boolean);
}

function footText({
  cases,
  environment,
  verification,
  kernelVerification,
  run,
  scenario,
}: RunRecord): string {
  const ofKernel: readonly Provenance[] =
    kernelVerification === undefined ? [] : ["counted", "modelled", "measured-kernel"];
  const ofCases = cases.flatMap((one) => one.metrics.map((metric) => metric.provenance));
  const used = [...new Set([...ofCases, ...ofKernel])];
  const legend = used.map((provenance) => `\`${provenance}\` ${PROVENANCES[provenance]}`).join("; ");
  const checked =
    kernelVerification !== undefined
      ? markdownText(kernelStrip(kernelVerification))
      : verification.state === "verified"
        ? "checked against a real kernel"
        : `kernel check: ${verification.state} (${markdownText(verification.reason ?? verification.detail)})`;
  const machine = `${environment.cpu.model}, ${environment.cpu.cores} cores, Linux ${environment.kernel}, Node ${environment.node}`;
  return `<sub>${legend}. Bold: best of its column, or not distinguishable from it; in brackets: 95% intervals. ${checked}. ${markdownText(machine)}. Run ${markdownText(run.id)}, seed ${run.seed}, scenario ${codeText(scenario.digest.slice(0, 12))}.</sub>`;
}

function folded(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** A code span that no backtick of the text can end. */
function codeText(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  const flat = text.replace(/\s+/g, " ");
  return longest === 0 ? `${fence}${flat}${fence}` : `${fence} ${flat} ${fence}`;
}
