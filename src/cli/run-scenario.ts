// A scenario carried out on this machine: real processes, real clock, and everything a record says of its making.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { realClock } from "../base/clock.js";
import type { Calibration } from "../calibration/calibration.js";
import { recordedCalibration } from "../calibration/calibration-file.js";
import { PATH_OF_MODE, priceOrigins } from "../dataplane/cost-model.js";
import { coreDigest } from "../base/web-assembly.js";
import { assembleCases } from "../experiment/assemble.js";
import { type Execution, executeScenario, type ExecutorOptions } from "../experiment/executor.js";
import { forkSample } from "../experiment/fork-sample.js";
import { judgeRun, judgeThresholds } from "../experiment/judge.js";
import { NOT_STEADY } from "../experiment/traffic-phase.js";
import { measureCase } from "../experiment/measure-case.js";
import { recordedScenario } from "../experiment/recorded-scenario.js";
import { scenarioDigest } from "../experiment/scenario.js";
import type { Scenario } from "../experiment/scenario-types.js";
import { inputFilesOf } from "../experiment/scheduling/input-files.js";
import { realWaits } from "../experiment/scheduling/real-waits.js";
import {
  noiseFloor,
  readCpuUse,
  readEnvironment,
  sharesBetween,
  systemReaders,
} from "../measure/environment.js";
import { MODELLED_ERROR_SHARE } from "../measure/modelled-error.js";
import {
  type Environment,
  RUN_SCHEMA_VERSION,
  type RunRecord,
  type Verification,
  type Warning,
} from "../measure/run-record.js";
import { MODES } from "../netfilter/rule-model.js";
import { SAMPLES_FOR_CLAIM } from "../measure/summary.js";
import { calibrateTimer } from "../measure/timer.js";
import { SCHEDULER_CORE } from "../scheduler/columns/kernels.js";
import { answerSentence } from "../report/answer.js";
import { checkoutCommit, repeatCommand, withoutOutput } from "./run-identity.js";
import { toolVersion } from "./version.js";

export interface CarryOutOptions
  extends Pick<ExecutorOptions, "clock" | "finish" | "stopNow" | "onProgress" | "calibration"> {
  readonly argv: readonly string[];
}

/** Above this share of processor time used by others, timings are not worth much. */
const BUSY_SHARE_MAX = 0.1;
/** Above this share of samples with a timing that did not settle, the run says so. */
const UNSTEADY_SHARE_MAX = 0.5;
const NOT_VERIFIED: Verification = {
  state: "not-verified",
  reason: "NOT_REQUESTED",
  detail: "The rules were not loaded into a kernel by this run: modelled times are predictions.",
};

export async function carryOut(scenario: Scenario, options: CarryOutOptions): Promise<RunRecord> {
  const { clock } = options;
  const startedAt = clock.wall();
  const noise = noiseFloor(clock);
  const before = readCpuUse(systemReaders);
  const runSample =
    scenario.sampling.isolate === "process"
      ? forkSample
      : (request: Parameters<typeof forkSample>[0]) => measureCase(request, realClock, realWaits);
  const execution = await executeScenario(scenario, { ...options, runSample });
  const shares = sharesBetween(before, readCpuUse(systemReaders));
  const cases = assembleCases(scenario, execution);
  const thresholds = judgeThresholds(scenario.thresholds, cases);
  const warnings = runWarnings(scenario, execution, shares.busyShare);
  const environment = readEnvironment(systemReaders, { timer: calibrateTimer(clock), noise, ...shares });
  return {
    schemaVersion: RUN_SCHEMA_VERSION,
    tool: {
      name: "plumbline",
      version: toolVersion(),
      commit: checkoutCommit(),
      wasm: coreDigests(scenario),
    },
    run: {
      id: `${scenario.name}-${startedAt.toISOString()}`,
      startedAt: startedAt.toISOString(),
      finishedAt: clock.wall().toISOString(),
      argv: withoutOutput(options.argv),
      seed: scenario.seed,
      status: execution.end === "complete" ? "complete" : "partial",
    },
    scenario: {
      name: scenario.name,
      purpose: scenario.purpose,
      digest: scenarioDigest(scenario, inputDigests(scenario)),
      resolved: recordedScenario(scenario),
    },
    environment,
    calibration: calibrationRecord(options.calibration ?? recordedCalibration(), environment),
    cases,
    thresholds,
    verification: NOT_VERIFIED,
    verdict: judgeRun({
      cases,
      thresholds,
      warnings,
      answer: answerSentence(cases),
      reproduce: repeatCommand(options.argv),
    }),
    warnings,
  };
}

function calibrationRecord(
  calibration: Calibration,
  { fingerprint }: Environment,
): NonNullable<RunRecord["calibration"]> {
  const { machine, measuredAt } = calibration;
  return {
    machine,
    measuredAt,
    isOwn: calibration.fingerprint === fingerprint,
    errorShare: MODELLED_ERROR_SHARE,
    origins: Object.fromEntries(MODES.map((mode) => [mode, priceOrigins(PATH_OF_MODE[mode], calibration)])),
  };
}

function runWarnings(scenario: Scenario, execution: Execution, busyShare: number | null): Warning[] {
  const byCode = new Map<string, Warning>();
  for (const { warnings } of execution.results)
    for (const warning of warnings) byCode.set(warning.code, warning);
  const unsteady = execution.results.filter(({ warnings }) =>
    warnings.some(({ code }) => code === NOT_STEADY),
  );
  const restless = byCode.get(NOT_STEADY);
  // Now and then a warm-up is disturbed on any machine; the median over processes takes that.
  if (restless !== undefined && unsteady.length <= UNSTEADY_SHARE_MAX * execution.results.length)
    byCode.delete(NOT_STEADY);
  else if (restless !== undefined) {
    const message = `in ${unsteady.length} of ${execution.results.length} samples ${restless.message}`;
    byCode.set(NOT_STEADY, { ...restless, message });
  }
  if (execution.end === "interrupted") {
    byCode.set("INTERRUPTED", {
      code: "INTERRUPTED",
      message: `interrupted after ${execution.blocksDone} of ${scenario.sampling.samples} blocks`,
      hint: "run it again to the end",
    });
  }
  if (execution.blocksDone < SAMPLES_FOR_CLAIM && timed(scenario)) {
    const why = execution.end === "time-budget" ? "the time budget ran out" : "so few were asked for";
    byCode.set("TOO_FEW_SAMPLES", {
      code: "TOO_FEW_SAMPLES",
      message: `${blocksText(execution.blocksDone)}, because ${why}: timings carry no interval, below ${SAMPLES_FOR_CLAIM} samples no claim`,
      hint: "raise --time-budget or --samples",
    });
  }
  if (busyShare !== null && busyShare > BUSY_SHARE_MAX) {
    byCode.set("BUSY_MACHINE", {
      code: "BUSY_MACHINE",
      message: `others used ${Math.round(busyShare * 100)}% of the processors during the run`,
      hint: "counted values are not touched by that; repeat the run on a quiet machine for timings",
    });
  }
  return [...byCode.values()];
}

/** Whether some phase takes times; a scenario of counts needs one block only. */
function timed({ cases }: Scenario): boolean {
  return cases.some(
    (one) =>
      one.kind !== "packets" ||
      one.phases.some(({ kind }) => kind === "traffic" || kind === "workers" || kind === "program"),
  );
}

function inputDigests({ cases }: Scenario): ReadonlyMap<string, string> {
  const paths = cases.flatMap((one): readonly string[] => {
    if (one.kind === "scheduling") return inputFilesOf(one.spec);
    if (one.kind === "controlplane") return [];
    return one.cluster.source.kind === "services" ? [] : [one.cluster.source.path];
  });
  return new Map([...new Set(paths)].map((path) => [path, fileDigest(path)]));
}

/** A folder of manifests is known by its name only: its files are read by the samples. */
function fileDigest(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return path;
  }
}

function coreDigests({ cases }: Scenario): Record<string, string> {
  const names = new Set(cases.map((one) => (one.kind === "packets" ? one.mode : SCHEDULER_CORE)));
  return Object.fromEntries([...names].map((name) => [name, coreDigest(name)]));
}

function blocksText(count: number): string {
  return count === 1 ? "1 block" : `${count} blocks`;
}
