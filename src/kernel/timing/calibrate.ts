// The calibration of a host: probes loaded, timed like a sweep, and turned into prices.
import type { Calibration } from "../../calibration/calibration.js";
import { calibrationProbes } from "../../calibration/primitives/index.js";
import { calibrationFrom, type ProbeTimes } from "../../calibration/primitives/prices.js";
import { type Probe, PROBE_PORT, PROBE_VIP, timeKey } from "../../calibration/primitives/probe.js";
import type { ControlRecord, PacketKind } from "../../measure/kernel-record.js";
import type { KernelHost } from "../host/command.js";
import { loadRules } from "../host/rule-loading.js";
import { runCommand, runCommands } from "../host/run-commands.js";
import { makeNode, namespacesOf, type NodeSpec } from "../host/topology.js";
import { conntrackOnly } from "./controls.js";
import { type Pacing, timeCases } from "./time-cases.js";

export interface CalibrateOptions {
  readonly pacing: Pacing;
  readonly about: Parameters<typeof calibrationFrom>[1];
  readonly signal?: AbortSignal;
  readonly onProgress: (text: string) => void;
}

export interface Calibrated {
  readonly calibration: Calibration;
  readonly times: ProbeTimes;
  readonly controls: readonly ControlRecord[];
  readonly roundsRejected: number;
}
const CONTROLS = ["none", "conntrack"] as const;

interface LoadedProbe extends Pick<Probe, "id" | "targets" | "cases"> {
  readonly spec: NodeSpec;
}

export async function calibrate(host: KernelHost, options: CalibrateOptions): Promise<Calibrated> {
  const probes = calibrationProbes();
  const loaded: LoadedProbe[] = [];
  for (const control of CONTROLS) loaded.push(await loadControl(host, control));
  for (const [index, probe] of probes.entries()) {
    options.signal?.throwIfAborted();
    options.onProgress(`loading ${probe.id}`);
    loaded.push(await loadProbe(host, probe, index));
  }
  const times = new Map<string, number>();
  const controls: ControlRecord[] = [];
  let roundsRejected = 0;
  for (const packet of ["first", "established"] as const) {
    const cases = loaded.flatMap((probe, node) =>
      probe.cases
        .filter((each) => each.packet === packet)
        .map(({ spread }) => ({ key: timeKey(probe.id, packet, spread), node, targets: targetsOf(probe, spread) })),
    );
    const timed = await timeCases(host, options.pacing, {
      packet,
      nodes: loaded.map(({ spec }) => spec),
      cases,
      controls: CONTROLS.map((_, index) => index),
      signal: options.signal,
      onRound: ({ counting, wanted, rejected }) => {
        options.onProgress(`timing probes, ${packet} packets: round ${counting + 1} of ${wanted}, ${rejected} disturbed so far`);
      },
    });
    for (const [index, { key }] of cases.entries()) times.set(key, (timed.cases[index] as { ns: number }).ns);
    for (const [index, control] of CONTROLS.entries())
      controls.push({
        control,
        kernel: host.kind,
        packet,
        ns: (timed.cases[index] as { ns: number }).ns,
        noise: timed.noise[index] as number,
      });
    roundsRejected += timed.rejected;
  }
  return { calibration: calibrationFrom(times, options.about), times, controls, roundsRejected };
}

function targetsOf({ targets }: LoadedProbe, spread: "fixed" | "spread"): { address: string; port: number }[] {
  const asked = spread === "spread" ? targets : [targets[targets.length >> 1] as string];
  return asked.map((address) => ({ address, port: PROBE_PORT }));
}

function specOf(name: string): NodeSpec {
  return { id: `probe-${name}`, interfaces: ["eth0"], addresses: ["192.168.0.2"] };
}

async function loadControl(host: KernelHost, id: (typeof CONTROLS)[number]): Promise<LoadedProbe> {
  const spec = specOf(id);
  await runCommands(host, makeNode(spec));
  if (id === "conntrack") await runCommand(host, await conntrackOnly(host, namespacesOf(spec).node));
  const cases = (["first", "established"] as const satisfies readonly PacketKind[]).map((packet) => ({
    packet,
    spread: "fixed" as const,
  }));
  return { id, spec, targets: [PROBE_VIP], cases };
}

async function loadProbe(host: KernelHost, { id, loader, texts, targets, cases }: Probe, index: number): Promise<LoadedProbe> {
  const spec = specOf(`${index}`);
  await runCommands(host, makeNode(spec));
  await runCommands(host, loadRules(loader, "IPv4", texts, namespacesOf(spec).node));
  return { id, spec, targets, cases };
}
