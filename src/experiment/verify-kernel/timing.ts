// Times of packets through rulesets that Plumbline compiled, in a real kernel, against what the cost model says of the
// same packets. What is compared is a point: path, size, position of the Service, first or established packet.
import type { Clock } from "../../base/clock.js";
import type { Calibration } from "../../calibration/calibration.js";
import { type ModelledCost, modelKernelNs } from "../../dataplane/cost-model.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { crossovers, orderAgreement, scorePoints } from "../../kernel/timing/score.js";
import {
  CONTROLS,
  plannedCases,
  plannedRulesets,
  type SweepCase,
  type SweepOptions,
  targetIndices,
} from "../../kernel/timing/sweep-plan.js";
import { clockOf, type Pacing, timeCases } from "../../kernel/timing/time-cases.js";
import type { TimedRounds } from "../../kernel/timing/time-rounds.js";
import type {
  ControlRecord,
  NotVerifiedRecord,
  PacketKind,
  TimingPoint,
  TimingRecord,
} from "../../measure/kernel-record.js";
import type { Counts } from "../../netfilter/counters.js";
import { type LoadedNode, loadSweep } from "./load-rulesets.js";
import { countsKey } from "./sweep-rules.js";
import { clusterIpOf, SERVICE_PORT } from "./uniform-cluster.js";
import { timeInUserMode } from "./user-mode-time.js";

export interface TimingOptions {
  readonly host: KernelHost;
  readonly clock: Clock;
  readonly pacing: Pacing;
  /** Prices that packets are modelled with. */
  readonly calibration: Calibration;
  /** Whether the calibration was measured on this very host. */
  readonly calibrationIsOwn: boolean;
  readonly sweep: SweepOptions;
  /** Wall time for everything, ms. The largest rulesets are left out when it does not suffice. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** Paths and sizes that are timed when nobody asks for others; what the native kernel of a node may have. */
export const DEFAULT_SWEEP: SweepOptions = {
  // nftables last: it takes longest to load, and what runs out of time should cost no other path a size.
  paths: ["iptables-legacy", "iptables-nft", "ipset", "nftables"],
  services: [1, 100, 1000, 5000, 10_000, 30_000],
};
export const DEFAULT_PACING = { rounds: 8, passes: 5 } as const;
export const DEFAULT_BUDGET_MS = 240_000;

/** Chunks of a control in a pass: whether a round counts hangs on them. */
const CONTROL_CHUNKS = 3;
/** Share of the time that loading may take; rounds cost the same for large rulesets and for small. */
const LOADING_SHARE = 0.5;

export interface TimingResult {
  readonly timing: TimingRecord;
  readonly notVerified: readonly NotVerifiedRecord[];
}

/** @throws {PlumbError} Internal when the kernel cannot be given packets; the signal's reason when aborted */
export async function verifyTiming(options: TimingOptions): Promise<TimingResult> {
  const { host, clock, sweep, budgetMs, signal, onProgress } = options;
  const { nodes, notVerified } = await loadSweep([...CONTROLS, ...plannedRulesets(sweep)], {
    host,
    clock,
    deadlineMs: clock.milliseconds() + budgetMs * LOADING_SHARE,
    signal,
    onProgress,
  });
  const first = await timePackets(nodes, "first", options);
  const established = await timePackets(nodes, "established", options);
  return { notVerified, timing: timingRecord([first, established], options) };
}

/** What was timed in one kernel as a record. */
export function timingRecord(
  timed: readonly TimedPackets[],
  { host, calibration, calibrationIsOwn }: Pick<TimingOptions, "host" | "calibration" | "calibrationIsOwn">,
): TimingRecord {
  const { machine, measuredAt } = calibration;
  const points = timed.flatMap((each) => each.points);
  const sumOf = (what: "rounds" | "rejected") => timed.reduce((sum, each) => sum + each.timed[what], 0);
  return {
    clock: clockOf(host),
    rounds: sumOf("rounds"),
    roundsRejected: sumOf("rejected"),
    controls: timed.flatMap((each) => each.controls),
    points,
    scores: scorePoints(points),
    order: orderAgreement(points),
    crossovers: (["first", "established"] as const).flatMap((packet) => crossovers(points, packet)),
    calibration: { machine, measuredAt, own: calibrationIsOwn },
  };
}

export interface TimedPackets {
  readonly timed: TimedRounds;
  readonly controls: readonly ControlRecord[];
  readonly points: readonly TimingPoint[];
}

/** Packets of one kind through nodes that stand in the kernel, controls among them. */
export async function timePackets(
  nodes: readonly LoadedNode[],
  packet: PacketKind,
  options: Pick<TimingOptions, "host" | "pacing" | "calibration" | "signal" | "onProgress">,
): Promise<TimedPackets> {
  const cases = nodes.flatMap((node, index) =>
    plannedCases([node.what], packet).map((sent) => ({ node: index, sent })),
  );
  const timed = await timeCases(options.host, options.pacing, {
    packet,
    nodes: nodes.map(({ spec }) => spec),
    cases: cases.map(({ node, sent }) => ({
      node,
      targets: targetsOf(sent),
      chunksPerPass: sent.node.kind === "control" ? CONTROL_CHUNKS : 1,
    })),
    controls: cases.flatMap(({ sent }, index) => (sent.node.kind === "control" ? [index] : [])),
    signal: options.signal,
    onRound: ({ counting, wanted, rejected }) => {
      options.onProgress(
        `timing ${packet} packets: round ${counting + 1} of ${wanted}, ${rejected} disturbed so far`,
      );
    },
  });
  return { timed, ...told(nodes, cases, timed, options) };
}

function targetsOf({ node, target }: SweepCase): { address: string; port: number }[] {
  const services = node.kind === "control" ? 1 : node.services;
  return targetIndices(target, services).map((index) => ({
    address: clusterIpOf(index),
    port: SERVICE_PORT,
  }));
}

function told(
  nodes: readonly LoadedNode[],
  cases: readonly { readonly node: number; readonly sent: SweepCase }[],
  timed: TimedRounds,
  { host: { kind: kernel }, calibration }: Pick<TimingOptions, "host" | "calibration">,
): { controls: ControlRecord[]; points: TimingPoint[] } {
  const controls = cases.flatMap(({ sent: { node, packet } }, index): ControlRecord[] => {
    if (node.kind !== "control") return [];
    const { ns } = timed.cases[index] as TimedRounds["cases"][number];
    return [{ control: node.control, kernel, packet, ns, noise: timed.noise[index] as number }];
  });
  const inKernel = kernel === "native" ? ({ ns }: ModelledCost) => ns : timeInUserMode(controls, calibration);
  const points: TimingPoint[] = [];
  for (const [index, { node, sent }] of cases.entries()) {
    const { ns, spread, chunks, packets } = timed.cases[index] as TimedRounds["cases"][number];
    const { node: what, packet, target } = sent;
    if (what.kind === "control") continue;
    const { path, services } = what;
    const counted = (nodes[node] as LoadedNode).counts.get(countsKey(packet, target)) as readonly Counts[];
    const distinctTargets = target === "random" ? services : 1;
    const modelled = counted.map((counts) =>
      inKernel(modelKernelNs({ path, counts, packet, distinctTargets, calibration })),
    );
    points.push({
      path,
      kernel,
      packet,
      services,
      target,
      measuredNs: ns,
      chunks,
      packets,
      spread,
      modelledNs: modelled.reduce((sum, each) => sum + each, 0) / modelled.length,
    });
  }
  return { controls, points };
}
