// Filter: looks for nodes that can take the Pod, from where the last search ended, until there are enough.
//
//   list      n0 n1 n2 | n3 n4 n5 n6 n7 | n8 ...        start = 3, wanted = 2
//   chunk 1              n3 .. n7                       each filter over the whole chunk, one after another
//   feasible                   n4    n6                 n7 lies behind the last one wanted: not evaluated
//
// Why in chunks: a filter's loop over some hundred nodes costs a call, a loop over one node costs the same. The first
// chunk is as large as the number wanted, which is enough where nodes are alike.
// Upstream's workers stop within a few nodes of each other; going in order is one of the outcomes it allows.
// Cost: O(filters x nodes looked at), 1-2 ns each on columns.
import { VERDICT_CODE_MAX, VERDICT_FEASIBLE } from "../../../asm/abi/scheduler.js";
import { assert, present } from "../../base/assert.js";
import type { NodeInfo } from "../cache/node-info.js";
import { TALLY_BYTES } from "../columns/node-columns.js";
import type { CandidateRange } from "../columns/column-plugin.js";
import type { Status } from "../framework/status.js";
import type { Nominator } from "../queue/nominator.js";
import type { CycleRecorder } from "./cycle-recorder.js";
import type { PodCycle } from "./pod-cycle.js";

/** Candidates: addresses and positions of slots. */
export interface Candidates {
  readonly list: number;
  readonly count: number;
  /** Position at which the search begins. */
  readonly start: number;
}

export interface Search {
  readonly candidates: Candidates;
  /** Feasible nodes, at the beginning of columns.feasible. */
  readonly found: number;
  /** Candidates that were looked at, in turn from `start`. */
  readonly evaluated: number;
  /** Something broke in a plugin. */
  readonly error: Status | null;
}

const CHUNK_MIN = 128;
/** Verdict of a node that was judged with its nominated Pods, by all filters at once. */
export const CODE_NOMINATED = VERDICT_CODE_MAX + 1;

export function findNodes(
  cycle: PodCycle,
  candidates: Candidates,
  wanted: number,
  { nominator, recorder }: { readonly nominator: Nominator; readonly recorder: CycleRecorder },
): Search {
  const { columns } = cycle;
  const { memory, counts, verdict, feasible, tally } = columns;
  const { kernels } = memory;
  const { list, count, start } = candidates;
  const nominated = nominatedNodes(cycle, nominator);
  memory.u32[counts >> 2] = 0;
  kernels.zero(tally, TALLY_BYTES);
  let evaluated = 0;
  let found = 0;
  while (evaluated < count && found < wanted) {
    const from = (start + evaluated) % count;
    const to = Math.min(from + Math.max(CHUNK_MIN, wanted - found), from + count - evaluated, count);
    const range = { list, from, to };
    kernels.begin(list, from, to, verdict);
    const error = filterRange(cycle, range, recorder) ?? judgeNominated(cycle, range, nominated);
    if (error !== null) return { candidates, found: 0, evaluated, error };
    kernels.collect(list, from, to, verdict, feasible, counts, wanted);
    found = memory.u32[counts >> 2] as number;
    const looked = memory.u32[(counts >> 2) + 1] as number;
    kernels.tallyVerdicts(list, from, from + looked, verdict, tally);
    evaluated += looked;
  }
  recorder.filtered(cycle, evaluated);
  return { candidates, found, evaluated, error: null };
}

function filterRange(cycle: PodCycle, range: CandidateRange, recorder: CycleRecorder): Status | null {
  const { framework, modes } = cycle;
  for (let index = 0; index < framework.filters.length; index++) {
    const mode = modes[index];
    if (mode === "skip") continue;
    const { columns, name } = framework.filters[index] as (typeof framework.filters)[number];
    const begun = recorder.pluginBegins();
    let error: Status | null = null;
    if (mode === "columns") present(columns, name).filter(cycle, range, index + 1);
    else error = filterObjects(cycle, range, index);
    recorder.pluginEnds(name, "Filter", begun);
    if (error !== null) return error;
  }
  return null;
}

/** The object form of one filter, node by node. Returns the error that ends the cycle. */
function filterObjects(cycle: PodCycle, { list, from, to }: CandidateRange, index: number): Status | null {
  const { framework, columns, pod, state } = cycle;
  const { memory, verdict } = columns;
  const { filter, name } = framework.filters[index] as (typeof framework.filters)[number];
  for (let position = from; position < to; position++) {
    const slot = memory.u32[(list >> 2) + position] as number;
    if (memory.u8[verdict + slot] !== VERDICT_FEASIBLE) continue;
    const status = filter.filter(state, pod, cycle.nodeAt(slot));
    if (status === null) continue;
    if (status.code === "Error") return { ...status, plugin: name };
    memory.u8[verdict + slot] = index + 1;
    cycle.setObjectStatus(slot, status);
  }
  return null;
}

/** Nodes that at least equally important Pods wait for; there are few, and mostly none. */
function nominatedNodes({ pod, cache }: PodCycle, nominator: Nominator): readonly NodeInfo[] {
  if (nominator.size === 0) return [];
  const nodes: NodeInfo[] = [];
  for (const name of nominator.nodeNames()) {
    const isPromised = nominator
      .nominatedOn(name)
      .some(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority);
    const node = isPromised ? cache.get(name) : undefined;
    if (node !== undefined) nodes.push(node);
  }
  return nodes;
}

/** Judges nominated nodes of the range again, as they would be with the Pods that are coming. */
function judgeNominated(
  cycle: PodCycle,
  { list, from, to }: CandidateRange,
  nominated: readonly NodeInfo[],
): Status | null {
  const { columns, pod, framework } = cycle;
  const { memory, verdict } = columns;
  for (const node of nominated) {
    const position =
      list === columns.list ? columns.positionOf(node) : positionIn(cycle, list, from, to, node);
    if (position < from || position >= to) continue;
    const status = framework.filterWithNominatedPods(cycle.objectState(), pod, node);
    if (status?.code === "Error") return status;
    memory.u8[verdict + node.slot] = status === null ? VERDICT_FEASIBLE : CODE_NOMINATED;
    if (status !== null) cycle.setObjectStatus(node.slot, status);
  }
  return null;
}

function positionIn({ columns }: PodCycle, list: number, from: number, to: number, node: NodeInfo): number {
  for (let position = from; position < to; position++)
    if (columns.memory.u32[(list >> 2) + position] === node.slot) return position;
  return -1;
}

/** What a verdict on a node means. The node must have been turned down in this cycle. */
export function statusOf(cycle: PodCycle, slot: number): Status {
  const { columns, framework } = cycle;
  const code = columns.memory.u8[columns.verdict + slot] as number;
  assert(code !== VERDICT_FEASIBLE, `node in slot ${slot} was not turned down`);
  const told = cycle.objectStatus(slot);
  if (told !== undefined) return told;
  const step = present(framework.filters[code - 1], `filter ${code}`);
  const reason = columns.memory.u32[(columns.reason >> 2) + slot] as number;
  return present(step.columns, step.name).describe(reason);
}
