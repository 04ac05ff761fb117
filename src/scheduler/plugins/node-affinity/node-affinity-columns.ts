// NodeAffinity over columns: a selector is a mask of bits over nodes, made once per distinct selector.
// A handful of candidates, such as the one node that a DaemonSet's Pod names, are looked at as objects: a mask for one
// node would cost a walk over all.
import { VERDICT_FEASIBLE } from "../../../../asm/abi/scheduler.js";
import type { NodeSelector, NodeSelectorTerm, PreferredSchedulingTerm } from "../../../api/scheduling.js";
import type { PodSpec } from "../../../api/types.js";
import type { CandidateRange, ColumnCycle, ColumnFilter, ColumnScore } from "../../columns/column-plugin.js";
import { NAME_FIELD } from "../../columns/label-columns.js";
import type { NodeColumns } from "../../columns/node-columns.js";
import type { LabelRequirement, NodeSelection } from "../../columns/node-masks.js";
import type { NodeAffinityArgs } from "../../config/configuration.js";
import {
  fieldHolds,
  labelHolds,
  nodeSelectorMatches,
  requiredNodeAffinityMatches,
} from "../../../api/node-selector.js";
import { NAME, NOT_THE_PODS, NOT_THE_PROFILES, preFilter } from "./node-affinity.js";

/** Candidates that are looked at one by one. */
const FEW = 8;
const WHY_POD = 0;
const WHY_PROFILE = 1;

export function createNodeAffinityColumns({ addedAffinity }: NodeAffinityArgs): ColumnFilter & ColumnScore {
  const enforced = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? null;
  const favoured = addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  let preferences: readonly PreferredSchedulingTerm[] = [];
  return {
    name: NAME,
    prepareFilter: ({ pod }) => preFilter(pod, enforced),
    filter(cycle, range, code) {
      if (range.to - range.from <= FEW) {
        filterFew(cycle, range, code, enforced);
        return;
      }
      const { memory, verdict, reason } = cycle.columns;
      const { list, from, to } = range;
      const apply = (mask: number, why: number) =>
        memory.kernels.filterMasked(list, from, to, verdict, code, reason, why, mask);
      if (enforced !== null) apply(maskOf(cycle.columns, {}, enforced.nodeSelectorTerms), WHY_PROFILE);
      apply(requiredMask(cycle.columns, cycle.pod.pod.spec ?? {}), WHY_POD);
    },
    describe: (reason) => (reason === WHY_PROFILE ? NOT_THE_PROFILES : NOT_THE_PODS),
    prepareScore({ pod }) {
      const own = pod.pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      preferences = favoured.length === 0 ? own : [...favoured, ...own];
      return preferences.length > 0;
    },
    score({ columns }, count, score) {
      const { kernels } = columns.memory;
      for (const { weight, preference } of preferences)
        kernels.addMaskScores(columns.feasible, count, score, maskOf(columns, {}, [preference]), weight);
      kernels.normalizeDefault(count, score, 0);
    },
  };
}

/** Address of the mask of nodes that a Pod's nodeSelector and required terms allow. */
export function requiredMask(columns: NodeColumns, { nodeSelector = {}, affinity }: PodSpec): number {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return maskOf(columns, nodeSelector, required?.nodeSelectorTerms ?? null);
}

function maskOf(
  columns: NodeColumns,
  nodeSelector: Readonly<Record<string, string>>,
  terms: readonly NodeSelectorTerm[] | null,
): number {
  return columns.masks.mask(JSON.stringify([nodeSelector, terms]), () => selectionOf(nodeSelector, terms));
}

/** @param terms null: the selector alone decides */
function selectionOf(
  nodeSelector: Readonly<Record<string, string>>,
  terms: readonly NodeSelectorTerm[] | null,
): NodeSelection {
  const always = Object.entries(nodeSelector).map(([key, wanted]) => ({
    key,
    accepts: (value: string | undefined) => value === wanted,
  }));
  if (terms === null) return [always];
  return terms.map(requirementsOf).flatMap((term) => (term.length === 0 ? [] : [[...always, ...term]]));
}

function requirementsOf({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): LabelRequirement[] {
  return [
    ...matchExpressions.map((requirement) => ({
      key: requirement.key,
      accepts: (value: string | undefined) => labelHolds(requirement, value),
    })),
    ...matchFields.map((requirement) => ({
      key: NAME_FIELD,
      accepts: (name: string | undefined) => fieldHolds(requirement, name),
    })),
  ];
}

function filterFew(
  cycle: ColumnCycle,
  { list, from, to }: CandidateRange,
  code: number,
  enforced: NodeSelector | null,
): void {
  const { columns, pod } = cycle;
  const { memory, verdict, reason } = columns;
  for (let index = from; index < to; index++) {
    const slot = memory.u32[(list >> 2) + index] as number;
    if (memory.u8[verdict + slot] !== VERDICT_FEASIBLE) continue;
    const { node } = cycle.nodeAt(slot);
    const breaksRule = enforced !== null && !nodeSelectorMatches(enforced, node);
    if (!breaksRule && requiredNodeAffinityMatches(pod.pod.spec, node)) continue;
    memory.u8[verdict + slot] = code;
    memory.u32[(reason >> 2) + slot] = breaksRule ? WHY_PROFILE : WHY_POD;
  }
}
