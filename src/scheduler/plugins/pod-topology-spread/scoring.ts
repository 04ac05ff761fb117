// Soft constraints: the fewer Pods in a node's domains, the better.
//
//   raw    = round( sum over constraints of  Pods in the domain * ln(domains + 2) + (maxSkew - 1) )
//   score  = 100 * (max + min - raw) / max
//
// The logarithm makes one Pod weigh more where there are more domains to choose from: hosts count more than zones.
// Cost: O(Pods x constraints) to count, O(constraints) per node. Source: plugins/podtopologyspread/scoring.go.
import { LABEL_HOSTNAME } from "../../../api/scheduling.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { SpreadConstraint } from "../../cache/pod-terms.js";
import type { CloneableState } from "../../framework/cycle-state.js";
import { mulDiv } from "../../framework/integer-division.js";
import { nodeLabel } from "../../../api/node-selector.js";
import { MAX_NODE_SCORE } from "../../framework/normalize.js";
import { countSelected, hasAllKeys, isIncluded } from "./constraints.js";

interface Weighted {
  readonly constraint: SpreadConstraint;
  /** Label value -> Pods, of values among the feasible nodes; empty for hosts, which are counted when they score. */
  readonly domains: Map<string, number>;
  readonly weight: number;
}

export interface ScoreInput {
  readonly pod: PodInfo;
  readonly constraints: readonly SpreadConstraint[];
  /** Whether nodes that lack a key are left out. */
  readonly needsAllKeys: boolean;
  readonly allNodes: readonly NodeInfo[];
  readonly feasible: readonly NodeInfo[];
}

export class ScoreState implements CloneableState {
  readonly #pod: PodInfo;
  readonly #ignored: ReadonlySet<string>;
  readonly #weighted: readonly Weighted[];

  constructor({ pod, constraints, needsAllKeys, allNodes, feasible }: ScoreInput) {
    const counts = ({ node }: NodeInfo) => !needsAllKeys || hasAllKeys(node, constraints);
    const scored = feasible.filter(counts);
    this.#pod = pod;
    this.#ignored = new Set(feasible.filter((each) => !counts(each)).map(({ name }) => name));
    this.#weighted = constraints.map((constraint) => weigh(constraint, scored));
    for (const { node, pods } of allNodes.filter(counts)) {
      for (const { constraint, domains } of this.#weighted) {
        const value = nodeLabel(node, constraint.topologyKey) ?? "";
        const count = domains.get(value);
        if (count === undefined || !isIncluded(node, constraint, pod)) continue;
        domains.set(value, count + countSelected(pods, constraint, pod.namespace));
      }
    }
  }

  /** Raw: less is better; 0 for a node that is left out. A key that the node lacks adds nothing. */
  score({ name, node, pods }: NodeInfo): number {
    if (this.#ignored.has(name)) return 0;
    let sum = 0;
    for (const { constraint, domains, weight } of this.#weighted) {
      const value = nodeLabel(node, constraint.topologyKey);
      if (value === undefined) continue;
      const count = isHost(constraint)
        ? countSelected(pods, constraint, this.#pod.namespace)
        : (domains.get(value) ?? 0);
      sum += count * weight + (constraint.maxSkew - 1);
    }
    return Math.round(sum);
  }

  /** In place; nodes that are left out get 0. */
  normalize(nodes: readonly NodeInfo[], scores: number[]): void {
    const isIgnored = nodes.map(({ name }) => this.#ignored.has(name));
    let min = Number.MAX_SAFE_INTEGER;
    let max = 0;
    for (const [index, score] of scores.entries()) {
      if (isIgnored[index]) continue;
      min = Math.min(min, score);
      max = Math.max(max, score);
    }
    for (const [index, score] of scores.entries()) {
      if (isIgnored[index]) scores[index] = 0;
      else scores[index] = max === 0 ? MAX_NODE_SCORE : mulDiv(MAX_NODE_SCORE, max + min - score, max);
    }
  }

  /** Nothing changes it once it is made. */
  clone(): ScoreState {
    return this;
  }
}

/** Nodes without the key share the value "", which takes part in the number of domains. */
function weigh(constraint: SpreadConstraint, scored: readonly NodeInfo[]): Weighted {
  const values = isHost(constraint)
    ? []
    : scored.map(({ node }) => nodeLabel(node, constraint.topologyKey) ?? "");
  const domains = new Map(values.map((value) => [value, 0]));
  const size = isHost(constraint) ? scored.length : domains.size;
  return { constraint, domains, weight: Math.log(size + 2) };
}

function isHost({ topologyKey }: SpreadConstraint): boolean {
  return topologyKey === LABEL_HOSTNAME;
}
