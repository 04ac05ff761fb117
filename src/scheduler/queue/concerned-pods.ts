// Which waiting Pods another Pod, that has a node, may concern: those that PodTopologySpread turned down in its namespace,
// and those that want to stand next to such a Pod.
// Why: an event about a Pod comes with every binding, and most Pods that wait do not look at their neighbours.
// Cost: O(1) for a Pod that has the terms of the one asked about before it, else O(terms).
// Source: kube-scheduler backend/queue/scheduling_queue.go (getUnschedulablePodsWithCrossTopologyTerm).
import type { PodInfo } from "../cache/pod-info.js";
import { matchesPod, NO_TERMS, type PodTerms } from "../cache/pod-terms.js";
import type { QueuedPod } from "../framework/queued-pod.js";

const POD_TOPOLOGY_SPREAD = "PodTopologySpread";

/** A test of waiting Pods; it may be kept for one event only. */
export function concernedBy(
  pod: PodInfo,
  namespaceLabels: (namespace: string) => Readonly<Record<string, string>>,
): (queued: QueuedPod) => boolean {
  // Pods of one template share their terms, and mostly stand next to each other.
  let terms: PodTerms = NO_TERMS;
  let isWanted = false;
  return ({ pod: waiting, unschedulablePlugins }) => {
    if (waiting.namespace === pod.namespace && unschedulablePlugins.has(POD_TOPOLOGY_SPREAD)) return true;
    if (waiting.terms !== terms) {
      terms = waiting.terms;
      isWanted = terms.requiredAffinity.some((term) => matchesPod(term, pod.pod, namespaceLabels));
    }
    return isWanted;
  };
}
