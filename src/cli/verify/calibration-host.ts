// This machine as records and calibrations name it, and its calibration.
import { spawnSync } from "node:child_process";
import type { Clock } from "../../base/clock.js";
import { realTimers } from "../../base/timers.js";
import { recordedCalibration } from "../../calibration/calibration-file.js";
import type { CalibrationAbout } from "../../calibration/primitives/prices.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { Sandbox } from "../../kernel/host/sandbox.js";
import {
  calibrate,
  type Calibrated,
  CALIBRATION_PACING,
  type IpvsKernel,
} from "../../kernel/timing/calibrate.js";
import { noiseFloor, readEnvironment, systemReaders } from "../../measure/environment.js";
import type { Environment } from "../../measure/run-record.js";
import { calibrateTimer } from "../../measure/timer.js";
import { type OpenKernels, openKernels, planKernels } from "./kernel-hosts.js";

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
 * Measure this machine's kernel, in a sandbox of its own. Cost: three to four minutes.
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
  const ipvs = new IpvsGuest(host);
  try {
    const pacing = { ...CALIBRATION_PACING, seed, cpu: "last" } as const;
    return await calibrate(host, calibrationAbout(environment), {
      ...rest,
      pacing,
      openIpvs: () => ipvs.open(),
    });
  } finally {
    await ipvs.close();
    await host.close();
  }
}

/** Of a calibration that is made now. */
export function calibrationAbout(environment: Environment): Omit<CalibrationAbout, "flavours" | "ipvsTimes"> {
  return {
    machine: [machineText(environment), `Linux ${environment.kernel}`, ...toolVersions()].join(", "),
    fingerprint: environment.fingerprint,
    measuredAt: realTimers.wall().toISOString(),
    recorded: recordedCalibration(),
  };
}

/** "nft 1.0.6"; of the tools that tell. */
function toolVersions(): string[] {
  return Object.entries(loadingTools()).flatMap(([tool, text]) => {
    const version = /\d+(\.\d+)+/.exec(text)?.[0];
    return version === undefined ? [] : [`${tool} ${version}`];
  });
}

/** ip_vs in the machine's own kernel, else in a user-mode Linux that is booted when it is asked for. */
class IpvsGuest {
  readonly #native: KernelHost;
  #opened: OpenKernels | null = null;

  constructor(native: KernelHost) {
    this.#native = native;
  }

  async open(): Promise<IpvsKernel> {
    const plan = await planKernels(["ipvs"]);
    if (plan.nativePaths.includes("ipvs")) return { host: this.#native };
    this.#opened = await openKernels(plan, { isTimed: false });
    const [guest] = this.#opened.hosts;
    return guest ?? { missing: plan.missing.map(({ detail }) => detail).join("; ") };
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }
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
