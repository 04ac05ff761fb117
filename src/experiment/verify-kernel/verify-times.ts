// What packets and programming cost: in the machine's own kernel, in a user-mode Linux for IPVS, and through a real
// userspace proxy. Each part that cannot be had says why.
import { assert } from "../../base/assert.js";
import type { Timers } from "../../base/timers.js";
import { calibrationProbes } from "../../calibration/primitives/index.js";
import { type CalibrationAbout, calibrationFrom } from "../../calibration/primitives/prices.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { timeIpvs } from "../../kernel/timing/calibrate.js";
import { DEFAULT_USERSPACE, measureUserspace } from "../../kernel/userspace/measure-userspace.js";
import type { KernelPath, KernelRecord, NotVerifiedRecord } from "../../measure/kernel-record.js";
import { IPVS_BUDGET_MS } from "./one-at-a-time.js";
import { verifyProgramming } from "./programming.js";
import {
  DEFAULT_PACING,
  DEFAULT_SWEEP,
  type PricesToMake,
  type TimingOptions,
  verifyTiming,
} from "./timing.js";
import type { Prices } from "./timing-record.js";
import { withUserModeTimes } from "./user-mode-timing.js";

/** A kernel, and the paths that it is to verify. */
export interface PathsHost {
  readonly host: KernelHost;
  readonly paths: readonly KernelPath[];
  /** In a user namespace: transactions must be small, and times are not comparable. */
  readonly isUnprivileged: boolean;
}

export interface KernelTimes {
  /** What packets are modelled with, or of which machine it is to be measured beside them. */
  readonly prices: Prices | PricesToMeasure;
  /** Wall time for all of it, ms. */
  readonly budgetMs: number;
}

/** A native kernel, root's, must be among the hosts. */
export type PricesToMeasure = Omit<CalibrationAbout, "flavours" | "ipvsTimes">;

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

type Given = Pick<TimingOptions, "clock" | "signal" | "onProgress"> & { readonly seed: number };

async function kernelTimes(
  { seed, timers: clock, signal, onProgress }: VerifyTimesOptions,
  { prices: asked, budgetMs }: KernelTimes,
  { native, guest }: TimedHosts,
): Promise<Omit<FoundTimes, "userspace">> {
  const given = { clock, seed, signal, onProgress };
  const source = "calibration" in asked ? asked : pricesToMake(asked, { native, guest }, given);
  const own = native && (await nativeTimes(native, { ...given, budgetMs }, source));
  const prices = own?.prices ?? source;
  assert("calibration" in prices, "prices are measured in a native kernel");
  const found: Pick<FoundTimes, "timing" | "notVerified"> = own ?? { timing: null, notVerified: [] };
  const guestBudgetMs = Math.min(budgetMs, IPVS_BUDGET_MS);
  const timed =
    guest === undefined
      ? found
      : await withUserModeTimes(found, { ...given, prices, budgetMs: guestBudgetMs, host: guest.host });
  if (native === undefined) return { ...timed, programming: [] };
  const { programming, notVerified } = await verifyProgramming({ ...given, ...native });
  return { timing: timed.timing, programming, notVerified: [...timed.notVerified, ...notVerified] };
}

/** ip_vs is timed in the kernel whose rules of it are: where none has it, its recorded prices are scaled. */
function pricesToMake(about: PricesToMeasure, { native, guest }: TimedHosts, given: Given): PricesToMake {
  const host = native?.paths.includes("ipvs") ? native.host : guest?.host;
  const kernel = host === undefined ? { missing: "no kernel here has it" } : { host };
  return {
    probes: calibrationProbes(),
    async pricesFrom(times, flavours) {
      const { ipvsTimes } = await timeIpvs(kernel, given);
      return calibrationFrom(times, { ...about, flavours, ipvsTimes });
    },
  };
}

function nativeTimes(
  { host, paths }: PathsHost,
  { seed, ...given }: Given & Pick<TimingOptions, "budgetMs">,
  source: Prices | PricesToMake,
): ReturnType<typeof verifyTiming> {
  const pacing = { ...DEFAULT_PACING, seed, cpu: "last" } as const;
  const sweep = { ...DEFAULT_SWEEP, paths: DEFAULT_SWEEP.paths.filter((path) => paths.includes(path)) };
  return verifyTiming({ ...given, host, pacing, sweep }, source);
}

function gap(reason: NotVerifiedRecord["reason"], detail: string): NotVerifiedRecord {
  return { what: "timing", reason, detail };
}
