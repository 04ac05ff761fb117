// Which constraints spread a Pod, and which nodes and Pods count for them.
// Source: kube-scheduler plugins/podtopologyspread/common.go and plugin.go.
import { LABEL_HOSTNAME } from "../../../api/scheduling.js";
import { matchesSelector } from "../../../api/selector.js";
import { LABEL_ZONE, type Node } from "../../../api/types.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { SpreadConstraint } from "../../cache/pod-terms.js";
import type { DefaultConstraint, PodTopologySpreadArgs } from "../../config/configuration.js";
import { nodeLabel, requiredNodeAffinityMatches } from "../../../api/node-selector.js";
import { forbiddingTaint } from "../../framework/taints.js";
import type { ObjectLister } from "../../objects.js";
import { defaultSelector } from "./default-selector.js";

const ANYWAY = {
  whenUnsatisfiable: "ScheduleAnyway",
  minDomains: 1,
  nodeAffinityPolicy: "Honor",
  nodeTaintsPolicy: "Ignore",
  matchLabelKeys: [],
} as const;

/** For Pods without constraints, unless the profile lists others. */
const SYSTEM_DEFAULTS: readonly DefaultConstraint[] = [
  { topologyKey: LABEL_HOSTNAME, maxSkew: 3, ...ANYWAY },
  { topologyKey: LABEL_ZONE, maxSkew: 5, ...ANYWAY },
];

interface Defaults {
  readonly hard: readonly SpreadConstraint[];
  readonly soft: readonly SpreadConstraint[];
}

const NO_DEFAULTS: Defaults = { hard: [], soft: [] };

/** What is deduced for Pods without constraints is kept until some object changes: it asks every Service. */
export class ConstraintSource {
  readonly #defaults: readonly DefaultConstraint[];
  readonly #isSystem: boolean;
  readonly #objects: ObjectLister;
  readonly #known = new Map<string, Defaults>();
  #generation = -1;

  constructor({ defaultingType, defaultConstraints }: PodTopologySpreadArgs, objects: ObjectLister) {
    this.#isSystem = defaultingType === "System";
    this.#defaults = this.#isSystem ? SYSTEM_DEFAULTS : defaultConstraints;
    this.#objects = objects;
  }

  /** Nodes that violate these are turned down. */
  hard(pod: PodInfo): readonly SpreadConstraint[] {
    return hasOwn(pod) ? pod.terms.hardSpread : this.#defaultsOf(pod).hard;
  }

  /** Nodes that violate these score less. */
  soft(pod: PodInfo): readonly SpreadConstraint[] {
    return hasOwn(pod) ? pod.terms.softSpread : this.#defaultsOf(pod).soft;
  }

  /** Whether nodes that lack a key do not score. Under system defaults they do: a cluster need not have zones. */
  needsAllKeys(pod: PodInfo): boolean {
    return hasOwn(pod) || !this.#isSystem;
  }

  #defaultsOf(pod: PodInfo): Defaults {
    if (this.#defaults.length === 0) return NO_DEFAULTS;
    const { generation } = this.#objects;
    if (generation !== this.#generation) this.#known.clear();
    this.#generation = generation;
    const key = groupOf(pod);
    let defaults = this.#known.get(key);
    if (defaults === undefined) {
      defaults = this.#deduce(pod);
      this.#known.set(key, defaults);
    }
    return defaults;
  }

  #deduce(pod: PodInfo): Defaults {
    const selector = defaultSelector(pod, this.#objects);
    if (selector === null) return NO_DEFAULTS;
    const selectorId = JSON.stringify([pod.namespace, selector]);
    const of = (kind: DefaultConstraint["whenUnsatisfiable"]) =>
      this.#defaults
        .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === kind)
        .map((constraint) => ({ ...constraint, selector, selectorId }));
    return { hard: of("DoNotSchedule"), soft: of("ScheduleAnyway") };
  }
}

/** Equal for Pods of which the same is deduced. */
function groupOf({ labelSet, pod }: PodInfo): string {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined
    ? String(labelSet.id)
    : `${labelSet.id} ${owner.apiVersion} ${owner.kind} ${owner.name}`;
}

function hasOwn({ pod }: PodInfo): boolean {
  return (pod.spec?.topologySpreadConstraints ?? []).length > 0;
}

export function hasAllKeys(node: Node, constraints: readonly SpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => nodeLabel(node, topologyKey) !== undefined);
}

/** Whether a node counts for a constraint, by the constraint's policies. */
export function isIncluded(node: Node, constraint: SpreadConstraint, { pod }: PodInfo): boolean {
  const { nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
  if (nodeAffinityPolicy === "Honor" && !requiredNodeAffinityMatches(pod.spec, node)) return false;
  return nodeTaintsPolicy === "Ignore" || forbiddingTaint(node.spec?.taints, pod.spec?.tolerations) === null;
}

/** Whether the constraint means Pods with these labels; an empty selector means all. */
export function selects({ selector }: SpreadConstraint, { pod }: PodInfo): boolean {
  return selector !== null && matchesSelector(pod.metadata.labels, selector);
}

/** Pods on a node that count: of the namespace, not being deleted. An empty selector counts none, as upstream. */
export function countSelected(
  pods: readonly PodInfo[],
  constraint: SpreadConstraint,
  namespace: string,
): number {
  const { matchLabels = {}, matchExpressions = [] } = constraint.selector ?? {};
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) return 0;
  const counts = (pod: PodInfo) =>
    !pod.isTerminating && pod.namespace === namespace && selects(constraint, pod);
  return pods.filter(counts).length;
}
