// What packets and programming cost: in the machine's own kernel, in a user-mode Linux for IPVS, and through a real
// userspace proxy. Each part that cannot be had says why.
import type { Timers } from "../../base/timers.js";
import type { Calibration } from "../../calibration/calibration.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { DEFAULT_USERSPACE, measureUserspace } from "../../kernel/userspace/measure-userspace.js";
import type { KernelPath, KernelRecord, NotVerifiedRecord } from "../../measure/kernel-record.js";
import { IPVS_BUDGET_MS } from "./one-at-a-time.js";
import { verifyProgramming } from "./programming.js";
import {
  DEFAULT_PACING,
  DEFAULT_SWEEP,
  type TimingOptions,
  type TimingResult,
  verifyTiming,
} from "./timing.js";
import { withUserModeTimes } from "./user-mode-timing.js";

/** A kernel, and the paths that it is to verify. */
export interface PathsHost {
  readonly host: KernelHost;
  readonly paths: readonly KernelPath[];
  /** In a user namespace: transactions must be small, and times are not comparable. */
  readonly isUnprivileged: boolean;
}

export interface KernelTimes {
  /** Prices that packets are modelled with; asked for once, when everything before is done. */
  readonly calibration: () => Promise<{ readonly calibration: Calibration; readonly isOwn: boolean }>;
  /** Wall time for all of it, ms. */
  readonly budgetMs: number;
}

export interface VerifyTimesOptions {
  readonly hosts: readonly PathsHost[];
  readonly seed: number;
  /** null: not asked for. */
  readonly times: KernelTimes | null;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

export type FoundTimes = Pick<KernelRecord, "timing" | "programming" | "userspace" | "notVerified">;

/** @throws {PlumbError} when a kernel cannot be given rules or packets; the signal's reason when aborted */
export async function verifyTimes(options: VerifyTimesOptions): Promise<FoundTimes> {
  const { times, hosts, timers, seed, signal, onProgress } = options;
  if (times === null)
    return {
      timing: null,
      programming: [],
      userspace: null,
      notVerified: [gap("NOT_ASKED", "--timing does it")],
    };
  onProgress("userspace proxy");
  const userspace = await measureUserspace({ ...DEFAULT_USERSPACE, timers, seed, signal });
  const timed = timedHosts(hosts);
  if ("reason" in timed) return { timing: null, programming: [], userspace, notVerified: [timed] };
  return { ...(await kernelTimes(options, times, timed)), userspace };
}

export interface TimedHosts {
  readonly native: PathsHost | undefined;
  /** For IPVS, where the native kernel has none. */
  readonly guest: PathsHost | undefined;
}

/** @returns why nothing can be timed, when neither kernel can be */
export function timedHosts(hosts: readonly PathsHost[]): TimedHosts | NotVerifiedRecord {
  const native = hosts.find(({ host }) => host.kind === "native");
  const guest = hosts.find(({ host, paths }) => host.kind === "user-mode" && paths.includes("ipvs"));
  if (native === undefined && guest === undefined)
    return gap("ENV_NO_NETNS", "no path that was asked for can be loaded into this machine's own kernel");
  if (native?.isUnprivileged)
    return gap("ENV_NO_ROOT", "times in a user namespace are not comparable; run as root");
  return { native, guest };
}

async function kernelTimes(
  { seed, timers: clock, signal, onProgress }: VerifyTimesOptions,
  times: KernelTimes,
  { native, guest }: TimedHosts,
): Promise<Omit<FoundTimes, "userspace">> {
  const { calibration, isOwn: calibrationIsOwn } = await times.calibration();
  const given = { clock, seed, signal, onProgress };
  const priced = { ...given, calibration, calibrationIsOwn };
  const own = native && (await nativeTimes(native, priced, times.budgetMs));
  const timed = await withUserModeTimes(own ?? { timing: null, notVerified: [] }, {
    ...priced,
    budgetMs: Math.min(times.budgetMs, IPVS_BUDGET_MS),
    host: guest?.host ?? null,
  });
  if (native === undefined) return { ...timed, programming: [] };
  const { programming, notVerified } = await verifyProgramming({ ...given, ...native });
  return { timing: timed.timing, programming, notVerified: [...timed.notVerified, ...notVerified] };
}

function nativeTimes(
  { host, paths }: PathsHost,
  given: Pick<TimingOptions, "clock" | "calibration" | "calibrationIsOwn" | "signal" | "onProgress"> & {
    readonly seed: number;
  },
  budgetMs: number,
): Promise<TimingResult> {
  return verifyTiming({
    ...given,
    host,
    budgetMs,
    pacing: { ...DEFAULT_PACING, seed: given.seed, cpu: "last" },
    sweep: { ...DEFAULT_SWEEP, paths: DEFAULT_SWEEP.paths.filter((path) => paths.includes(path)) },
  });
}

function gap(reason: NotVerifiedRecord["reason"], detail: string): NotVerifiedRecord {
  return { what: "timing", reason, detail };
}
