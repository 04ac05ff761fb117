// Hard constraints: with the Pod, a domain may have at most maxSkew Pods more than the emptiest domain.
//
//   Pods in the node's domain + (1 if the Pod counts itself) - minimum over domains  <=  maxSkew
//
// Domains are those of nodes that have the keys of all hard constraints and pass the constraint's policies.
// Cost: O(Pods x constraints) to count, O(constraints) per node.
// Source: kube-scheduler plugins/podtopologyspread/filtering.go.
import type { Node } from "../../../api/types.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { SpreadConstraint } from "../../cache/pod-terms.js";
import type { CloneableState } from "../../framework/cycle-state.js";
import { nodeLabel } from "../../../api/node-selector.js";
import { type Status, unresolvable, unschedulable } from "../../framework/status.js";
import { countSelected, hasAllKeys, isIncluded, selects } from "./constraints.js";
import { DomainCounts } from "./domain-counts.js";

export const NAME = "PodTopologySpread";
const REASON = "node(s) didn't match pod topology spread constraints";
export const SKEWED = unschedulable(NAME, REASON);
export const KEYLESS = unresolvable(NAME, `${REASON} (missing required label)`);

interface Counted {
  readonly constraint: SpreadConstraint;
  readonly domains: DomainCounts;
  /** 1 when the Pod counts for its own constraint. */
  readonly self: number;
}

export class FilterState implements CloneableState {
  readonly #pod: PodInfo;
  readonly #constraints: readonly SpreadConstraint[];
  readonly #counted: readonly Counted[];

  constructor(pod: PodInfo, counted: readonly Counted[]) {
    this.#pod = pod;
    this.#counted = counted;
    this.#constraints = counted.map(({ constraint }) => constraint);
  }

  static of(pod: PodInfo, constraints: readonly SpreadConstraint[], nodes: readonly NodeInfo[]): FilterState {
    const eligible = nodes.filter(({ node }) => hasAllKeys(node, constraints));
    const counted = constraints.map((constraint) => ({
      constraint,
      domains: countDomains(pod, constraint, eligible),
      self: selects(constraint, pod) ? 1 : 0,
    }));
    return new FilterState(pod, counted);
  }

  /** Takes a Pod on a node into account, or with -1 out of it; one that is being deleted, too, as upstream. */
  count(existing: PodInfo, node: Node, times: 1 | -1): void {
    if (existing.namespace !== this.#pod.namespace || !hasAllKeys(node, this.#constraints)) return;
    for (const { constraint, domains } of this.#counted) {
      const value = nodeLabel(node, constraint.topologyKey);
      if (value === undefined || !selects(constraint, existing)) continue;
      if (isIncluded(node, constraint, this.#pod)) domains.add(value, times);
    }
  }

  /** The first constraint that is violated decides. */
  judge({ node }: NodeInfo): Status | null {
    for (const { constraint, domains, self } of this.#counted) {
      const value = nodeLabel(node, constraint.topologyKey);
      if (value === undefined) return KEYLESS;
      const skew = domains.at(value) + self - domains.minimum(constraint.minDomains);
      if (skew > constraint.maxSkew) return SKEWED;
    }
    return null;
  }

  clone(): FilterState {
    const copies = this.#counted.map((each) => ({ ...each, domains: each.domains.clone() }));
    return new FilterState(this.#pod, copies);
  }
}

function countDomains(pod: PodInfo, constraint: SpreadConstraint, nodes: readonly NodeInfo[]): DomainCounts {
  const counts = new Map<string, number>();
  for (const { node, pods } of nodes) {
    const value = nodeLabel(node, constraint.topologyKey);
    if (value === undefined || !isIncluded(node, constraint, pod)) continue;
    counts.set(value, (counts.get(value) ?? 0) + countSelected(pods, constraint, pod.namespace));
  }
  return new DomainCounts(counts);
}
