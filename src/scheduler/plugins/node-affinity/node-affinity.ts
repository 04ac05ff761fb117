// Nodes a Pod demands (nodeSelector, required terms) and nodes it prefers (weighted terms), by their labels and names.
// A profile may add terms of its own to every Pod's.
// Source: kube-scheduler plugins/nodeaffinity/node_affinity.go.
import type { NodeSelector, PreferredSchedulingTerm } from "../../../api/scheduling.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { NodeAffinityArgs } from "../../config/configuration.js";
import { ACTION, type QueueingHintFn } from "../../framework/cluster-event.js";
import { nodesOf } from "../../framework/event-objects.js";
import {
  nodeSelectorMatches,
  pinnedNodeNames,
  preferenceWeight,
  requiredNodeAffinityMatches,
} from "../../../api/node-selector.js";
import { normalizeScores } from "../../framework/normalize.js";
import type {
  FilterPlugin,
  PreFilterPlugin,
  PreFilterResult,
  PreScorePlugin,
  ScorePlugin,
} from "../../framework/plugin.js";
import { SKIP, unresolvable } from "../../framework/status.js";

export const NAME = "NodeAffinity";
export const NOT_THE_PODS = unresolvable(NAME, "node(s) didn't match Pod's node affinity/selector");
export const NOT_THE_PROFILES = unresolvable(NAME, "node(s) didn't match scheduler-enforced node affinity");
const CONFLICT = unresolvable(NAME, "pod affinity terms conflict");

export function createNodeAffinity({ addedAffinity }: NodeAffinityArgs) {
  const enforced = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? null;
  const favoured = addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    name: NAME,
    eventsToRegister: () => [
      { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeLabel, hint: afterNodeChange(enforced) },
    ],
    preFilter: (_state, pod) => preFilter(pod, enforced),
    filter(_state, { pod }, { node }) {
      if (enforced !== null && !nodeSelectorMatches(enforced, node)) return NOT_THE_PROFILES;
      return requiredNodeAffinityMatches(pod.spec, node) ? null : NOT_THE_PODS;
    },
    preScore: (_state, pod) => (preferences(pod).length + favoured.length === 0 ? SKIP : null),
    score: (_state, pod, { node }) =>
      preferenceWeight(favoured, node) + preferenceWeight(preferences(pod), node),
    normalize: (_state, _pod, _nodes, scores) => normalizeScores(scores),
  } satisfies PreFilterPlugin & FilterPlugin & PreScorePlugin & ScorePlugin;
}

function preferences({ pod }: PodInfo): readonly PreferredSchedulingTerm[] {
  return pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Names nodes where it can: the Pods of a DaemonSet each name one, and only that one is looked at. */
export function preFilter({ pod }: PodInfo, enforced: NodeSelector | null): PreFilterResult {
  const { nodeSelector = {}, affinity } = pod.spec ?? {};
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const demandsNothing = required === undefined && Object.keys(nodeSelector).length === 0;
  if (demandsNothing && enforced === null) return { status: SKIP, nodeNames: null };
  const nodeNames = pinnedNodeNames(required?.nodeSelectorTerms ?? []);
  return nodeNames?.size === 0 ? { status: CONFLICT, nodeNames: null } : { status: null, nodeNames };
}

function afterNodeChange(enforced: NodeSelector | null): QueueingHintFn {
  return ({ pod }, objects) => {
    const { before, after } = nodesOf(objects);
    if (after === null || !requiredNodeAffinityMatches(pod.spec, after)) return "Skip";
    if (enforced !== null && !nodeSelectorMatches(enforced, after)) return "Skip";
    return before !== null && requiredNodeAffinityMatches(pod.spec, before) ? "Skip" : "Queue";
  };
}
