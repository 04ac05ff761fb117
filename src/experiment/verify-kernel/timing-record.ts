// Packets that were timed, and what the cost model says of the same packets, as the points of a record. A point is a path,
// a size, the position of the Service and the first or an established packet.
import type { Calibration } from "../../calibration/calibration.js";
import { type ModelledCost, modelKernelNs } from "../../dataplane/cost-model.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { controlRecords } from "../../kernel/timing/controls.js";
import { crossovers, orderAgreement, scorePoints } from "../../kernel/timing/score.js";
import type { SweepCase } from "../../kernel/timing/sweep-plan.js";
import { clockOf } from "../../kernel/timing/time-cases.js";
import type { TimedRounds } from "../../kernel/timing/time-rounds.js";
import type { PacketKind, TimingPoint, TimingRecord } from "../../measure/kernel-record.js";
import type { Counts } from "../../netfilter/counters.js";
import type { LoadedNode } from "./load-rulesets.js";
import { countsKey } from "./sweep-rules.js";
import { timeInUserMode } from "./user-mode-time.js";

/** What packets are modelled with. */
export interface Prices {
  readonly calibration: Calibration;
  /** Measured on this very host. */
  readonly isOwn: boolean;
}

/** Packets of one kind through nodes of one kernel. */
export interface TimedPackets {
  readonly packet: PacketKind;
  /** What was sent, in the order of the times; the controls' first. */
  readonly cases: readonly { readonly node: LoadedNode; readonly sent: SweepCase }[];
  readonly timed: TimedRounds;
}

/** What was timed in one kernel, as a record. */
export function timingRecord(
  timed: readonly TimedPackets[],
  host: KernelHost,
  { calibration, isOwn }: Prices,
): TimingRecord {
  const { machine, measuredAt } = calibration;
  const kernel = host.kind;
  const points = timed.flatMap((each) => timingPoints(each, kernel, calibration));
  const sumOf = (what: "rounds" | "rejected") => timed.reduce((sum, each) => sum + each.timed[what], 0);
  return {
    clock: clockOf(host),
    rounds: sumOf("rounds"),
    roundsRejected: sumOf("rejected"),
    controls: timed.flatMap(({ timed: rounds, packet }) => controlRecords(rounds, { kernel, packet })),
    points,
    scores: scorePoints(points),
    order: orderAgreement(points),
    crossovers: (["first", "established"] as const).flatMap((packet) => crossovers(points, packet)),
    calibration: { machine, measuredAt, own: isOwn },
  };
}

function timingPoints(
  { packet, cases, timed }: TimedPackets,
  kernel: KernelHost["kind"],
  calibration: Calibration,
): TimingPoint[] {
  const inKernel =
    kernel === "native"
      ? ({ ns }: ModelledCost) => ns
      : timeInUserMode(controlRecords(timed, { kernel, packet }), calibration);
  return cases.flatMap(({ node, sent: { node: what, target } }, index): TimingPoint[] => {
    if (what.kind === "control") return [];
    const { path, services } = what;
    const { ns, spread, chunks, packets } = timed.cases[index] as TimedRounds["cases"][number];
    const counted = node.counts.get(countsKey(packet, target)) as readonly Counts[];
    const distinctTargets = target === "random" ? services : 1;
    const modelled = counted.map((counts) =>
      inKernel(modelKernelNs({ path, counts, packet, distinctTargets, calibration })),
    );
    const modelledNs = modelled.reduce((sum, each) => sum + each, 0) / modelled.length;
    const measured = { measuredNs: ns, chunks, packets, spread };
    return [{ path, kernel, packet, services, target, ...measured, modelledNs }];
  });
}
