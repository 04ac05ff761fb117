// Random wishes of Pods: for nodes, for and against other Pods, for being spread, and what taints they bear.
import {
  LABEL_HOSTNAME,
  LABEL_REGION,
  type NodeAffinity,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type PodAffinity,
  type PodAffinityTerm,
  type Toleration,
  type TopologySpreadConstraint,
} from "../../api/scheduling.js";
import { LABEL_ZONE } from "../../api/types.js";
import type { Prng } from "../../base/prng.js";
import {
  between,
  DISK,
  DISKS,
  GENERATION,
  type Labels,
  NAMESPACES,
  oneIn,
  podSelector,
  RACK,
  RACKS,
  some,
  TEAMS,
  ZONES,
} from "./draws.js";

const TOPOLOGY_KEYS = [LABEL_HOSTNAME, LABEL_ZONE, LABEL_ZONE, LABEL_REGION, RACK];

export function randomNodeSelector(prng: Prng): Labels {
  return oneIn(prng, 2) ? { [LABEL_ZONE]: prng.pick(ZONES) } : { [DISK]: prng.pick(DISKS) };
}

export function randomNodeAffinity(prng: Prng, nodeNames: readonly string[]): NodeAffinity {
  const isRequired = oneIn(prng, 2);
  const terms = Array.from({ length: between(prng, 1, 2) }, () => nodeTerm(prng, nodeNames));
  const preferred = Array.from({ length: between(prng, 1, 3) }, () => ({
    weight: between(prng, 1, 100),
    preference: { matchExpressions: [nodeRequirement(prng)] },
  }));
  return {
    ...(isRequired ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } : {}),
    ...(isRequired && oneIn(prng, 2) ? {} : { preferredDuringSchedulingIgnoredDuringExecution: preferred }),
  };
}

function nodeTerm(prng: Prng, nodeNames: readonly string[]): NodeSelectorTerm {
  if (oneIn(prng, 8)) return { matchFields: [fieldRequirement(prng, nodeNames)] };
  const matchExpressions = Array.from({ length: between(prng, 1, 2) }, () => nodeRequirement(prng));
  return oneIn(prng, 15)
    ? { matchExpressions, matchFields: [fieldRequirement(prng, nodeNames)] }
    : { matchExpressions };
}

function fieldRequirement(prng: Prng, nodeNames: readonly string[]): NodeSelectorRequirement {
  const operator = oneIn(prng, 4) ? "NotIn" : "In";
  return { key: "metadata.name", operator, values: [prng.pick(nodeNames)] };
}

function nodeRequirement(prng: Prng): NodeSelectorRequirement {
  switch (prng.below(6)) {
    case 0:
      return { key: LABEL_ZONE, operator: "In", values: some(prng, ZONES, between(prng, 1, 2)) };
    case 1:
      return { key: RACK, operator: "NotIn", values: some(prng, RACKS, between(prng, 1, 2)) };
    case 2:
      return { key: DISK, operator: "Exists" };
    case 3:
      return { key: DISK, operator: "DoesNotExist" };
    case 4:
      return { key: GENERATION, operator: "Gt", values: [String(between(prng, 1, 6))] };
    default:
      return { key: GENERATION, operator: "Lt", values: [String(between(prng, 3, 9))] };
  }
}

export function randomPodAffinity(prng: Prng, own: Labels): PodAffinity {
  const isRequired = oneIn(prng, 2);
  const terms = () => Array.from({ length: between(prng, 1, 2) }, () => podTerm(prng, own));
  const preferred = () =>
    terms().map((podAffinityTerm) => ({ weight: between(prng, 1, 100), podAffinityTerm }));
  return {
    ...(isRequired ? { requiredDuringSchedulingIgnoredDuringExecution: terms() } : {}),
    ...(isRequired && oneIn(prng, 2) ? {} : { preferredDuringSchedulingIgnoredDuringExecution: preferred() }),
  };
}

function podTerm(prng: Prng, own: Labels): PodAffinityTerm {
  const topologyKey = prng.pick(TOPOLOGY_KEYS);
  const labelSelector = podSelector(prng, own);
  switch (prng.below(6)) {
    case 0:
      return { topologyKey, labelSelector, namespaces: some(prng, NAMESPACES, 2) };
    case 1:
      return { topologyKey, labelSelector, namespaceSelector: { matchLabels: { team: prng.pick(TEAMS) } } };
    case 2:
      return { topologyKey, labelSelector, namespaceSelector: {} };
    case 3:
      return withLabelKey({ topologyKey, labelSelector }, own, oneIn(prng, 2) ? "In" : "NotIn");
    default:
      return { topologyKey, labelSelector };
  }
}

/** The API server writes matchLabelKeys and mismatchLabelKeys into the selector and keeps them. */
function withLabelKey(term: PodAffinityTerm, own: Labels, operator: "In" | "NotIn"): PodAffinityTerm {
  const { rev } = own;
  if (rev === undefined) return term;
  const { matchExpressions = [] } = term.labelSelector ?? {};
  return {
    ...term,
    labelSelector: {
      ...term.labelSelector,
      matchExpressions: [...matchExpressions, { key: "rev", operator, values: [rev] }],
    },
    ...(operator === "In" ? { matchLabelKeys: ["rev"] } : { mismatchLabelKeys: ["rev"] }),
  };
}

export function randomSpread(prng: Prng, own: Labels): TopologySpreadConstraint[] {
  const keys = [...new Set(some(prng, TOPOLOGY_KEYS, between(prng, 1, 2)))];
  return keys.map((topologyKey) => spreadConstraint(prng, topologyKey, own));
}

function spreadConstraint(prng: Prng, topologyKey: string, own: Labels): TopologySpreadConstraint {
  const isHard = oneIn(prng, 2);
  return {
    maxSkew: between(prng, 1, 3),
    topologyKey,
    whenUnsatisfiable: isHard ? "DoNotSchedule" : "ScheduleAnyway",
    ...(oneIn(prng, 20) ? {} : { labelSelector: podSelector(prng, own) }),
    ...(isHard && oneIn(prng, 4) ? { minDomains: between(prng, 1, 5) } : {}),
    ...(oneIn(prng, 3) ? { nodeAffinityPolicy: oneIn(prng, 2) ? "Honor" : "Ignore" } : {}),
    ...(oneIn(prng, 3) ? { nodeTaintsPolicy: oneIn(prng, 2) ? "Honor" : "Ignore" } : {}),
    ...(oneIn(prng, 4) ? { matchLabelKeys: ["rev"] } : {}),
  };
}

const TOLERATIONS: readonly Toleration[] = [
  { key: "dedicated", operator: "Equal", value: "db", effect: "NoSchedule" },
  { key: "dedicated", value: "batch" },
  { key: "dedicated", operator: "Exists" },
  { key: "broken", operator: "Exists", effect: "NoExecute" },
  { key: "spot", operator: "Equal", value: "yes", effect: "PreferNoSchedule" },
  { key: "slow", operator: "Exists", effect: "NoSchedule" },
  { operator: "Exists", effect: "NoSchedule" },
  { operator: "Exists" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];

export function randomTolerations(prng: Prng): Toleration[] {
  return some(prng, TOLERATIONS, between(prng, 1, 3));
}
