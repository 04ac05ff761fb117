// InterPodAffinity over columns: how many Pods on each node match, or carry, a term is kept (columns/pod-counts,
// columns/carried-terms); for a new Pod these are summed by domain, and a node is judged by its domains' sums.
// Cost: O(nodes) per term.
import type { PodInfo } from "../../cache/pod-info.js";
import type { AffinityTerm } from "../../cache/pod-terms.js";
import { meansLabels } from "../../columns/carried-terms.js";
import { type ColumnCycle, type ColumnFilter, type ColumnScore, PASS } from "../../columns/column-plugin.js";
import type { InterPodAffinityArgs } from "../../config/configuration.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import { SKIP } from "../../framework/status.js";
import { DomainSums } from "./domain-sums.js";
import { BAD_COMPANY, matchesAll, NAME, type NamespaceLabels, NO_COMPANY, UNWELCOME } from "./filtering.js";

const WHY_NO_COMPANY = 0;
const WHY_BAD_COMPANY = 1;
const WHY_UNWELCOME = 2;
const STATUSES = [NO_COMPANY, BAD_COMPANY, UNWELCOME] as const;

interface FilterSums {
  readonly affinity: DomainSums;
  readonly antiAffinity: DomainSums;
  readonly existing: DomainSums;
  /** Nothing matches the affinity terms yet but the Pod itself: any node with the labels will do. */
  readonly isFirst: boolean;
}

export function createInterPodAffinityColumns(
  args: InterPodAffinityArgs,
  { objects }: FrameworkHandle,
): ColumnFilter & ColumnScore {
  const { namespaceLabels } = objects;
  let filters: FilterSums | null = null;
  let weights: DomainSums | null = null;
  return {
    name: NAME,
    prepareFilter(cycle) {
      filters = sumForFilter(cycle, namespaceLabels);
      return filters === null ? { status: SKIP, nodeNames: null } : PASS;
    },
    filter({ columns }, { list, from, to }, code) {
      if (filters === null) return;
      const { memory, verdict, reason } = columns;
      const { kernels } = memory;
      const { affinity, antiAffinity, existing, isFirst } = filters;
      for (const { domain, sums } of affinity.values()) {
        if (isFirst) kernels.filterUnlabelled(list, from, to, verdict, code, reason, WHY_NO_COMPANY, domain);
        else kernels.filterAbsent(list, from, to, verdict, code, reason, WHY_NO_COMPANY, domain, sums);
      }
      for (const { domain, sums } of antiAffinity.values())
        kernels.filterPresent(list, from, to, verdict, code, reason, WHY_BAD_COMPANY, domain, sums);
      for (const { domain, sums } of existing.values())
        kernels.filterPresent(list, from, to, verdict, code, reason, WHY_UNWELCOME, domain, sums);
    },
    describe: (reason) => STATUSES[reason] ?? NO_COMPANY,
    prepareScore(cycle) {
      weights = sumForScore(cycle, args, namespaceLabels);
      return !weights.isEmpty;
    },
    score({ columns }, count, score) {
      const { kernels } = columns.memory;
      for (const { domain, sums } of weights?.values() ?? [])
        kernels.addDomainScores(columns.feasible, count, score, domain, sums);
      kernels.normalizeRange(count, score);
    },
  };
}

function sumForFilter(cycle: ColumnCycle, namespaceLabels: NamespaceLabels): FilterSums | null {
  const { columns, pod } = cycle;
  const { requiredAffinity, requiredAntiAffinity } = pod.terms;
  const existing = new DomainSums(cycle);
  for (const { kind, term, at } of columns.carriedTerms.meaning(pod.labelSet))
    if (kind === "requiredAntiAffinity") existing.add(term.topologyKey, at, 1);
  if (existing.isEmpty && requiredAffinity.length + requiredAntiAffinity.length === 0) return null;
  const affinity = new DomainSums(cycle);
  if (requiredAffinity.length > 0) {
    // A running Pod counts only if it matches all the terms.
    const counts = countsOf(cycle, requiredAffinity, namespaceLabels);
    for (const { topologyKey } of requiredAffinity) affinity.add(topologyKey, counts, 1);
  }
  const antiAffinity = new DomainSums(cycle);
  for (const term of requiredAntiAffinity)
    antiAffinity.add(term.topologyKey, countsOf(cycle, [term], namespaceLabels), 1);
  return { affinity, antiAffinity, existing, isFirst: isFirst(cycle, affinity, namespaceLabels) };
}

function sumForScore(
  cycle: ColumnCycle,
  { hardPodAffinityWeight, ignorePreferredTermsOfExistingPods }: InterPodAffinityArgs,
  namespaceLabels: NamespaceLabels,
): DomainSums {
  const { columns, pod } = cycle;
  const { preferred } = pod.terms;
  const sums = new DomainSums(cycle);
  if (ignorePreferredTermsOfExistingPods && preferred.length === 0) return sums;
  for (const { term, weight } of preferred)
    sums.add(term.topologyKey, countsOf(cycle, [term], namespaceLabels), weight);
  for (const { kind, term, at } of columns.carriedTerms.meaning(pod.labelSet)) {
    if (kind === "preferred") sums.add(term.topologyKey, at, 1);
    else if (kind === "requiredAffinity" && hardPodAffinityWeight > 0)
      sums.add(term.topologyKey, at, hardPodAffinityWeight);
  }
  return sums;
}

/** Address of the column of Pods that match all of these terms. */
function countsOf(
  { columns }: ColumnCycle,
  terms: readonly AffinityTerm[],
  namespaceLabels: NamespaceLabels,
): number {
  return columns.podCounts.column({
    id: `affinity ${terms.map(({ id }) => id).join(" & ")}`,
    countsTerminating: true,
    matches: (labels) => terms.every((term) => meansLabels(term, labels, namespaceLabels)),
  });
}

function isFirst({ columns, pod }: ColumnCycle, affinity: DomainSums, labels: NamespaceLabels): boolean {
  if (affinity.isEmpty) return false;
  for (const { sums, domains } of affinity.values())
    if (columns.memory.kernels.anyDomain(sums, domains) !== 0) return false;
  return matchesItself(pod, labels);
}

function matchesItself(pod: PodInfo, labels: NamespaceLabels): boolean {
  return matchesAll(pod.terms.requiredAffinity, pod, labels);
}
