// The calibration of a host: probes loaded, each in a node of its own, timed like a sweep, and turned into prices.
import { PlumbError } from "../../base/errors.js";
import type { Calibration } from "../../calibration/calibration.js";
import { calibrationProbes } from "../../calibration/primitives/index.js";
import { type CalibrationAbout, calibrationFrom } from "../../calibration/primitives/prices.js";
import { type Probe, PROBE_PORT, PROBE_VIP, timeKey } from "../../calibration/primitives/probe.js";
import type { ProbeTimes } from "../../calibration/primitives/time-reader.js";
import type { ControlRecord, PacketKind } from "../../measure/kernel-record.js";
import type { KernelHost } from "../host/command.js";
import { timeIpvsProbes } from "./calibrate-ipvs.js";
import { controlRecords, CONTROLS, makeControls } from "./controls.js";
import { IPVS_PACING } from "./ipvs-pacing.js";
import {
  BASE_CHUNKS,
  flavoursBut,
  loadProbes,
  type ProbeCase,
  probeCases,
  probeSpec,
  type RefusedFlavour,
} from "./probe-nodes.js";
import { type CasesToTime, type Pacing, timeCases } from "./time-cases.js";
import type { TimedRounds } from "./time-rounds.js";

export interface CalibrateOptions {
  readonly pacing: Pacing;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}

/** What probes took. */
export interface TimedProbes {
  readonly times: ProbeTimes;
  /** None of theirs was timed. */
  readonly refused: readonly RefusedFlavour[];
  readonly controls: readonly ControlRecord[];
  readonly roundsRejected: number;
}

export interface Calibrated extends Omit<TimedProbes, "times"> {
  readonly calibration: Calibration;
  /** Why ip_vs keeps its recorded prices, scaled; null: it was timed. */
  readonly ipvsRefused: string | null;
}

/** Enough that the bases are known to a percent on a machine that does nothing else. */
export const CALIBRATION_PACING = { rounds: 6, passes: 4 } as const;

/**
 * Flavours that are refused keep their recorded prices.
 * Cost: three to four minutes, half a minute of it loading.
 * @throws {PlumbError} Internal when a node cannot be made or packets cannot be timed; the signal's reason when aborted
 */
export async function calibrate(
  host: KernelHost,
  about: Omit<CalibrationAbout, "flavours" | "ipvsTimes">,
  options: CalibrateOptions & { readonly openIpvs: () => Promise<IpvsKernel> },
): Promise<Calibrated> {
  const { times, ...rest } = await timeProbes(host, calibrationProbes(), options);
  const flavours = flavoursBut(rest.refused);
  const { ipvsTimes, ipvsRefused } = await timeIpvs(await options.openIpvs(), {
    ...options,
    seed: options.pacing.seed,
  });
  const calibration = calibrationFrom(times, { ...about, flavours, ipvsTimes });
  return { calibration, ipvsRefused, ...rest };
}

/** The kernel that has ip_vs, or why none is at hand. */
export type IpvsKernel = { readonly host: KernelHost } | { readonly missing: string };

/** Its probes where they can be timed, or why not. @throws the signal's reason when aborted */
export async function timeIpvs(
  kernel: IpvsKernel,
  { seed, signal, onProgress }: Pick<CalibrateOptions, "signal" | "onProgress"> & { readonly seed: number },
): Promise<{ readonly ipvsTimes: ProbeTimes | null; readonly ipvsRefused: string | null }> {
  if ("missing" in kernel) return { ipvsTimes: null, ipvsRefused: kernel.missing };
  try {
    const pacing = { ...IPVS_PACING, seed };
    return {
      ipvsTimes: await timeIpvsProbes(kernel.host, { pacing, signal, onProgress }),
      ipvsRefused: null,
    };
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return { ipvsTimes: null, ipvsRefused: error.message };
  }
}

/** Probes and the two controls, all alive at once. @throws as calibrate */
export async function timeProbes(
  host: KernelHost,
  probes: readonly Probe[],
  options: CalibrateOptions,
): Promise<TimedProbes> {
  const controls = await makeControls(host, probeSpec);
  const { loaded, refused } = await loadProbes(host, probes, options);
  const nodes = [...controls, ...loaded.map(({ spec }) => spec)];
  const times = new Map<string, number>();
  const records: ControlRecord[] = [];
  let roundsRejected = 0;
  for (const packet of ["first", "established"] as const) {
    const cases = [...controlCases(packet), ...probeCases(loaded, packet, controls.length)];
    const timed = await timeLoaded(host, { nodes, cases, packet }, options);
    for (const [index, { key }] of cases.entries()) times.set(key, timed.cases[index]?.ns as number);
    records.push(...controlRecords(timed, { kernel: host.kind, packet }));
    roundsRejected += timed.rejected;
  }
  return { times, refused, controls: records, roundsRejected };
}

/** In the order of CONTROLS, each in the node of its position. */
function controlCases(packet: PacketKind): readonly ProbeCase[] {
  const targets = [{ address: PROBE_VIP, port: PROBE_PORT }];
  return CONTROLS.map((control, node) => ({
    key: timeKey(control, packet, "fixed"),
    node,
    targets,
    chunksPerPass: BASE_CHUNKS,
  }));
}

function timeLoaded(
  host: KernelHost,
  what: Pick<CasesToTime, "nodes" | "cases" | "packet">,
  { pacing, signal, onProgress }: CalibrateOptions,
): Promise<TimedRounds> {
  return timeCases(host, pacing, {
    ...what,
    controls: CONTROLS.map((_, index) => index),
    signal,
    onRound: ({ counting, wanted, rejected }) =>
      onProgress(
        `timing probes, ${what.packet} packets: round ${counting + 1} of ${wanted}, ${rejected} disturbed so far`,
      ),
  });
}
