// Required terms, in both directions: what the Pod wants of those that run, and what those that run want of it. All are
// counted once per Pod, by domain; a node is then judged by looking up its own domains.
//
//   affinity            Pods that match all the Pod's affinity terms; each term's domain must have one
//   antiAffinity        Pods that match one of its anti-affinity terms; that term's domain must have none
//   existing            running Pods with an anti-affinity term that matches it; no domain of the node may have one
//
// Cost: O(Pods x terms) to count, O(terms + labels) per node. Source: kube-scheduler plugins/interpodaffinity/filtering.go.
import type { Node } from "../../../api/types.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { type AffinityTerm, matchesPod } from "../../cache/pod-terms.js";
import type { CloneableState } from "../../framework/cycle-state.js";
import { nodeLabel } from "../../../api/node-selector.js";
import { type Status, unresolvable, unschedulable } from "../../framework/status.js";
import { TopologyCounts } from "./topology-counts.js";

export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>>;

export const NAME = "InterPodAffinity";
export const NO_COMPANY = unresolvable(NAME, "node(s) didn't match pod affinity rules");
export const BAD_COMPANY = unschedulable(NAME, "node(s) didn't match pod anti-affinity rules");
export const UNWELCOME = unschedulable(NAME, "node(s) didn't satisfy existing pods anti-affinity rules");

export class FilterState implements CloneableState {
  readonly #pod: PodInfo;
  readonly #namespaceLabels: NamespaceLabels;
  readonly #affinity: TopologyCounts;
  readonly #antiAffinity: TopologyCounts;
  readonly #existing: TopologyCounts;

  constructor(
    pod: PodInfo,
    namespaceLabels: NamespaceLabels,
    counts: readonly [TopologyCounts, TopologyCounts, TopologyCounts],
  ) {
    this.#pod = pod;
    this.#namespaceLabels = namespaceLabels;
    [this.#affinity, this.#antiAffinity, this.#existing] = counts;
  }

  static of(pod: PodInfo, namespaceLabels: NamespaceLabels, nodes: readonly NodeInfo[]): FilterState {
    const empty = [new TopologyCounts(), new TopologyCounts(), new TopologyCounts()] as const;
    const state = new FilterState(pod, namespaceLabels, empty);
    const hasOwnTerms = state.#hasOwnTerms;
    for (const { node, pods, podsWithRequiredAntiAffinity } of nodes) {
      // Without terms of its own, only Pods that have some can matter.
      for (const existing of hasOwnTerms ? pods : podsWithRequiredAntiAffinity)
        state.count(existing, node, 1);
    }
    return state;
  }

  /** Whether no node can be turned down. */
  get isIdle(): boolean {
    return this.#existing.isEmpty && !this.#hasOwnTerms;
  }

  /** Takes a Pod on a node into account, or with -1 out of it. */
  count(existing: PodInfo, node: Node, times: 1 | -1): void {
    const { requiredAffinity, requiredAntiAffinity } = this.#pod.terms;
    if (matchesAll(requiredAffinity, existing, this.#namespaceLabels))
      for (const { topologyKey } of requiredAffinity) this.#affinity.add(node, topologyKey, times);
    this.#countEach(requiredAntiAffinity, existing, this.#antiAffinity, node, times);
    this.#countEach(existing.terms.requiredAntiAffinity, this.#pod, this.#existing, node, times);
  }

  judge({ node }: NodeInfo): Status | null {
    if (!this.#hasCompany(node)) return NO_COMPANY;
    const { requiredAntiAffinity } = this.#pod.terms;
    if (requiredAntiAffinity.some(({ topologyKey }) => this.#antiAffinity.at(node, topologyKey) > 0))
      return BAD_COMPANY;
    const keys = this.#existing.isEmpty ? [] : Object.keys(node.metadata.labels ?? {});
    return keys.some((key) => this.#existing.at(node, key) > 0) ? UNWELCOME : null;
  }

  clone(): FilterState {
    return new FilterState(this.#pod, this.#namespaceLabels, [
      this.#affinity.clone(),
      this.#antiAffinity.clone(),
      this.#existing.clone(),
    ]);
  }

  get #hasOwnTerms(): boolean {
    const { requiredAffinity, requiredAntiAffinity } = this.#pod.terms;
    return requiredAffinity.length + requiredAntiAffinity.length > 0;
  }

  /** The first of a group that wants to be together may go anywhere: no Pod matches yet, but it would itself. */
  #hasCompany(node: Node): boolean {
    const { requiredAffinity: terms } = this.#pod.terms;
    if (terms.some(({ topologyKey }) => nodeLabel(node, topologyKey) === undefined)) return false;
    if (terms.every(({ topologyKey }) => this.#affinity.at(node, topologyKey) > 0)) return true;
    return this.#affinity.isEmpty && matchesAll(terms, this.#pod, this.#namespaceLabels);
  }

  #countEach(
    terms: readonly AffinityTerm[],
    matched: PodInfo,
    counts: TopologyCounts,
    node: Node,
    times: number,
  ): void {
    for (const term of terms)
      if (matchesPod(term, matched.pod, this.#namespaceLabels)) counts.add(node, term.topologyKey, times);
  }
}

/** No terms match no Pod. */
export function matchesAll(
  terms: readonly AffinityTerm[],
  { pod }: PodInfo,
  namespaceLabels: NamespaceLabels,
): boolean {
  return terms.length > 0 && terms.every((term) => matchesPod(term, pod, namespaceLabels));
}
