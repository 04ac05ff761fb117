// The calibration of a host: probes loaded, each in a node of its own, timed like a sweep, and turned into prices.
import { PlumbError } from "../../base/errors.js";
import { type Calibration, FLAVOURS, type Flavour } from "../../calibration/calibration.js";
import { calibrationProbes } from "../../calibration/primitives/index.js";
import { SET_UPS, setUpProbeId } from "../../calibration/primitives/path-probes.js";
import { type CalibrationAbout, calibrationFrom } from "../../calibration/primitives/prices.js";
import {
  type Probe,
  PROBE_PORT,
  PROBE_VIP,
  type Spread,
  timeKey,
} from "../../calibration/primitives/probe.js";
import type { ProbeTimes } from "../../calibration/primitives/time-reader.js";
import type { ControlRecord, PacketKind } from "../../measure/kernel-record.js";
import type { KernelHost } from "../host/command.js";
import { loadRules } from "../host/rule-loading.js";
import { runCommand, runCommands } from "../host/run-commands.js";
import { makeNode, namespacesOf, type NodeSpec } from "../host/topology.js";
import type { PaceTarget } from "../injector/pace.js";
import { timeIpvsProbes } from "./calibrate-ipvs.js";
import { conntrackOnly } from "./controls.js";
import { IPVS_PACING } from "./ipvs-pacing.js";
import { type CasesToTime, type Pacing, timeCases } from "./time-cases.js";

export interface CalibrateOptions {
  readonly pacing: Pacing;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}

/** What probes took. */
export interface TimedProbes {
  readonly times: ProbeTimes;
  /** Flavours of which this kernel or its tools refuse a probe, and what they said; none of theirs was timed. */
  readonly refused: readonly { readonly flavour: Flavour; readonly why: string }[];
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
 * Cost: about a minute, half of it loading, and 45 s for ip_vs.
 * @throws {PlumbError} Internal when a node cannot be made or packets cannot be timed; the signal's reason when aborted
 */
export async function calibrate(
  host: KernelHost,
  about: Omit<CalibrationAbout, "flavours" | "ipvsTimes">,
  options: CalibrateOptions & { readonly openIpvs: () => Promise<IpvsKernel> },
): Promise<Calibrated> {
  const { times, ...rest } = await timeProbes(host, calibrationProbes(), options);
  const flavours = FLAVOURS.filter((flavour) => !rest.refused.some((each) => each.flavour === flavour));
  const { ipvsTimes, ipvsRefused } = await ipvsTimesOf(await options.openIpvs(), options);
  const calibration = calibrationFrom(times, { ...about, flavours, ipvsTimes });
  return { calibration, ipvsRefused, ...rest };
}

/** The kernel that has ip_vs, or why none is at hand. */
export type IpvsKernel = { readonly host: KernelHost } | { readonly missing: string };

async function ipvsTimesOf(
  kernel: IpvsKernel,
  { pacing: { seed }, signal, onProgress }: CalibrateOptions,
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
  const controls: LoadedProbe[] = [];
  for (const control of CONTROLS) controls.push(await loadControl(host, control));
  const { loaded, refused } = await loadProbes(host, probes, options);
  const times = new Map<string, number>();
  const records: ControlRecord[] = [];
  let roundsRejected = 0;
  for (const packet of ["first", "established"] as const) {
    const run = await timeLoaded(host, [...controls, ...loaded], { ...options, packet });
    for (const [key, ns] of run.times) times.set(key, ns);
    records.push(...run.controls);
    roundsRejected += run.rejected;
  }
  return { times, refused, controls: records, roundsRejected };
}

const CONTROLS = ["none", "conntrack"] as const;

interface LoadedProbe extends Pick<Probe, "id" | "targets" | "cases"> {
  readonly spec: NodeSpec;
}

function specOf(name: string): NodeSpec {
  return { id: `probe-${name}`, interfaces: ["eth0"], addresses: ["192.168.0.2"] };
}

async function loadControl(host: KernelHost, id: (typeof CONTROLS)[number]): Promise<LoadedProbe> {
  const spec = specOf(id);
  await runCommands(host, makeNode(spec));
  if (id === "conntrack") await runCommand(host, await conntrackOnly(host, namespacesOf(spec).node));
  const cases = (["first", "established"] as const).map((packet) => ({ packet, spread: "fixed" as const }));
  return { id, spec, targets: [PROBE_VIP], cases };
}

/** All probes of a flavour, or none: prices are differences between them. */
async function loadProbes(
  host: KernelHost,
  probes: readonly Probe[],
  { signal, onProgress }: CalibrateOptions,
): Promise<Pick<TimedProbes, "refused"> & { readonly loaded: readonly LoadedProbe[] }> {
  const loaded: LoadedProbe[] = [];
  const refused: { flavour: Flavour; why: string }[] = [];
  for (const flavour of FLAVOURS) {
    const own = probes.filter(({ loader }) => loader === flavour);
    onProgress(`loading ${own.length} probes of ${flavour}`);
    const ofFlavour: LoadedProbe[] = [];
    try {
      for (const [index, probe] of own.entries()) {
        signal?.throwIfAborted();
        ofFlavour.push(await loadProbe(host, probe, `${flavour}-${index}`));
      }
      loaded.push(...ofFlavour);
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      refused.push({ flavour, why: error.message });
    }
  }
  return { loaded, refused };
}

async function loadProbe(host: KernelHost, probe: Probe, name: string): Promise<LoadedProbe> {
  const { id, loader, texts, targets, cases } = probe;
  const spec = specOf(name);
  await runCommands(host, makeNode(spec));
  await runCommands(host, loadRules(loader, "IPv4", texts, namespacesOf(spec).node));
  return { id, spec, targets, cases };
}

interface LoadedRun {
  readonly times: ProbeTimes;
  readonly controls: readonly ControlRecord[];
  readonly rejected: number;
}

async function timeLoaded(
  host: KernelHost,
  probes: readonly LoadedProbe[],
  options: CalibrateOptions & { readonly packet: PacketKind },
): Promise<LoadedRun> {
  const { packet, pacing, signal, onProgress } = options;
  const keys: string[] = [];
  const cases: CasesToTime["cases"][number][] = [];
  for (const [node, probe] of probes.entries())
    for (const { spread } of probe.cases.filter((each) => each.packet === packet)) {
      keys.push(timeKey(probe.id, packet, spread));
      cases.push({ node, targets: targetsOf(probe, spread), chunksPerPass: chunksPerPass(probe) });
    }
  const timed = await timeCases(host, pacing, {
    packet,
    nodes: probes.map(({ spec }) => spec),
    cases,
    controls: CONTROLS.map((_, index) => index),
    signal,
    onRound: ({ counting, wanted, rejected }) =>
      onProgress(
        `timing probes, ${packet} packets: round ${counting + 1} of ${wanted}, ${rejected} disturbed so far`,
      ),
  });
  const nsOf = (index: number) => timed.cases[index]?.ns as number;
  return {
    times: new Map(keys.map((key, index) => [key, nsOf(index)])),
    controls: CONTROLS.map((control, index) => ({
      control,
      kernel: host.kind,
      packet,
      ns: nsOf(index),
      noise: timed.noise[index] as number,
    })),
    rejected: timed.rejected,
  };
}

function targetsOf({ targets }: LoadedProbe, spread: Spread): PaceTarget[] {
  const asked = spread === "spread" ? targets : [targets[targets.length >> 1] as string];
  return asked.map((address) => ({ address, port: PROBE_PORT }));
}

/** In every prediction as they stand, where other prices are slopes over hundreds of rules: they are timed more often. */
const BASES: ReadonlySet<string> = new Set([
  ...CONTROLS,
  ...FLAVOURS.flatMap((flavour) => SET_UPS.map((setUp) => setUpProbeId(flavour, setUp))),
]);
const BASE_CHUNKS = 4;

function chunksPerPass({ id }: LoadedProbe): number {
  return BASES.has(id) ? BASE_CHUNKS : 1;
}
