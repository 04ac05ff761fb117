// This machine as records and calibrations name it, and its calibration.
import { spawnSync } from "node:child_process";
import type { Clock } from "../../base/clock.js";
import { realTimers } from "../../base/timers.js";
import { recordedCalibration } from "../../calibration/calibration-file.js";
import { Sandbox } from "../../kernel/host/sandbox.js";
import { calibrate, type Calibrated, CALIBRATION_PACING } from "../../kernel/timing/calibrate.js";
import { noiseFloor, readEnvironment, systemReaders } from "../../measure/environment.js";
import type { Environment } from "../../measure/run-record.js";
import { calibrateTimer } from "../../measure/timer.js";

export function environmentHere(clock: Clock): Environment {
  const noise = noiseFloor(clock);
  const timer = calibrateTimer(clock);
  return readEnvironment(systemReaders, { timer, noise, busyShare: null, stealShare: null });
}

/** "AMD EPYC, 2 cores, 23.5 GiB". */
export function machineText({ cpu, memoryBytes }: Environment): string {
  return `${cpu.model}, ${cpu.cores} cores, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
}

/**
 * Measure this machine's kernel, in a sandbox of its own. Cost: about a minute.
 * @throws {PlumbError} when namespaces cannot be made or packets cannot be timed; the signal's reason when aborted
 */
export async function calibrateHere(options: {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}): Promise<Calibrated> {
  const { seed, ...rest } = options;
  const environment = environmentHere(realTimers);
  const host = await Sandbox.open("root", realTimers);
  try {
    const about = {
      machine: [machineText(environment), `Linux ${environment.kernel}`, ...toolVersions()].join(", "),
      fingerprint: environment.fingerprint,
      measuredAt: realTimers.wall().toISOString(),
      recorded: recordedCalibration(),
    };
    const pacing = { ...CALIBRATION_PACING, seed, cpu: "last" } as const;
    return await calibrate(host, about, { ...rest, pacing });
  } finally {
    await host.close();
  }
}

/** "nft 1.0.6"; of the tools that tell. */
function toolVersions(): string[] {
  return Object.entries(loadingTools()).flatMap(([tool, text]) => {
    const version = /\d+(\.\d+)+/.exec(text)?.[0];
    return version === undefined ? [] : [`${tool} ${version}`];
  });
}

const TOOLS = ["iptables-legacy", "nft", "ipset", "ipvsadm"] as const;

/** Program -> the first line of what it says of its version; those that are there. */
export function loadingTools(): Record<string, string> {
  const versions = TOOLS.flatMap((tool): [string, string][] => {
    const { error, stdout } = spawnSync(tool, ["--version"], { encoding: "utf8" });
    return error === undefined ? [[tool, (stdout.split("\n")[0] ?? "").trim()]] : [];
  });
  return Object.fromEntries(versions);
}
