// plumb profile scheduler: where the time of scheduling cycles goes, by plugin, by function and by attempt.
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { realClock } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import type { SampleRequest } from "../../experiment/sample-types.js";
import { resolveCases } from "../../experiment/scenario.js";
import type { Scenario, SchedulingCase } from "../../experiment/scenario-types.js";
import { profileScheduling, type SchedulingProfile } from "../../experiment/scheduling/profile-scheduling.js";
import { realWaits } from "../../experiment/scheduling/real-waits.js";
import { DEFAULT_CONFIG } from "../../experiment/scheduling/scheduling-fields.js";
import { selfTimes } from "../../measure/cpu-profile.js";
import { countText } from "../../report/quantity.js";
import { CLINIC_TOOLS, runClinic } from "../clinic.js";
import type { CommandContext } from "../context.js";
import { makeOutputFolder } from "../output-folder.js";
import { loadScenario } from "../presets.js";
import { noteWritten, writeCpuProfile, writeDerived } from "../profile-files.js";
import { attemptsLine, costLines, explanationLines, slowestLines } from "../scheduling-profile-text.js";
import type { Terminal } from "../terminal.js";
import { positiveNumber, seedValue } from "../whole-number.js";

interface ProfileSchedulerOptions {
  readonly only?: string;
  readonly schedulerConfig?: string;
  readonly seed?: number;
  readonly output: string;
  readonly top: number;
  readonly clinic?: string;
  readonly json?: boolean;
}

const DEFAULT_WORKLOAD = "scheduler_perf:SchedulingBasic/5000Nodes_10000Pods";
const INTERVAL_US = 100;
/** Of the attempts shown, so many are explained. */
const EXPLAINED_MAX = 3;
/** Functions in --json. */
const FUNCTIONS_MAX = 40;

const HELP = `
Examples:
  plumb profile scheduler
  plumb profile scheduler scheduler_perf:SchedulingPodAntiAffinity/5000Nodes_2000Pods -o profiles/anti
  plumb profile scheduler performance-config.yaml:MyCase/MySize --scheduler-config mine.yaml
  plumb profile scheduler sched-spread --only 'workload=DefaultTopologySpreading*' --top 10 --json
  plumb profile scheduler --clinic flame       needs the development dependencies (npm ci)

The workload is carried out once to warm up and then profiled, in this process and only while its measured window is
open. Cycles and nodes are exact; plugins are timed in one cycle of ten, extension points in all.
The slowest attempts are explained from a repeat in simulated time, where the same Pods meet the same nodes: what every
node says, as in plumb explain, also those that the attempt did not look at. A Pod that has a node is taken off it first.

Files: NAME.cpuprofile for Chrome DevTools, NAME.flame.html for any browser, NAME.folded for flame graph tools.
Frames marked (wasm) are the loops over nodes.`;

export function registerProfileScheduler(profile: Command, context: CommandContext): void {
  profile
    .command("scheduler [workload]")
    .description("profile the scheduler on a workload: costs of plugins, flame graph, slowest attempts")
    .option("--only <pattern>", "the case of a scenario, as in plumb run; the first that matches")
    .option("--scheduler-config <file>", `KubeSchedulerConfiguration, or "${DEFAULT_CONFIG}"`, configPath)
    .option("--seed <n>", "seed of everything that is drawn", seedValue)
    .option("-o, --output <dir>", "folder to write", "profile")
    .option("--top <n>", "slowest attempts shown, 20 at most; the first 3 are explained", positiveNumber, 5)
    .addOption(new Option("--clinic <tool>", "run under clinic instead").choices(CLINIC_TOOLS))
    .option("--json", "print one JSON object instead of tables")
    .addHelpText("after", HELP)
    .action((workload: string | undefined, _: unknown, command: Command) =>
      profileSchedulerCommand(workload ?? DEFAULT_WORKLOAD, optionsOf(command), context),
    );
}

/** Of options that both commands have, the outer one takes what is given; its defaults do not count. */
function optionsOf(command: Command): ProfileSchedulerOptions {
  const given = Object.entries(command.parent?.opts() ?? {}).filter(
    ([name]) => command.parent?.getOptionValueSource(name) === "cli",
  );
  return { ...command.opts<ProfileSchedulerOptions>(), ...Object.fromEntries(given) };
}

async function profileSchedulerCommand(
  workload: string,
  options: ProfileSchedulerOptions,
  { terminal }: CommandContext,
): Promise<void> {
  const scenario = loadWorkload(workload, options);
  const schedulingCase = firstSchedulingCase(scenario, workload, options.only);
  const folder = makeOutputFolder(options.output);
  terminal.note(`profiling ${schedulingCase.id}`);
  if (options.clinic !== undefined) {
    const request = sampleRequest(scenario, schedulingCase);
    runClinic(options.clinic, request, folder, terminal);
    return;
  }
  const found = await profileScheduling(
    schedulingCase.spec,
    { ...realWaits, seed: scenario.seed, clock: realClock },
    { explainedMax: Math.min(options.top, EXPLAINED_MAX), intervalUs: INTERVAL_US },
  );
  const files = writeFiles(join(folder, fileName(schedulingCase)), schedulingCase, found);
  if (options.json === true) terminal.print(jsonOf(schedulingCase, found, files, options.top));
  else printProfile(found, options.top, terminal);
  noteWritten(files, terminal);
}

/** A bare CASE/WORKLOAD is one of the workloads that ship with the program. */
function loadWorkload(name: string, { schedulerConfig, seed }: ProfileSchedulerOptions): Scenario {
  const isBare = /^[A-Za-z0-9]+(\/[A-Za-z0-9_*]+)+$/.test(name);
  return loadScenario(isBare ? `scheduler_perf:${name}` : name, {
    set: seed === undefined ? [] : [["seed", String(seed)]],
    scheduling: {
      schedulerConfigs: schedulerConfig === undefined ? [] : [schedulerConfig],
      load: null,
      through: null,
    },
  });
}

/** Relative to where the command was called. */
function configPath(file: string): string {
  return file === DEFAULT_CONFIG ? file : resolve(file);
}

function firstSchedulingCase(scenario: Scenario, name: string, only: string | undefined): SchedulingCase {
  const cases = only === undefined ? scenario.cases : resolveCases(scenario, only);
  const found = cases.find((one): one is SchedulingCase => one.kind === "scheduling");
  if (found !== undefined) return found;
  throw new PlumbError("Usage", `Cannot profile the scheduler on '${name}': it schedules no Pods`, {
    hint: "plumb profile SCENARIO profiles the data path; workloads: scheduler_perf:CASE/WORKLOAD",
  });
}

function sampleRequest({ seed, sampling }: Scenario, schedulingCase: SchedulingCase): SampleRequest {
  return { case: schedulingCase, seed, block: 0, warmup: sampling.warmup, timedNs: 1e9 };
}

/** "SchedulingBasic-5Nodes" of the workload SchedulingBasic/5Nodes. */
function fileName({ id, labels }: SchedulingCase): string {
  return String(labels["workload"] ?? id).replaceAll(/[^A-Za-z0-9_.-]+/g, "-");
}

function writeFiles(
  stem: string,
  { id }: SchedulingCase,
  { profile, costs, result }: SchedulingProfile,
): readonly string[] {
  const notes = [
    `The scheduler's measured window only: ${attemptsLine(costs)}, ${countText(result.nodes)} nodes.`,
    "Making objects is outside it; the in-memory API, where Pods are created and bound, is in it.",
  ];
  return [writeCpuProfile(stem, profile), ...writeDerived(stem, { title: id, notes, profile })];
}

function printProfile(
  { result, costs, explained }: SchedulingProfile,
  top: number,
  terminal: Terminal,
): void {
  const blocks = [
    [attemptsLine(costs), ...result.warnings.map((warning) => `warning: ${warning}`)],
    costLines(costs),
    slowestLines(result.slowest.slice(0, top)),
    ...explained.map(explanationLines),
  ];
  terminal.print(blocks.map((lines) => lines.join("\n")).join("\n\n"));
}

function jsonOf(
  { id }: SchedulingCase,
  { result, costs, explained, profile }: SchedulingProfile,
  files: readonly string[],
  top: number,
): string {
  const functions = selfTimes(profile)
    .filter(({ frame }) => frame !== "(idle)")
    .slice(0, FUNCTIONS_MAX);
  const { seed, nodes, podsMeasured, podsScheduled, durationMs, warnings } = result;
  const slowest = result.slowest.slice(0, top);
  const run = { seed, nodes, podsMeasured, podsScheduled, durationMs, warnings };
  return JSON.stringify({ case: id, ...run, costs, slowest, explained, functions, files });
}
