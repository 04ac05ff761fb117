// plumb run: carry out a scenario and write its result and report into a folder of its own.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { PlumbError } from "../../base/errors.js";
import { realClock } from "../../base/clock.js";
import { readCalibration } from "../../calibration/calibration-file.js";
import { packageRoot } from "../../base/source-path.js";
import { checkInputs } from "../../experiment/check-inputs.js";
import { resolveCases } from "../../experiment/scenario.js";
import type { Labels, Scenario } from "../../experiment/scenario-types.js";
import { withFloors } from "../../experiment/scheduling/floors.js";
import { CONFIG_LABEL } from "../../experiment/scheduling/scheduling-cases.js";
import { DEFAULT_CONFIG } from "../../experiment/scheduling/scheduling-fields.js";
import { compareCases } from "../../measure/compare.js";
import { formatComparison } from "../../measure/comparison-text.js";
import { writeRecord } from "../../measure/record-json.js";
import type { RunRecord } from "../../measure/run-record.js";
import { type Through, THROUGHS } from "../../measure/scheduling-record.js";
import { formatTable } from "../../report/terminal.js";
import type { LoadModel } from "../../workload/arrivals.js";
import type { CommandContext } from "../context.js";
import { interruptSignals } from "../interrupt-signals.js";
import { makeOutputFolder } from "../output-folder.js";
import { loadModel } from "../load-model.js";
import { ownCalibrationNote } from "../verify/own-calibration.js";
import { loadScenario } from "../presets.js";
import { progressReporter } from "../progress.js";
import { carryOut } from "../run-scenario.js";
import { FORMATS, type Format, formatList, writeRun } from "../run-folder.js";
import type { Terminal } from "../terminal.js";
import { positiveNumber, seedValue } from "../whole-number.js";

interface RunOptions {
  readonly set: readonly (readonly [string, string])[];
  readonly seed?: number;
  readonly samples?: number;
  readonly timeBudget?: string;
  readonly only?: string;
  readonly labels?: string;
  readonly schedulerConfig: readonly string[];
  readonly load?: LoadModel;
  readonly through?: Through;
  readonly gate?: boolean;
  readonly calibration?: string;
  readonly output?: string;
  readonly format: readonly Format[];
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

const EXAMPLES = `
Examples:
  plumb run quick                              the main job: proxy modes at 100, 1,000 and 10,000 Services
  plumb run cliff -o reports/cliff             100 to 50,000 Services
  plumb run quick --set services=5000 --set mode=[iptables,nftables]
  plumb run mine.yaml --samples 10 --json > result.json
  plumb run quick --dry-run                    every resolved value, nothing runs
  plumb run scheduler_perf:SchedulingBasic/5000Nodes_10000Pods
  plumb run 'scheduler_perf:*' --labels integration-test,short --samples 1
  plumb run performance-config.yaml:MyCase --scheduler-config default --scheduler-config mine.yaml
  plumb run sched-basic --load 'poisson 500/s' --gate
  plumb run scheduler_perf:SchedulingBasic/5000Nodes_10000Pods --through api
                                               the same workload, with an API server between the scheduler and its Pods

A run ends with the folder's path. Ctrl-C finishes the block under way and saves a partial result; twice stops now.`;

export function registerRun(program: Command, context: CommandContext): void {
  program
    .command("run <scenario>")
    .description("run a preset, a scenario file or scheduler workloads; write result.json and report.html")
    .option("--set <key=value>", "set a parameter, an axis, or a path below spec (repeatable)", setting, [])
    .option("--seed <n>", "seed of everything that is drawn", seedValue)
    .option("--samples <n>", "blocks: fresh processes per case", positiveNumber)
    .option("--time-budget <duration>", "stop starting blocks when this is used up, e.g. 2m")
    .option("--only <pattern>", "cases whose id matches, * stands for anything")
    .option("--labels <filter>", "of the workloads named, those with these labels, e.g. performance,-short")
    .option(
      "--scheduler-config <file>",
      'KubeSchedulerConfiguration for all that is scheduled, or "default"; two or more are compared (repeatable)',
      schedulerConfig,
      [],
    )
    .option(
      "--load <model>",
      "how Pods arrive: 'closed', 'fixed 500/s', 'poisson 500/s', 'waves 100 1s'",
      loadModel,
    )
    .addOption(
      new Option(
        "--through <way>",
        "what stands between the scheduler and its objects: nothing, or a whole control plane, in real time",
      ).choices(THROUGHS),
    )
    .option("--gate", "hold workloads to the floors that their authors set")
    .option(
      "--calibration <file>",
      "costs that modelled times are made of (plumb calibrate; default: recorded)",
    )
    .option("-o, --output <dir>", "folder to write (default: reports/NAME-TIME)")
    .option("--format <list>", `files beside result.json: ${Object.keys(FORMATS).join(",")}`, formatList, [
      "html",
      "md",
      "csv",
    ])
    .option("--json", "print result.json on stdout instead of the table")
    .option("--dry-run", "print the resolved scenario and write nothing")
    .addHelpText("after", EXAMPLES)
    .action((name: string, options: RunOptions) => runCommand(name, options, context));
}

async function runCommand(name: string, options: RunOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const scenario = resolveScenario(name, options);
  if (options.dryRun) {
    terminal.print(JSON.stringify(scenario, null, 2));
    return;
  }
  checkInputs(scenario);
  const calibration =
    options.calibration === undefined ? {} : { calibration: readCalibration(options.calibration) };
  const folder = runFolder(scenario, options.output);
  terminal.note(describe(scenario));
  const note = options.calibration === undefined ? ownCalibrationNote(process.env) : null;
  if (note !== null) terminal.note(note);
  const interrupt = interruptSignals(terminal);
  let record: RunRecord;
  try {
    record = await carryOut(scenario, {
      argv: context.argv,
      clock: realClock,
      onProgress: progressReporter(terminal),
      ...calibration,
      ...interrupt,
    });
  } finally {
    interrupt.release();
  }
  writeRun(folder, record, options.format);
  if (options.json) terminal.print(writeRecord(record).trimEnd());
  else printResult(record, folder, terminal);
  context.exitCode = interrupt.exitCode() || exitCode(record, { budgeted: options.timeBudget !== undefined });
}

function resolveScenario(name: string, options: RunOptions): Scenario {
  const { labels, schedulerConfig: schedulerConfigs, load = null, through = null, only, gate } = options;
  const loaded = loadScenario(name, {
    set: settings(options),
    scheduling: { schedulerConfigs, load, through },
    ...(labels === undefined ? {} : { labels }),
  });
  const asks = schedulerConfigs.length > 0 || load !== null || through !== null || gate === true;
  if (asks && !loaded.cases.some(({ kind }) => kind === "scheduling"))
    throw new PlumbError("Usage", `Cannot run '${name}' so: it schedules nothing`, {
      hint: "--scheduler-config, --load, --through and --gate are for scenarios with spec.scheduling and for workloads",
    });
  const gated = gate === true ? withFloors(loaded) : loaded;
  return only === undefined ? gated : selectCases(gated, only);
}

/** Thresholds on cases that were not selected are not judged; one that no case ever met still fails. */
function selectCases(scenario: Scenario, only: string): Scenario {
  const cases = resolveCases(scenario, only);
  const meets = (among: Scenario["cases"]) => (where: Labels) =>
    among.some(({ labels }) => Object.entries(where).every(([name, value]) => labels[name] === value));
  const thresholds = scenario.thresholds.filter(
    ({ where }) => meets(cases)(where) || !meets(scenario.cases)(where),
  );
  return { ...scenario, cases, thresholds };
}

/** Options that stand for a setting come last, so that they win over --set. */
function settings({ set, seed, samples, timeBudget }: RunOptions): (readonly [string, string])[] {
  return [
    ...set,
    ...(seed === undefined ? [] : [["seed", String(seed)] as const]),
    ...(samples === undefined ? [] : [["sampling.samples", String(samples)] as const]),
    ...(timeBudget === undefined ? [] : [["sampling.timeBudget", timeBudget] as const]),
  ];
}

function setting(
  text: string,
  before: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new PlumbError("Usage", `Cannot set '${text}': expected key=value, for example services=5000`);
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

function schedulerConfig(file: string, before: readonly string[]): readonly string[] {
  return [...before, file === DEFAULT_CONFIG ? file : resolve(file)];
}

/** A result is never written over another. */
function runFolder({ name }: Scenario, output: string | undefined): string {
  if (output === undefined) {
    const stamp = realClock.wall().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
    return makeOutputFolder(uniqueFolder(join(packageRoot, "reports", `${name}-${stamp}`)));
  }
  const folder = makeOutputFolder(output);
  if (existsSync(join(folder, "result.json"))) {
    throw new PlumbError("Usage", `Cannot write into '${output}': it holds the result of another run`, {
      hint: "give -o another folder, or remove that one",
    });
  }
  return folder;
}

function uniqueFolder(folder: string): string {
  let candidate = folder;
  for (let number = 2; existsSync(candidate); number++) candidate = `${folder}-${number}`;
  return candidate;
}

function describe({ name, purpose, cases, sampling }: Scenario): string {
  const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return `${name}: ${purpose}\n${counted(cases.length, "case")} x ${counted(sampling.samples, "block")}, a fresh process each`;
}

function printResult(record: RunRecord, folder: string, terminal: Terminal): void {
  terminal.print(formatTable(record, { width: terminal.width, color: terminal.color }));
  terminal.print("");
  if (configsOf(record).size > 1) {
    terminal.print(formatComparison(compareCases(record, { label: CONFIG_LABEL })));
    terminal.print("");
  }
  for (const reason of record.verdict.status === "fail" ? record.verdict.reasons : []) terminal.warn(reason);
  if (record.run.status === "partial") terminal.warn("partial result: not all blocks were run");
  terminal.print(`repeat: ${record.verdict.reproduce}`);
  terminal.print(`report: ${join(folder, "report.html")}`);
}

/** Scheduler configurations that the run holds against each other. */
function configsOf({ cases }: RunRecord): ReadonlySet<unknown> {
  return new Set(cases.flatMap(({ labels, scheduling }) => (scheduling ? [labels[CONFIG_LABEL]] : [])));
}

/** A preset's own budget is a courtesy: only one that was asked for ends the command with 124. */
function exitCode(record: RunRecord, { budgeted }: { budgeted: boolean }): number {
  if (record.cases.some(({ status }) => status === "failed")) return 1;
  if (record.thresholds.some(({ ok }) => ok !== true)) return 10;
  return budgeted && record.run.status === "partial" ? 124 : 0;
}
