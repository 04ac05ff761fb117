// Whom a Pod that fits nowhere would preempt, with chance taken out: every node where it may help is tried, and of nodes
// where equally little harm is done the first by name is taken. Only decides: nobody is evicted, nothing is nominated.
// Cost: one dry run per node that preemption may help on.
import { present } from "../../base/assert.js";
import { Prng } from "../../base/prng.js";
import type { PodCycle } from "../cycle/pod-cycle.js";
import type { FrameworkHandle } from "../framework/handle.js";
import type { NodeStatuses } from "../framework/plugin.js";
import type { ObjectLister } from "../objects.js";
import { leastHarmful } from "../plugins/default-preemption/pick-node.js";
import { findPreemptions, NAME } from "../plugins/default-preemption/preemption.js";
import { WaitingPodsMap } from "../waiting-pods.js";
import type { PreemptionExplanation } from "./explanation.js";

/** Whether the cycle's profile preempts at all. */
export function canPreempt({ framework }: PodCycle): boolean {
  return framework.postFilter.some(({ name }) => name === NAME);
}

/** @param statuses of every node, in the snapshot's order; empty when PreFilter turned the Pod down */
export function explainPreemption(
  cycle: PodCycle,
  statuses: NodeStatuses,
  { objects, nowMs }: { readonly objects: ObjectLister; readonly nowMs: number },
): PreemptionExplanation {
  const args = { minCandidateNodesPercentage: 100, minCandidateNodesAbsolute: 1 };
  const state = cycle.objectState();
  const found = findPreemptions(handleOf(cycle, objects, nowMs), { state, pod: cycle.pod, statuses, args });
  if (found.kind === "refuse") {
    const { code, reasons } = found.status;
    return { code, node: null, victims: [], tied: [], message: reasons.join(", ") };
  }
  const tied = leastHarmful(found.candidates, nowMs).toSorted((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
  const first = present(tied[0], "candidate");
  return {
    code: "Success",
    node: first.nodeName,
    victims: first.pods.map(({ key }) => key).sort(),
    tied: tied.map(({ nodeName }) => nodeName),
    message: "",
  };
}

/** Chance decides only where the search begins, which does not matter when all nodes are tried. */
function handleOf({ framework, cache }: PodCycle, objects: ObjectLister, nowMs: number): FrameworkHandle {
  return {
    snapshot: cache,
    objects,
    nominated: { nominatedOn: () => [] },
    waitingPods: new WaitingPodsMap(),
    prng: new Prng(0),
    now: () => nowMs,
    filterWithNominatedPods: (state, pod, node) => framework.filterWithNominatedPods(state, pod, node),
    addPod: (state, pod, added, node) => framework.addPod(state, pod, added, node),
    removePod: (state, pod, removed, node) => framework.removePod(state, pod, removed, node),
  };
}
