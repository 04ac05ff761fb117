// The calibration of a host: primitives loaded, timed like a sweep, and turned into prices.
import type { Calibration, Flavour } from "../../calibration/calibration.js";
import { calibrationFrom, flavoursIn, type MeasuredWhere } from "../../calibration/from-primitives.js";
import {
  type PrimitiveNode,
  type PrimitiveTimes,
  SERVICE_PORT,
  serviceAddress,
} from "../../calibration/primitive.js";
import { primitivesOf } from "../../calibration/primitives.js";
import { PlumbError } from "../../base/errors.js";
import type { PacketKind } from "../../measure/kernel-record.js";
import type { KernelHost } from "../host/command.js";
import { loadRules } from "../host/rule-loading.js";
import { runCommand, runCommands } from "../host/run-commands.js";
import { makeNode, namespacesOf, type NodeSpec } from "../host/topology.js";
import { conntrackOnly } from "./controls.js";
import { type Pacing, timeCases } from "./time-cases.js";

export interface CalibrateOptions {
  readonly pacing: Pacing;
  readonly flavours: readonly Flavour[];
  readonly where: MeasuredWhere;
  /** Prices of what is not measured. */
  readonly others: Calibration;
  readonly signal?: AbortSignal;
  readonly onProgress: (text: string) => void;
}

export interface Calibrated {
  readonly calibration: Calibration;
  /** Flavours whose primitives this kernel or its tools refuse, and what they said. */
  readonly refused: readonly { readonly flavour: Flavour; readonly why: string }[];
  readonly times: PrimitiveTimes;
  /** Largest relative spread of a control over the rounds that count, and rounds that did not. */
  readonly noise: number;
  readonly roundsRejected: number;
}

/**
 * Cost: about a minute for all flavours.
 * @throws {PlumbError} Internal when packets cannot be timed; the signal's reason when aborted
 */
export async function calibrate(host: KernelHost, options: CalibrateOptions): Promise<Calibrated> {
  const loaded: LoadedPrimitive[] = await loadControls(host);
  const refused: { flavour: Flavour; why: string }[] = [];
  for (const flavour of options.flavours) {
    options.onProgress(`loading primitives of ${flavour}`);
    try {
      loaded.push(...(await loadPrimitives(host, primitivesOf(flavour), options.signal)));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      refused.push({ flavour, why: error.message });
    }
  }
  const first = await timePrimitives(host, loaded, { packet: "first", ...options });
  const established = await timePrimitives(host, loaded, { packet: "established", ...options });
  const times = { first: first.times, established: established.times };
  return {
    calibration: calibrationFrom(times, options.where, {
      flavours: flavoursIn(times),
      others: options.others,
    }),
    refused,
    times,
    noise: Math.max(...first.noise, ...established.noise),
    roundsRejected: first.rejected + established.rejected,
  };
}

interface LoadedPrimitive {
  readonly spec: NodeSpec;
  readonly cases: PrimitiveNode["cases"];
}

const CONTROLS = ["none", "conntrack"] as const;

async function loadControls(host: KernelHost): Promise<LoadedPrimitive[]> {
  const loaded: LoadedPrimitive[] = [];
  for (const name of CONTROLS) {
    const spec = specOf(name);
    await runCommands(host, makeNode(spec));
    if (name === "conntrack") await runCommand(host, await conntrackOnly(host, namespacesOf(spec).node));
    loaded.push({ spec, cases: [{ name, packets: ["first", "established"], targets: [0] }] });
  }
  return loaded;
}

async function loadPrimitives(
  host: KernelHost,
  primitives: readonly PrimitiveNode[],
  signal: AbortSignal | undefined,
): Promise<LoadedPrimitive[]> {
  const loaded: LoadedPrimitive[] = [];
  for (const [index, { flavour, texts, cases }] of primitives.entries()) {
    signal?.throwIfAborted();
    const spec = specOf(`${flavour}-${index}`);
    await runCommands(host, makeNode(spec));
    await runCommands(host, loadRules(flavour, "IPv4", texts, namespacesOf(spec).node));
    loaded.push({ spec, cases });
  }
  return loaded;
}

function specOf(name: string): NodeSpec {
  return { id: `calibrate-${name}`, interfaces: ["eth0"], addresses: ["192.168.0.2"] };
}

interface PrimitiveRun {
  readonly times: ReadonlyMap<string, number>;
  readonly noise: readonly number[];
  readonly rejected: number;
}

async function timePrimitives(
  host: KernelHost,
  loaded: readonly LoadedPrimitive[],
  { packet, pacing, signal, onProgress }: CalibrateOptions & { readonly packet: PacketKind },
): Promise<PrimitiveRun> {
  const cases = loaded.flatMap(({ cases: all }, node) =>
    all.filter(({ packets }) => packets.includes(packet)).map((each) => ({ node, ...each })),
  );
  const timed = await timeCases(host, pacing, {
    packet,
    nodes: loaded.map(({ spec }) => spec),
    cases: cases.map(({ node, targets }) => ({
      node,
      targets: targets.map((index) => ({ address: serviceAddress(index), port: SERVICE_PORT })),
    })),
    controls: CONTROLS.map((_, index) => index),
    signal,
    onRound: ({ counting, wanted, rejected }) => {
      onProgress(
        `timing primitives, ${packet} packets: round ${counting + 1} of ${wanted}, ${rejected} disturbed so far`,
      );
    },
  });
  return {
    times: new Map(cases.map(({ name }, index) => [name, (timed.cases[index] as { ns: number }).ns])),
    noise: timed.noise,
    rejected: timed.rejected,
  };
}
