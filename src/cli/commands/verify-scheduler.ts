// plumb verify scheduler: our scheduler against upstream's own code, where Go is installed.
import { writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { realClock } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import { COMPARED_PROFILES, PLUGINS_LEFT_OUT } from "../../experiment/verify-scheduler/profiles.js";
import { type TimeComparison, timeCycles } from "../../experiment/verify-scheduler/time-cycles.js";
import { type VerifyResult, verifyScheduler } from "../../experiment/verify-scheduler/verify-scheduler.js";
import type { CommandContext } from "../context.js";
import { buildPeer, findGo, GO_HINT } from "../go-peer.js";
import type { Terminal } from "../terminal.js";
import { positiveNumber, seedValue } from "../whole-number.js";

interface VerifySchedulerOptions {
  readonly pods: number;
  readonly nodes: NodeRange;
  readonly seed: number;
  readonly case: string;
  readonly require?: boolean;
  readonly time?: boolean;
  readonly json?: boolean;
}

interface NodeRange {
  readonly min: number;
  readonly max: number;
}

const EXAMPLES = `
Examples:
  plumb verify scheduler
  plumb verify scheduler --pods 5000 --nodes 50..500 --seed 7 --time
  plumb verify scheduler --require --json

Random clusters that use every plugin are put to upstream's own scheduler code and to ours: for every Pod and node the
filter's verdict and reasons or the scores by plugin, whom preemption would evict, and the message must be equal.
Needs Go. Without it nothing is verified, which is said, and the exit code is 0, or 15 with --require.
Exit code 12: decisions differ; the smallest case found is written to the file of --case, as input of the peer program.`;

/** What --time runs: as scheduler_perf's SchedulingBasic/5000Nodes, with fewer Pods. */
const TIMED = { nodes: 5000, pods: 1000, rounds: 5 };
const PROFILE_NAMES = [...new Set(COMPARED_PROFILES.map(({ name }) => name))];
const EXIT_MISMATCH = 12;

export function registerVerifyScheduler(verify: Command, context: CommandContext): void {
  verify
    .command("scheduler")
    .description("our scheduler's decisions against those of upstream's own code, node by node")
    .option("--pods <n>", "Pods to compare", positiveNumber, 2000)
    .option("--nodes <range>", "nodes of a cluster, a number or least..most", nodeRange, {
      min: 50,
      max: 500,
    })
    .option("--seed <n>", "seed of the first cluster", seedValue, 1)
    .option("--case <file>", "where the smallest disagreeing case is written", "plumb-verify-case.json")
    .option("--require", "a missing Go toolchain is an error")
    .option("--time", "also time one scheduling cycle of both, on 5000 nodes")
    .option("--json", "one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((options: VerifySchedulerOptions) => verifySchedulerCommand(options, context));
}

async function verifySchedulerCommand(
  options: VerifySchedulerOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const go = findGo();
  if (go === null) {
    if (options.require)
      throw new PlumbError("ToolMissing", "Cannot verify the scheduler: there is no go on PATH", {
        hint: GO_HINT,
      });
    reportMissing(options, terminal);
    return;
  }
  const peer = await buildPeer(terminal);
  const result = await verifyScheduler({
    seed: options.seed,
    pods: options.pods,
    nodesMin: options.nodes.min,
    nodesMax: options.nodes.max,
    peer,
    onProgress: (pods) =>
      terminal.progress(`compared ${pods}/${options.pods} Pods`, { milestone: pods % 500 === 0 }),
    onShrink: () => terminal.progress("they differ: making the case small", { milestone: true }),
  });
  const time = options.time ? await timeCycles({ ...TIMED, clock: realClock, peer }) : null;
  if (result.failure !== null) {
    writeFileSync(options.case, `${result.failure.input}\n`);
    context.exitCode = EXIT_MISMATCH;
  }
  if (options.json) terminal.print(JSON.stringify(jsonOf(result, time, options)));
  else printResult(result, time, options, terminal);
}

function reportMissing({ json }: VerifySchedulerOptions, { print }: Terminal): void {
  if (json) print(JSON.stringify({ status: "not verified", reason: "TOOL_MISSING", hint: GO_HINT }));
  else print(`not verified (TOOL_MISSING): there is no go on PATH\nhint: ${GO_HINT}`);
}

function jsonOf(
  { header, tally, failure, ...counts }: VerifyResult,
  time: TimeComparison | null,
  options: VerifySchedulerOptions,
) {
  return {
    status: failure === null ? "equal" : "different",
    peer: header,
    pluginsLeftOut: PLUGINS_LEFT_OUT,
    profiles: PROFILE_NAMES,
    seed: options.seed,
    ...counts,
    verdicts: tally.verdicts,
    feasible: tally.feasible,
    preemptions: tally.preemptions,
    messages: tally.messages,
    plugins: Object.fromEntries(tally.plugins),
    failure:
      failure === null
        ? null
        : {
            seed: failure.seed,
            profile: failure.profile,
            nodes: failure.nodes,
            case: options.case,
            disagreements: failure.disagreements,
          },
    time,
  };
}

function printResult(
  { header, clusters, pods, placed, agreed, tally, failure }: VerifyResult,
  time: TimeComparison | null,
  { seed, case: caseFile }: VerifySchedulerOptions,
  { print }: Terminal,
): void {
  const share = ((agreed / pods) * 100).toFixed(agreed === pods ? 0 : 2);
  print(
    `kube-scheduler ${header?.kubernetes}, ${header?.go}; left out on both sides: ${PLUGINS_LEFT_OUT.join(", ")}`,
  );
  print(
    `${clusters} clusters from seed ${seed}, ${pods} Pods, ${placed} placed, ${tally.verdicts} verdicts on nodes`,
  );
  print(`profiles in turn: ${PROFILE_NAMES.join(", ")}`);
  print(`${tally.messages} Pods fit nowhere, ${tally.preemptions} of them could preempt`);
  print(`\n${row("plugin", ["turned down", "scored", "PreFilter", "different"])}`);
  for (const [plugin, { turnedDown, scored, preFilter, disagreements }] of tally.plugins)
    print(row(plugin, [turnedDown, scored, preFilter, disagreements]));
  print(`\nequal: ${agreed}/${pods} Pods (${share}%)`);
  if (failure !== null) {
    const [first] = failure.disagreements;
    print(
      `different first on seed ${failure.seed}, ${failure.nodes} nodes, profile ${failure.profile}; smallest case: ${caseFile}`,
    );
    if (first !== undefined) {
      const where = [first.pod, first.node, first.plugin].filter((part) => part !== "").join(", ");
      print(`  ${first.what} (${where})`);
      print(`  ours   ${JSON.stringify(first.ours)}\n  theirs ${JSON.stringify(first.theirs)}`);
    }
  }
  if (time !== null) printTime(time, print);
}

function printTime(
  { nodes, pods, rounds, ours, theirs, theirThreads, ratio }: TimeComparison,
  print: Terminal["print"],
): void {
  const us = (ns: number) => `${(ns / 1000).toFixed(1)} us`;
  print(
    `\none scheduling cycle, ${nodes} nodes, ${pods} Pods, ${rounds} rounds after one to warm up, no API server:`,
  );
  print(`  ours   p50 ${us(ours.p50Ns)}, p99 ${us(ours.p99Ns)}, n=${ours.n}, 1 thread`);
  print(`  theirs p50 ${us(theirs.p50Ns)}, p99 ${us(theirs.p99Ns)}, n=${theirs.n}, ${theirThreads} threads`);
  print(`  ratio of medians ${ratio.toFixed(2)}`);
}

function row(name: string, cells: readonly (string | number)[]): string {
  return `${name.padEnd(34)}${cells.map((cell) => String(cell).padStart(13)).join("")}`;
}

/** "100", or "50..500". */
function nodeRange(text: string): NodeRange {
  const [, least = "", most = least] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  const range = { min: Number(least), max: Number(most) };
  if (least === "" || range.min < 1 || range.max < range.min)
    throw new InvalidArgumentError(`'${text}' is no number of nodes and no range such as 50..500`);
  return range;
}
