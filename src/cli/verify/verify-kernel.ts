// `plumb verify SUBJECT` carried out: find out what this machine can, run it, and put the findings into a run record:
// the subject's own, if it is a run, or one of its own.
import { join } from "node:path";
import { realClock } from "../../base/clock.js";
import { PlumbError } from "../../base/errors.js";
import { realTimers } from "../../base/timers.js";
import { packageRoot } from "../../base/source-path.js";
import { readCalibration, recordedCalibration } from "../../calibration/calibration-file.js";
import { DEFAULT_BUDGET_MS } from "../../experiment/verify-kernel/timing.js";
import { type KernelFindings, verifyKernel } from "../../experiment/verify-kernel/verify-kernel.js";
import type { KernelTimes } from "../../experiment/verify-kernel/verify-times.js";
import type { KernelPath, KernelRecord } from "../../measure/kernel-record.js";
import { kernelSentence, verificationOf } from "../../measure/kernel-verdict.js";
import type { Environment } from "../../measure/run-record.js";
import { calibrationAbout, environmentHere, loadingTools, machineText } from "./calibration-host.js";
import type { CommandContext } from "../context.js";
import { interruptSignals } from "../interrupt-signals.js";
import { type KernelPlan, openKernels, planKernels } from "./kernel-hosts.js";
import { kernelText } from "./kernel-text.js";
import { makeOutputFolder } from "../output-folder.js";
import { writeRun } from "../run-folder.js";
import { printPlan } from "./verify-plan.js";
import { runRecord } from "./verify-record.js";
import { clusterOf, readSubject, type Subject, unverifiedRules } from "./verify-subject.js";

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
  for (const path of unverifiedRules(subject.scenario))
    context.terminal.warn(
      `not verified: the rules of '${path}': flows are sent through rules that are compiled from a cluster`,
    );
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
  const kernels = await openKernels(plan, { isTimed: options.timing === true });
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
      times: options.timing === true ? timesFor(options, plan, environment) : null,
      timers: realTimers,
      ...run,
    });
    return frame({ ...findings, notVerified: [...plan.missing, ...findings.notVerified] });
  } finally {
    await kernels.close();
    interrupt.release();
  }
}

/** Prices measured here, unless a file was given: what one machine's kernel costs says little of another's. */
function timesFor(
  { calibration: file, timeBudget }: VerifyOptions,
  { privilege }: KernelPlan,
  environment: Environment,
): KernelTimes {
  const budgetMs = timeBudget === undefined ? DEFAULT_BUDGET_MS : timeBudget * 1000;
  if (file === undefined && privilege === "root") return { budgetMs, prices: calibrationAbout(environment) };
  const calibration = file === undefined || file === RECORDED ? recordedCalibration() : readCalibration(file);
  return { budgetMs, prices: { calibration, isOwn: calibration.fingerprint === environment.fingerprint } };
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
