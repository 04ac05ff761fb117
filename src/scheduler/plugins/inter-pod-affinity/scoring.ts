// Preferred terms, in both directions, and what running Pods require: each match adds its weight to the domain of the
// node where the running Pod is. A node scores the sum over its domains.
//
//   the Pod's preferred terms that match a running one             + or - weight
//   a running Pod's preferred terms that match it                  + or - weight
//   a running Pod's required affinity terms that match it          + hardPodAffinityWeight
//
// Cost: O(Pods x terms) to count, or O(Pods with terms) when the new one has none; O(keys) per node.
// Source: kube-scheduler plugins/interpodaffinity/scoring.go.
import type { Node } from "../../../api/types.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { type AffinityTerm, matchesPod } from "../../cache/pod-terms.js";
import type { CloneableState } from "../../framework/cycle-state.js";
import { MAX_NODE_SCORE } from "../../framework/normalize.js";
import type { NamespaceLabels } from "./filtering.js";
import { domainOf } from "./topology-counts.js";

export class ScoreState implements CloneableState {
  /** "key=value" -> sum of weights, 0 included. */
  readonly #weights = new Map<string, number>();
  readonly #keys = new Set<string>();

  constructor(
    pod: PodInfo,
    hardPodAffinityWeight: number,
    namespaceLabels: NamespaceLabels,
    nodes: readonly NodeInfo[],
  ) {
    const add = (term: AffinityTerm, weight: number, matched: PodInfo, node: Node) => {
      if (matchesPod(term, matched.pod, namespaceLabels)) this.#add(node, term.topologyKey, weight);
    };
    const { preferred } = pod.terms;
    for (const { node, pods, podsWithAffinity } of nodes) {
      for (const existing of preferred.length > 0 ? pods : podsWithAffinity) {
        for (const { term, weight } of preferred) add(term, weight, existing, node);
        if (hardPodAffinityWeight > 0)
          for (const term of existing.terms.requiredAffinity) add(term, hardPodAffinityWeight, pod, node);
        for (const { term, weight } of existing.terms.preferred) add(term, weight, pod, node);
      }
    }
  }

  /** Whether nothing matched. */
  get isIdle(): boolean {
    return this.#weights.size === 0;
  }

  score(node: Node): number {
    let sum = 0;
    for (const key of this.#keys) {
      const domain = domainOf(node, key);
      if (domain !== null) sum += this.#weights.get(domain) ?? 0;
    }
    return sum;
  }

  /** Nothing changes it once it is made. */
  clone(): ScoreState {
    return this;
  }

  #add(node: Node, key: string, weight: number): void {
    const domain = domainOf(node, key);
    if (domain === null) return;
    this.#keys.add(key);
    this.#weights.set(domain, (this.#weights.get(domain) ?? 0) + weight);
  }
}

/** The lowest score becomes 0, the highest 100, in place; all 0 when they are equal. */
export function normalizeRange(scores: number[]): void {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const score of scores) {
    min = Math.min(min, score);
    max = Math.max(max, score);
  }
  for (const [index, score] of scores.entries()) {
    // The quotient comes first, as upstream's: 29 of 100 becomes 28.
    const fraction = max > min ? (score - min) / (max - min) : 0;
    scores[index] = Math.trunc(MAX_NODE_SCORE * fraction);
  }
}
