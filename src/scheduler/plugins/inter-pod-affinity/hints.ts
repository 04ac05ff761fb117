// Which events can help a Pod that InterPodAffinity turned down. Terms that choose namespaces by label see none here,
// as upstream: such a Pod may wait for the next flush.
// Source: kube-scheduler plugins/interpodaffinity/plugin.go.
import type { Node } from "../../../api/types.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { AffinityTerm } from "../../cache/pod-terms.js";
import type { QueueingHintFn } from "../../framework/cluster-event.js";
import { type BeforeAndAfter, holdsNode, nodesOf, podsOf } from "../../framework/event-objects.js";
import { nodeLabel } from "../../../api/node-selector.js";
import { matchesAll } from "./filtering.js";

const NO_LABELS = {};
const meets = (terms: readonly AffinityTerm[], pod: PodInfo | null) =>
  pod !== null && matchesAll(terms, pod, () => NO_LABELS);

export const afterPodChange: QueueingHintFn = (pod, objects) => {
  const { before, after } = podsOf(objects);
  if (before !== null && after?.uid === pod.uid) return "Queue";
  if ([before, after].some((each) => each !== null && !holdsNode(each.pod))) return "Skip";
  return helps(pod, { before, after }) ? "Queue" : "Skip";
};

/** A Pod that is missing meets no terms. */
function helps(pod: PodInfo, { before, after }: BeforeAndAfter<PodInfo>): boolean {
  const { requiredAffinity: near, requiredAntiAffinity: far } = pod.terms;
  if (!meets(near, before) && meets(near, after)) return true;
  if (meets(far, before) && !meets(far, after)) return true;
  const keptAway = before !== null && meets(before.terms.requiredAntiAffinity, pod);
  return keptAway && after === null;
}

export const afterNodeChange: QueueingHintFn = ({ terms }, objects) => {
  const { before, after } = nodesOf(objects);
  if (after === null) return "Skip";
  const comesIn = terms.requiredAffinity.some((term) => entersDomain(term, before, after));
  const comesFree = terms.requiredAntiAffinity.some((term) => leavesDomain(term, before, after));
  return comesIn || comesFree ? "Queue" : "Skip";
};

function entersDomain({ topologyKey }: AffinityTerm, before: Node | null, after: Node): boolean {
  const value = nodeLabel(after, topologyKey);
  return value !== undefined && (before === null || nodeLabel(before, topologyKey) !== value);
}

/** A new node is in no domain that is taken, for all that is known. */
function leavesDomain({ topologyKey }: AffinityTerm, before: Node | null, after: Node): boolean {
  if (before === null) return true;
  const value = nodeLabel(before, topologyKey);
  return value !== undefined && nodeLabel(after, topologyKey) !== value;
}
