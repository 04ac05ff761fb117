// `plumb verify SUBJECT` carried out: find out what this machine can, run it, and put the findings into a run record:
// the subject's own, if it is a run, or one of its own.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { realClock } from "../base/clock.js";
import { PlumbError } from "../base/errors.js";
import { realTimers } from "../base/timers.js";
import { packageRoot } from "../base/source-path.js";
import { readCalibration, recordedCalibration } from "../calibration/calibration-file.js";
import { recordedScenario, scenarioOfRecord } from "../experiment/recorded-scenario.js";
import { scenarioDigest } from "../experiment/scenario.js";
import type { PacketsCase, Scenario } from "../experiment/scenario-types.js";
import { prepareCase } from "../experiment/prepare.js";
import { DEFAULT_BUDGET_MS } from "../experiment/verify-kernel/timing.js";
import {
  type KernelFindings,
  type VerifiedCluster,
  type VerifyKernelOptions,
  plannedCommands,
  verifyKernel,
} from "../experiment/verify-kernel/verify-kernel.js";
import type { KernelTimes } from "../experiment/verify-kernel/verify-times.js";
import { type Command, commandText } from "../kernel/host/command.js";
import type { KernelPath, KernelRecord } from "../measure/kernel-record.js";
import { kernelSentence, verificationOf } from "../measure/kernel-verdict.js";
import { type Environment, RUN_SCHEMA_VERSION, type RunRecord, type Verdict } from "../measure/run-record.js";
import { calibrateHere, environmentHere, loadingTools, machineText } from "./calibration-host.js";
import type { CommandContext } from "./context.js";
import { interruptSignals } from "./interrupt-signals.js";
import { type KernelPlan, openKernels, planKernels } from "./kernel-hosts.js";
import { kernelText } from "./kernel-text.js";
import { makeOutputFolder } from "./output-folder.js";
import { loadScenario } from "./presets.js";
import { readRun, writeRun } from "./run-folder.js";
import { checkoutCommit, repeatCommand } from "./run-identity.js";
import type { Terminal } from "./terminal.js";
import { toolVersion } from "./version.js";

export interface VerifyOptions {
  readonly timing?: boolean;
  readonly flows: number;
  readonly paths?: readonly KernelPath[];
  readonly seed: number;
  readonly calibration?: string;
  readonly kernel: "optional" | "required";
  readonly dryRun?: boolean;
  /** Seconds. */
  readonly timeBudget?: number;
  readonly output?: string;
  readonly json?: boolean;
}

interface Subject {
  readonly name: string;
  readonly scenario: Scenario;
  /** The run that the findings go into; null: they are a record of their own. */
  readonly run: { readonly record: RunRecord; readonly folder: string } | null;
}

/** Of --calibration: the one that ships. */
const RECORDED = "recorded";
const EXIT_MISMATCH = 12;
const FORMATS = ["html", "md", "csv"] as const;

export async function verifyAgainstKernel(
  name: string,
  options: VerifyOptions,
  context: CommandContext,
): Promise<void> {
  const subject = readSubject(name);
  const plan = await planKernels(options.paths ?? null);
  if (isEmpty(plan) && options.kernel === "required") throw nothingToVerifyWith(plan);
  if (options.dryRun) {
    printPlan(subject, plan, options, context.terminal);
    return;
  }
  const folder = outputFolder(subject, options);
  const record = await verified(subject, plan, options, context);
  const written = runRecord(subject, record, context.argv);
  writeRun(folder, written, FORMATS);
  if (options.json) context.terminal.print(JSON.stringify(record));
  else {
    context.terminal.print(kernelText(record));
    context.terminal.print(`\n${kernelSentence(record)}`);
    context.terminal.print(`report: ${join(folder, "report.html")}`);
  }
  if (verificationOf(record).state === "mismatch") context.exitCode = EXIT_MISMATCH;
}

/** What would be run inside the sandbox, and inside the user-mode Linux. */
function printPlan(
  { name, scenario }: Subject,
  { nativePaths, userMode, missing }: KernelPlan,
  { seed, flows, timing }: VerifyOptions,
  { print, note }: Terminal,
): void {
  const cluster = clusterOf(name, scenario);
  const paths: readonly KernelPath[] = [...nativePaths, ...(userMode === null ? [] : (["ipvs"] as const))];
  for (const { title, commands } of plannedCommands(paths, { cluster, seed, flows })) {
    print(`# ${title}`);
    for (const command of commands) for (const line of planLines(command)) print(line);
    print("exchange < packets > what came out");
  }
  if (timing)
    note("--timing: nodes made in the same way, larger; rules timed by pace, loaded anew by the same tools");
  for (const { what, reason, detail } of missing) note(`not verified: ${what} (${reason}): ${detail}`);
}

/** Rules longer than this are counted, not shown: plumb compile prints them. */
const LINES_SHOWN = 20;

function planLines(command: Command): readonly string[] {
  const { stdin } = command;
  if (stdin === undefined) return [commandText(command)];
  const lines = [...stdin()].join("").trimEnd().split("\n");
  const opening = commandText(command).replace(/ < rules$/, "");
  if (lines.length > LINES_SHOWN) return [`${opening}    # ${lines.length} lines of rules`];
  return [`${opening} <<'END'`, ...lines, "END"];
}

/** A run by its folder or result.json; otherwise a preset or scenario file. */
function readSubject(name: string): Subject {
  if (existsSync(name) && !/\.ya?ml$/.test(name)) {
    const run = readRun(name);
    return { name: run.record.scenario.name, scenario: scenarioOfRecord(run.record.scenario.resolved), run };
  }
  const scenario = loadScenario(name);
  return { name: scenario.name, scenario, run: null };
}

function isEmpty({ nativePaths, userMode }: KernelPlan): boolean {
  return nativePaths.length === 0 && userMode === null;
}

function nothingToVerifyWith({ missing }: KernelPlan): PlumbError {
  const [first] = missing;
  return new PlumbError("ToolMissing", `Cannot verify: ${first?.detail ?? "no path was asked for"}`, {
    hint: `${first?.reason ?? "NOT_ASKED"}; plumb doctor lists what this machine can verify`,
  });
}

async function verified(
  { scenario, name }: Subject,
  plan: KernelPlan,
  options: VerifyOptions,
  { terminal }: CommandContext,
): Promise<KernelRecord> {
  const startedAt = realClock.wall().toISOString();
  const interrupt = interruptSignals(terminal);
  const environment = environmentHere(realClock);
  const frame = (findings: KernelFindings): KernelRecord => ({
    startedAt,
    finishedAt: realClock.wall().toISOString(),
    seed: options.seed,
    host: hostOf(environment),
    ...findings,
  });
  const run = {
    signal: interrupt.finish,
    onProgress: (text: string) => terminal.progress(text, { milestone: false }),
  };
  const kernels = await openKernels(plan);
  try {
    if (isEmpty(plan))
      return frame({
        behaviour: [],
        timing: null,
        programming: [],
        userspace: null,
        notVerified: plan.missing,
      });
    const findings = await verifyKernel({
      hosts: kernels.hosts,
      cluster: clusterOf(name, scenario),
      seed: options.seed,
      flows: options.flows,
      times: options.timing === true ? timesFor(options, plan, environment, run) : null,
      timers: realTimers,
      ...run,
    });
    return frame({ ...findings, notVerified: [...plan.missing, ...findings.notVerified] });
  } finally {
    await kernels.close();
    interrupt.release();
  }
}

/** Calibrated here, unless a file was given: what one machine's kernel costs says little of another's. */
function timesFor(
  { calibration: file, timeBudget, seed }: VerifyOptions,
  { privilege }: KernelPlan,
  { fingerprint }: Environment,
  run: Pick<VerifyKernelOptions, "signal" | "onProgress">,
): KernelTimes {
  return {
    budgetMs: timeBudget === undefined ? DEFAULT_BUDGET_MS : timeBudget * 1000,
    async calibration() {
      if (file === undefined && privilege === "root") {
        const { calibration } = await calibrateHere({ seed, ...run });
        return { calibration, isOwn: true };
      }
      const calibration =
        file === undefined || file === RECORDED ? recordedCalibration() : readCalibration(file);
      return { calibration, isOwn: calibration.fingerprint === fingerprint };
    },
  };
}

/** The scenario's smallest cluster; null when it sends no packets through Services. */
function clusterOf(name: string, { cases, seed }: Scenario): VerifiedCluster | null {
  const smallest = cases
    .filter((one): one is PacketsCase => one.kind === "packets" && one.cluster.source.kind !== "iptablesSave")
    .reduce<PacketsCase | null>(
      (least, one) => (least === null || sizeOf(one) < sizeOf(least) ? one : least),
      null,
    );
  if (smallest === null) return null;
  return {
    name,
    objects: prepareCase(smallest, seed).objects,
    configFor: (mode) => prepareCase({ ...smallest, mode }, seed).config,
  };
}

function sizeOf({ cluster: { source, replicate } }: PacketsCase): number {
  return source.kind === "services" ? source.services.services * replicate : replicate;
}

function hostOf(environment: Environment): KernelRecord["host"] {
  const { kernel, fingerprint } = environment;
  return { kernel, machine: machineText(environment), fingerprint, tools: loadingTools() };
}

function outputFolder({ name, run }: Subject, { output }: VerifyOptions): string {
  if (run !== null && output === undefined) return run.folder;
  if (output !== undefined) return makeOutputFolder(output);
  const stamp = realClock.wall().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return makeOutputFolder(join(packageRoot, "reports", `verify-${name}-${stamp}`));
}

function runRecord(
  { name, scenario, run }: Subject,
  kernel: KernelRecord,
  argv: readonly string[],
): RunRecord {
  const verification = verificationOf(kernel);
  if (run !== null)
    return { ...run.record, schemaVersion: RUN_SCHEMA_VERSION, verification, kernelVerification: kernel };
  return {
    schemaVersion: RUN_SCHEMA_VERSION,
    tool: { name: "plumbline", version: toolVersion(), commit: checkoutCommit(), wasm: {} },
    run: {
      id: `verify-${name}-${kernel.startedAt}`,
      startedAt: kernel.startedAt,
      finishedAt: kernel.finishedAt,
      argv,
      seed: kernel.seed,
      status: "complete",
    },
    scenario: {
      name: `verify ${name}`,
      purpose: "Do rules and costs as modelled agree with a real Linux kernel?",
      digest: scenarioDigest(scenario, new Map()),
      resolved: recordedScenario(scenario),
    },
    environment: environmentHere(realClock),
    cases: [],
    thresholds: [],
    verification,
    kernelVerification: kernel,
    verdict: verdictOf(kernel, argv),
    warnings: [],
  };
}

function verdictOf(kernel: KernelRecord, argv: readonly string[]): Verdict {
  const { state } = verificationOf(kernel);
  const status = ({ verified: "pass", mismatch: "fail", "not-verified": "inconclusive" } as const)[state];
  return { status, answer: kernelSentence(kernel), reasons: [], reproduce: repeatCommand(argv) };
}
