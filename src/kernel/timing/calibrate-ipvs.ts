// The probes of ip_vs, timed in whichever kernel has it: the machine's own, or a user-mode Linux. One size at a time, with
// the controls beside it, because ip_vs has one table of services for all network namespaces.
// Cost: 10 to 20 s a size, most of it waiting for connections to expire.
import { PlumbError } from "../../base/errors.js";
import {
  IPVS_SERVICES,
  IPVS_SIZES,
  ipvsProbeId,
  ipvsProbeText,
  ipvsTargets,
} from "../../calibration/primitives/ipvs-probes.js";
import { setUpProbe } from "../../calibration/primitives/path-probes.js";
import { PROBE_PORT, type Spread, timeKey } from "../../calibration/primitives/probe.js";
import type { ProbeTimes } from "../../calibration/primitives/time-reader.js";
import type { PacketKind } from "../../measure/kernel-record.js";
import { median } from "../../measure/statistics/quantiles.js";
import type { KernelHost } from "../host/command.js";
import { loadRules } from "../host/rule-loading.js";
import { runCommand, runCommands } from "../host/run-commands.js";
import { makeNode, namespacesOf, type NodeSpec, removeNode } from "../host/topology.js";
import { CONTROLS, makeControls } from "./controls.js";
import { withExpiry } from "./ipvs-pacing.js";
import { probeSpec } from "./probe-nodes.js";
import { type CasesToTime, type Pacing, timeCases } from "./time-cases.js";

export interface TimeIpvsOptions {
  readonly pacing: Pacing;
  /** Of the probes, ascending; absent: all. */
  readonly sizes?: readonly number[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}

/** The tables that kube-proxy's rules stand in, empty: a packet for ip_vs crosses other hooks than one that is forwarded. */
const TABLES = setUpProbe("iptables-legacy", "hooks");
const CONTROL_CHUNKS = 3;
const SETTINGS = ["net.ipv4.vs.conntrack=1", "net.ipv4.ip_forward=1"];
/** A size is timed within seconds, all of which a neighbour may disturb. */
const ATTEMPTS = 3;

/** @throws {PlumbError} Internal when ip_vs is not there or packets cannot be timed; the signal's reason when aborted */
export async function timeIpvsProbes(host: KernelHost, options: TimeIpvsOptions): Promise<ProbeTimes> {
  const beside = [...(await makeControls(host, probeSpec)), await makeTables(host, "tables")];
  const found = new Map<string, number[]>();
  for (const size of options.sizes ?? IPVS_SIZES) {
    options.signal?.throwIfAborted();
    options.onProgress(`timing ip_vs, ${size} services`);
    const node = await makeServices(host, size);
    const { node: netns } = namespacesOf(node);
    try {
      for (const packet of ["first", "established"] as const)
        for (const [key, ns] of await timeSize(host, [...beside, node], { size, packet, options }))
          found.set(key, [...(found.get(key) ?? []), ns]);
    } finally {
      // A namespace ends some time after it was deleted, and its services with it.
      await runCommand(host, { netns, argv: ["ipvsadm", "--clear"] });
      await runCommands(host, removeNode(node));
    }
  }
  await runCommands(host, beside.flatMap(removeNode));
  return new Map([...found].map(([key, times]) => [key, median(times)]));
}

async function makeTables(host: KernelHost, name: string): Promise<NodeSpec> {
  const spec = probeSpec(name);
  await runCommands(host, makeNode(spec));
  await runCommands(host, loadRules("iptables-legacy", "IPv4", TABLES.texts, namespacesOf(spec).node));
  return spec;
}

async function makeServices(host: KernelHost, services: number): Promise<NodeSpec> {
  const spec = await makeTables(host, `ipvs-${services}`);
  const { node: netns } = namespacesOf(spec);
  await runCommands(host, [
    { netns, argv: ["sysctl", "-qw", ...SETTINGS] },
    { netns, argv: ["ip", "route", "add", "local", IPVS_SERVICES, "dev", "eth0"] },
    { netns, argv: ["ipvsadm", "--restore"], stdin: () => ipvsProbeText(services, PROBE_PORT) },
  ]);
  return spec;
}

interface Asked {
  readonly size: number;
  readonly packet: PacketKind;
  readonly options: TimeIpvsOptions;
}

/** @param nodes the controls, the tables alone, and the tables with the services */
async function timeSize(
  host: KernelHost,
  nodes: readonly NodeSpec[],
  { size, packet, options: { pacing, signal } }: Asked,
): Promise<ProbeTimes> {
  const targets = ipvsTargets(size).map((address) => ({ address, port: PROBE_PORT }));
  const fixed = targets.slice(size >> 1, (size >> 1) + 1);
  const spreads: readonly Spread[] = size === 1 ? ["fixed"] : ["fixed", "spread"];
  const keys = [
    ...[...CONTROLS, TABLES.id].map((id) => timeKey(id, packet, "fixed")),
    ...spreads.map((spread) => timeKey(ipvsProbeId(size), packet, spread)),
  ];
  const last = nodes.length - 1;
  const paced = await withExpiry(host, namespacesOf(nodes[last] as NodeSpec).node, { packet, pacing });
  const timed = await timeUndisturbed(host, paced, {
    packet,
    nodes,
    cases: [
      ...nodes.slice(0, last).map((_, node) => ({ node, targets: fixed, chunksPerPass: CONTROL_CHUNKS })),
      ...spreads.map((spread) => ({
        node: last,
        targets: spread === "fixed" ? fixed : targets,
        chunksPerPass: 1,
      })),
    ],
    controls: CONTROLS.map((_, index) => index),
    signal,
  });
  return new Map(keys.map((key, index) => [key, timed.cases[index]?.ns as number]));
}

async function timeUndisturbed(host: KernelHost, pacing: Pacing, what: CasesToTime) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await timeCases(host, pacing, what);
    } catch (error) {
      if (!(error instanceof PlumbError) || attempt === ATTEMPTS) throw error;
    }
  }
}
