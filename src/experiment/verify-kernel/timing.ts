// Times of packets through rulesets that Plumbline compiled, in a real kernel, against what the cost model says of the
// same packets. Prices that are measured here are measured in the same rounds as the rulesets, each probe in a node of its
// own beside theirs: a machine that is slower for some minutes is then slower for both.
import type { Clock } from "../../base/clock.js";
import type { Calibration, Flavour } from "../../calibration/calibration.js";
import { type Probe, timeKey } from "../../calibration/primitives/probe.js";
import type { ProbeTimes } from "../../calibration/primitives/time-reader.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { controlRecords, CONTROLS } from "../../kernel/timing/controls.js";
import { flavoursBut, type LoadedProbe, loadProbes, probeCases } from "../../kernel/timing/probe-nodes.js";
import {
  CONTROL_NODES,
  plannedCases,
  plannedRulesets,
  type SweepCase,
  type SweepOptions,
  targetIndices,
} from "../../kernel/timing/sweep-plan.js";
import { type Pacing, type TimedCase, timeCases } from "../../kernel/timing/time-cases.js";
import type { NotVerifiedRecord, PacketKind, TimingRecord } from "../../measure/kernel-record.js";
import { type LoadedNode, loadSweep } from "./load-rulesets.js";
import { type Prices, type TimedPackets, timingRecord } from "./timing-record.js";
import { clusterIpOf, SERVICE_PORT } from "./uniform-cluster.js";

/** What a kernel is timed with. */
export interface TimingOptions {
  readonly host: KernelHost;
  readonly clock: Clock;
  readonly pacing: Pacing;
  readonly sweep: SweepOptions;
  /** Wall time for the rulesets, ms. The largest are left out when it does not suffice. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}

/** What is timed beside the rulesets to make prices of. */
export interface PricesToMake {
  readonly probes: readonly Probe[];
  /** @param flavours those whose probes were timed, all of them */
  readonly pricesFrom: (times: ProbeTimes, flavours: readonly Flavour[]) => Promise<Calibration>;
}

/** Paths and sizes that are timed when nobody asks for others; what the native kernel of a node may have. */
export const DEFAULT_SWEEP: SweepOptions = {
  // nftables last: it takes longest to load, and what runs out of time should cost no other path a size.
  paths: ["iptables-legacy", "iptables-nft", "ipset", "nftables"],
  services: [1, 100, 1000, 5000, 10_000, 30_000],
};
/** Short rounds: a neighbour that comes for some seconds costs few of them. */
export const DEFAULT_PACING = { rounds: 20, passes: 2 } as const;
export const DEFAULT_BUDGET_MS = 240_000;

/** Chunks of a control in a pass: whether a round counts hangs on them. */
const CONTROL_CHUNKS = 4;
/** Share of the time that loading may take; rounds cost the same for large rulesets and for small. */
const LOADING_SHARE = 0.5;

export interface TimingResult {
  readonly timing: TimingRecord;
  readonly notVerified: readonly NotVerifiedRecord[];
}

/** @throws {PlumbError} Internal when the kernel cannot be given packets; the signal's reason when aborted */
export async function verifyTiming(
  options: TimingOptions,
  source: Prices | PricesToMake,
): Promise<TimingResult & { readonly prices: Prices }> {
  const { host, clock, sweep, budgetMs, signal, onProgress } = options;
  const probes = await loadProbes(host, "probes" in source ? source.probes : [], options);
  const { nodes, notVerified } = await loadSweep([...CONTROL_NODES, ...plannedRulesets(sweep)], {
    host,
    clock,
    deadlineMs: clock.milliseconds() + budgetMs * LOADING_SHARE,
    signal,
    onProgress,
  });
  const timed: TimedPackets[] = [];
  const probeTimes = new Map<string, number>();
  for (const packet of ["first", "established"] as const) {
    const { times, ...rest } = await timePackets(nodes, packet, options, probes.loaded);
    timed.push(rest);
    for (const [key, ns] of times) probeTimes.set(key, ns);
  }
  const prices =
    "probes" in source
      ? { calibration: await source.pricesFrom(probeTimes, flavoursBut(probes.refused)), isOwn: true }
      : source;
  return { notVerified, timing: timingRecord(timed, host, prices), prices };
}

/**
 * Packets of one kind through nodes that stand in the kernel, controls first, and through probes among them.
 * @returns with the times of probes and controls as prices are made of them
 */
export async function timePackets(
  nodes: readonly LoadedNode[],
  packet: PacketKind,
  { host, pacing, signal, onProgress }: Pick<TimingOptions, "host" | "pacing" | "signal" | "onProgress">,
  probes: readonly LoadedProbe[] = [],
): Promise<TimedPackets & { readonly times: ProbeTimes }> {
  const cases = nodes.flatMap((node, index) =>
    plannedCases([node.what], packet).map((sent) => ({ index, node, sent })),
  );
  const ofProbes = probeCases(probes, packet, nodes.length);
  const timed = await timeCases(host, pacing, {
    packet,
    nodes: [...nodes, ...probes].map(({ spec }) => spec),
    cases: [...cases.map(({ index, sent }) => timedCase(index, sent)), ...ofProbes],
    controls: CONTROLS.map((_, index) => index),
    signal,
    onRound: ({ counting, wanted, rejected }) => {
      onProgress(
        `timing ${packet} packets: round ${counting + 1} of ${wanted}, ${rejected} disturbed so far`,
      );
    },
  });
  const controls = controlRecords(timed, { kernel: host.kind, packet });
  const times = new Map([
    ...controls.map(({ control, ns }) => [timeKey(control, packet, "fixed"), ns] as const),
    ...ofProbes.map(({ key }, index) => [key, timed.cases[cases.length + index]?.ns as number] as const),
  ]);
  return { packet, cases, timed, times };
}

function timedCase(node: number, { node: what, target }: SweepCase): TimedCase {
  const services = what.kind === "control" ? 1 : what.services;
  const targets = targetIndices(target, services).map((index) => ({
    address: clusterIpOf(index),
    port: SERVICE_PORT,
  }));
  return { node, targets, chunksPerPass: what.kind === "control" ? CONTROL_CHUNKS : 1 };
}
