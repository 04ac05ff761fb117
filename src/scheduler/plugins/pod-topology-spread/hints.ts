// Which events can help a Pod that PodTopologySpread turned down.
// Source: kube-scheduler plugins/podtopologyspread/plugin.go.
import { isDeepStrictEqual } from "node:util";
import type { Node } from "../../../api/types.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { SpreadConstraint } from "../../cache/pod-terms.js";
import type { QueueingHintFn } from "../../framework/cluster-event.js";
import { holdsNode, nodesOf, podsOf } from "../../framework/event-objects.js";
import { nodeLabel } from "../../../api/node-selector.js";
import { hasAllKeys, selects } from "./constraints.js";

export type HardConstraints = (pod: PodInfo) => readonly SpreadConstraint[];

/** A Pod that starts or ceases to count, or the waiting one that tolerates other taints. */
export function afterPodChange(hard: HardConstraints): QueueingHintFn {
  return (pod, objects) => {
    const { before, after } = podsOf(objects);
    if ([before, after].some((each) => each !== null && !concerns(each, pod))) return "Skip";
    const constraints = hard(pod);
    const honorsTaints = constraints.some(({ nodeTaintsPolicy }) => nodeTaintsPolicy === "Honor");
    if (honorsTaints && before !== null && after?.uid === pod.uid && !sameTolerations(before, after))
      return "Queue";
    const counts = (constraint: SpreadConstraint, each: PodInfo | null) =>
      each !== null && selects(constraint, each);
    return constraints.some((each) => counts(each, before) !== counts(each, after)) ? "Queue" : "Skip";
  };
}

/** A node that comes, goes, or changes its domains or taints. */
export function afterNodeChange(hard: HardConstraints): QueueingHintFn {
  return (pod, objects) => {
    const { before, after } = nodesOf(objects);
    const constraints = hard(pod);
    const counted = before !== null && hasAllKeys(before, constraints);
    const counts = after !== null && hasAllKeys(after, constraints);
    if (counted !== counts) return "Queue";
    const changed = counted && counts && movesDomain(before, after, constraints);
    return changed ? "Queue" : "Skip";
  };
}

function concerns(other: PodInfo, pod: PodInfo): boolean {
  return other.uid === pod.uid || (holdsNode(other.pod) && other.namespace === pod.namespace);
}

function sameTolerations(a: PodInfo, b: PodInfo): boolean {
  return isDeepStrictEqual(a.pod.spec?.tolerations ?? [], b.pod.spec?.tolerations ?? []);
}

function movesDomain(before: Node, after: Node, constraints: readonly SpreadConstraint[]): boolean {
  const moves = constraints.some(
    ({ topologyKey }) => nodeLabel(before, topologyKey) !== nodeLabel(after, topologyKey),
  );
  return moves || !isDeepStrictEqual(before.spec?.taints ?? [], after.spec?.taints ?? []);
}
