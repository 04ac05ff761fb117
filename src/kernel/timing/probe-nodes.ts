// Probes as nodes of a kernel, each loaded into one of its own, and what is sent through them.
import { PlumbError } from "../../base/errors.js";
import { FLAVOURS, type Flavour } from "../../calibration/calibration.js";
import { SET_UPS, setUpProbeId } from "../../calibration/primitives/path-probes.js";
import { type Probe, PROBE_PORT, type Spread, timeKey } from "../../calibration/primitives/probe.js";
import type { PacketKind } from "../../measure/kernel-record.js";
import type { KernelHost } from "../host/command.js";
import { loadRules } from "../host/rule-loading.js";
import { runCommands } from "../host/run-commands.js";
import { makeNode, namespacesOf, type NodeSpec } from "../host/topology.js";
import type { PaceTarget } from "../injector/pace.js";
import type { TimedCase } from "./time-cases.js";

export interface LoadedProbe extends Pick<Probe, "id" | "targets" | "cases"> {
  readonly spec: NodeSpec;
}

/** A flavour of which this kernel or its tools refuse a probe, and what they said. */
export interface RefusedFlavour {
  readonly flavour: Flavour;
  readonly why: string;
}

export function flavoursBut(refused: readonly RefusedFlavour[]): Flavour[] {
  return FLAVOURS.filter((flavour) => !refused.some((each) => each.flavour === flavour));
}

export interface LoadedProbes {
  readonly loaded: readonly LoadedProbe[];
  readonly refused: readonly RefusedFlavour[];
}

export interface LoadProbesOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}

/**
 * All probes of a flavour, or none: prices are differences between them.
 * Cost: half a minute for those of a calibration.
 * @throws the signal's reason when aborted
 */
export async function loadProbes(
  host: KernelHost,
  probes: readonly Probe[],
  { signal, onProgress }: LoadProbesOptions,
): Promise<LoadedProbes> {
  const loaded: LoadedProbe[] = [];
  const refused: RefusedFlavour[] = [];
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

/** The node of a probe or of a control beside probes. */
export function probeSpec(name: string): NodeSpec {
  return { id: `probe-${name}`, interfaces: ["eth0"], addresses: ["192.168.0.2"] };
}

async function loadProbe(host: KernelHost, probe: Probe, name: string): Promise<LoadedProbe> {
  const { id, loader, texts, targets, cases } = probe;
  const spec = probeSpec(name);
  await runCommands(host, makeNode(spec));
  await runCommands(host, loadRules(loader, "IPv4", texts, namespacesOf(spec).node));
  return { id, spec, targets, cases };
}

export interface ProbeCase extends TimedCase {
  /** Of its time among those of probes. */
  readonly key: string;
}

/** @param firstNode position of the first probe's node among those of the job */
export function probeCases(
  probes: readonly LoadedProbe[],
  packet: PacketKind,
  firstNode: number,
): readonly ProbeCase[] {
  return probes.flatMap((probe, index) =>
    probe.cases
      .filter((each) => each.packet === packet)
      .map(({ spread }) => ({
        key: timeKey(probe.id, packet, spread),
        node: firstNode + index,
        targets: targetsOf(probe, spread),
        chunksPerPass: chunksPerPass(probe),
      })),
  );
}

function targetsOf({ targets }: LoadedProbe, spread: Spread): PaceTarget[] {
  const asked = spread === "spread" ? targets : [targets[targets.length >> 1] as string];
  return asked.map((address) => ({ address, port: PROBE_PORT }));
}

/** In every prediction as they stand, where other prices are slopes over hundreds of rules: they are timed more often. */
const BASES: ReadonlySet<string> = new Set(
  FLAVOURS.flatMap((flavour) => SET_UPS.map((setUp) => setUpProbeId(flavour, setUp))),
);
/** Chunks of a base, and of a control, in a pass. */
export const BASE_CHUNKS = 4;

function chunksPerPass({ id }: LoadedProbe): number {
  return BASES.has(id) ? BASE_CHUNKS : 1;
}
