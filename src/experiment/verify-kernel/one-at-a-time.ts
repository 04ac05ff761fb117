// Times of IPVS, where one ruleset at a time stands in the kernel: IPVS has one table of services for all network
// namespaces, so those of another node lengthen its chains and take its caches. Each size is timed with its own rules of
// iptables-legacy beside it in the record: IPVS is judged by its ratio to them (score.ts).
// What else IPVS needs: connections that expire (kernel/timing/ipvs-pacing.ts).
// Cost: in user-mode Linux up to a minute a size of ipvs on a busy machine, most of it waiting, plus loading.
import { PlumbError } from "../../base/errors.js";
import type { KernelHost } from "../../kernel/host/command.js";
import { runCommand, runCommands } from "../../kernel/host/run-commands.js";
import { namespacesOf, removeNode } from "../../kernel/host/topology.js";
import { withExpiry } from "../../kernel/timing/ipvs-pacing.js";
import { relativeSpread } from "../../kernel/timing/chunk-statistics.js";
import {
  CONTROL_NODES,
  plannedRulesets,
  predictedLoadMs,
  type SweepNode,
  type SweepOptions,
} from "../../kernel/timing/sweep-plan.js";
import type {
  ControlRecord,
  KernelPath,
  NotVerifiedRecord,
  PacketKind,
} from "../../measure/kernel-record.js";
import { median } from "../../measure/statistics/quantiles.js";
import { type LoadedNode, loadControl, loadRuleset } from "./load-rulesets.js";
import { timePackets, type TimingOptions, type TimingResult } from "./timing.js";
import { type Prices, type TimedPackets, timingRecord } from "./timing-record.js";

export const IPVS_SWEEP: SweepOptions = {
  paths: ["iptables-legacy", "ipvs"],
  services: [1, 100, 1000, 5000, 10_000],
};
export const IPVS_BUDGET_MS = 150_000;

/** @throws {PlumbError} Internal when the kernel cannot be given packets; the signal's reason when aborted */
export async function timeOneAtATime(options: TimingOptions, prices: Prices): Promise<TimingResult> {
  const { host, sweep } = options;
  const controls: LoadedNode[] = [];
  for (const what of CONTROL_NODES) controls.push(await loadControl(what, host));
  const budget = new Budget(options);
  const timed: TimedPackets[] = [];
  const notVerified: NotVerifiedRecord[] = [];
  const isGivenUp = (path: KernelPath) =>
    notVerified.some((each) => each.what === path && each.reason !== "DISTURBED");
  for (const what of plannedRulesets(sweep)) {
    if (what.kind === "control" || isGivenUp(what.path)) continue;
    const why = budget.refusalOf(what) ?? (await timeOne(what, { controls, timed, budget, options }));
    if (why !== null) notVerified.push({ what: what.path, ...why });
  }
  const timing = timingRecord(timed, host, prices);
  return { timing: { ...timing, controls: mergedControls(timing.controls) }, notVerified };
}

type Ruleset = Extract<SweepNode, { kind: "rules" }>;
type Refusal = Omit<NotVerifiedRecord, "what">;

interface Timing {
  readonly controls: readonly LoadedNode[];
  /** Takes what was timed. */
  readonly timed: TimedPackets[];
  readonly budget: Budget;
  readonly options: TimingOptions;
}

/** Load a ruleset, time it, take it away. @returns why it has no times; null when it has */
async function timeOne(what: Ruleset, { controls, timed, budget, options }: Timing): Promise<Refusal | null> {
  const { host, clock, signal, onProgress } = options;
  signal?.throwIfAborted();
  onProgress(`loading ${what.path}, ${what.services} Services`);
  const begin = clock.milliseconds();
  let node: LoadedNode;
  try {
    node = await loadRuleset(what, host);
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return { reason: "KERNEL_REFUSED", detail: error.message };
  }
  const loaded = clock.milliseconds();
  try {
    for (const packet of ["first", "established"] as const)
      timed.push(await timeUndisturbed(packet, [...controls, node], options));
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return { reason: "DISTURBED", detail: `timing at ${what.services} Services: ${error.message}` };
  } finally {
    await takeAway(host, node);
  }
  budget.note(what, { loadMs: loaded - begin, timeMs: clock.milliseconds() - loaded });
  return null;
}

/** A ruleset is timed within seconds, all of which a neighbour may disturb: then once more. */
async function timeUndisturbed(
  packet: PacketKind,
  nodes: readonly LoadedNode[],
  options: TimingOptions,
): Promise<TimedPackets> {
  try {
    return await timePacketsOf(packet, nodes, options);
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return await timePacketsOf(packet, nodes, options);
  }
}

/** @param nodes the last of them is the ruleset's */
async function timePacketsOf(
  packet: PacketKind,
  nodes: readonly LoadedNode[],
  options: TimingOptions,
): Promise<TimedPackets> {
  const { host, pacing } = options;
  const node = nodes.at(-1);
  if (node?.what.kind !== "rules" || node.what.path !== "ipvs") return timePackets(nodes, packet, options);
  const { node: netns } = namespacesOf(node.spec);
  const paced = await withExpiry(host, netns, { packet, pacing });
  return timePackets(nodes, packet, { ...options, pacing: paced });
}

async function takeAway(host: KernelHost, { what, spec }: LoadedNode): Promise<void> {
  const { node: netns } = namespacesOf(spec);
  // A namespace ends some time after it was deleted, and its services with it.
  if (what.kind === "rules" && what.path === "ipvs")
    await runCommand(host, { netns, argv: ["ipvsadm", "--clear"] });
  await runCommands(host, removeNode(spec));
}

/** One record a control and packet kind: the median over the rulesets beside which it was timed. */
function mergedControls(all: readonly ControlRecord[]): ControlRecord[] {
  return (["first", "established"] as const).flatMap((packet) =>
    (["none", "conntrack"] as const).flatMap((control) => {
      const alike = all.filter((each) => each.packet === packet && each.control === control);
      const [one] = alike;
      if (one === undefined) return [];
      return [
        {
          ...one,
          ns: median(alike.map(({ ns }) => ns)),
          noise: relativeSpread(alike.map(({ ns }) => ns)),
        },
      ];
    }),
  );
}

/** How long each path took, and whether its next size would be done in time. */
class Budget {
  readonly #options: Pick<TimingOptions, "clock">;
  readonly #deadlineMs: number;
  readonly #loads = new Map<KernelPath, { services: number; ms: number }[]>();
  readonly #timeMs = new Map<KernelPath, number>();

  constructor({ clock, budgetMs }: TimingOptions) {
    this.#options = { clock };
    this.#deadlineMs = clock.milliseconds() + budgetMs;
  }

  note({ path, services }: Ruleset, { loadMs, timeMs }: { loadMs: number; timeMs: number }): void {
    this.#loads.set(path, [...(this.#loads.get(path) ?? []), { services, ms: loadMs }]);
    this.#timeMs.set(path, timeMs);
  }

  /** Null when there is time for it. */
  refusalOf({ path, services }: Ruleset): Refusal | null {
    const loading = predictedLoadMs(this.#loads.get(path) ?? [], services) ?? 0;
    const predicted = loading + (this.#timeMs.get(path) ?? 0);
    const left = this.#deadlineMs - this.#options.clock.milliseconds();
    if (predicted <= left) return null;
    const seconds = (ms: number) => `${Math.max(0, ms / 1000).toFixed(0)} s`;
    return {
      reason: "OUT_OF_TIME",
      detail: `timing at ${services} Services and more: it would take ${seconds(predicted)}, ${seconds(left)} were left`,
    };
  }
}
