// Why no node could take a Pod: a status for every node, kept as verdicts until somebody asks.
// Why lazily: a cluster of thousands of nodes gives thousands of statuses, most of them equal; the message needs their
// counts, the queue the plugins' names, and only preemption each node's.
import { VERDICT_FEASIBLE } from "../../../asm/abi/scheduler.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { Status } from "../framework/status.js";
import { CODE_NOMINATED, type Search, statusOf } from "./find-nodes.js";
import { countReasons, type ReasonCounts } from "./fit-error.js";
import type { PodCycle } from "./pod-cycle.js";

export interface Diagnosis {
  /** Plugins that turned the Pod down. */
  readonly plugins: ReadonlySet<string>;
  /** Those that wait for something outside. */
  readonly pendingPlugins: ReadonlySet<string>;
  /** Why no node was looked at; "" when they were. */
  readonly preFilterMessage: string;
  readonly reasons: ReasonCounts;
  /** Node name -> status, of every node. O(nodes) */
  statuses(): ReadonlyMap<string, Status>;
}

/** What extenders left over, and said of the others. */
export interface ExtenderVerdicts {
  readonly found: number;
  readonly statuses: ReadonlyMap<string, Status>;
}

/** Stands for extenders among the plugins. */
export const EXTENDER = "Extender";
const NONE: ReadonlySet<string> = new Set();

/** @param why PreFilter's rejection, which holds on all nodes */
export function diagnoseNothing(why: Status, nodes: readonly NodeInfo[]): Diagnosis {
  const plugins = new Set([why.plugin]);
  return {
    plugins,
    pendingPlugins: why.code === "Pending" ? plugins : NONE,
    preFilterMessage: why.reasons.join(", "),
    reasons: new Map(),
    statuses: () => new Map(nodes.map(({ name }) => [name, why])),
  };
}

export function diagnoseSearch(
  cycle: PodCycle,
  { candidates, evaluated, found }: Search,
  { excluded, extenders }: { excluded: Status; extenders: ExtenderVerdicts },
): Diagnosis {
  const slots = slotsOf(cycle, candidates, evaluated);
  const byExtender = (slot: number) =>
    extenders.statuses.size === 0 ? undefined : extenders.statuses.get(cycle.nodeAt(slot).name);
  const counted = new Map<Status, number>();
  const byVerdict = new Map<number, Status>();
  const statusBySlot = new Map<number, Status>();
  for (const slot of slots) {
    const status = byExtender(slot) ?? sharedStatus(cycle, slot, byVerdict);
    if (status === null) continue;
    statusBySlot.set(slot, status);
    counted.set(status, (counted.get(status) ?? 0) + 1);
  }
  const others = cycle.nodes.length - candidates.count;
  if (others > 0) counted.set(excluded, others);
  const plugins = new Set([...counted.keys()].map(({ plugin }) => plugin).filter((plugin) => plugin !== ""));
  if (extenders.found < found) plugins.add(EXTENDER);
  const pending = [...counted.keys()].filter(({ code }) => code === "Pending");
  return {
    plugins,
    pendingPlugins: new Set(pending.map(({ plugin }) => plugin)),
    preFilterMessage: "",
    reasons: countReasons(counted),
    statuses: () => new Map(cycle.nodes.map((node) => [node.name, statusBySlot.get(node.slot) ?? excluded])),
  };
}

function slotsOf(
  { columns }: PodCycle,
  { list, count, start }: Search["candidates"],
  evaluated: number,
): number[] {
  const { u32 } = columns.memory;
  return Array.from(
    { length: evaluated },
    (_, step) => u32[(list >> 2) + ((start + step) % count)] as number,
  );
}

/** Equal verdicts for equal reasons share one status. null: the filters had let the node pass. */
function sharedStatus(cycle: PodCycle, slot: number, byVerdict: Map<number, Status>): Status | null {
  const { memory, verdict, reason } = cycle.columns;
  const code = memory.u8[verdict + slot] as number;
  if (code === VERDICT_FEASIBLE) return null;
  if (code === CODE_NOMINATED || cycle.objectStatus(slot) !== undefined) return statusOf(cycle, slot);
  const key = code * 2 ** 32 + (memory.u32[(reason >> 2) + slot] as number);
  let status = byVerdict.get(key);
  if (status === undefined) {
    status = statusOf(cycle, slot);
    byVerdict.set(key, status);
  }
  return status;
}
