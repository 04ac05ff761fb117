// Turns down nodes with taints that the Pod does not tolerate, and prefers those with fewer taints to avoid.
// Source: kube-scheduler plugins/tainttoleration/taint_toleration.go.
import { ACTION, type QueueingHintFn } from "../../framework/cluster-event.js";
import { nodesOf, podEvents, queueIfSelf } from "../../framework/event-objects.js";
import { normalizeScores } from "../../framework/normalize.js";
import type { FilterPlugin, PreScorePlugin, ScorePlugin } from "../../framework/plugin.js";
import { unresolvable } from "../../framework/status.js";
import { countAvoidedTaints, forbiddingTaint } from "../../framework/taints.js";

export const NAME = "TaintToleration";
export const UNTOLERATED = unresolvable(NAME, "node(s) had untolerated taint(s)");

export function createTaintToleration() {
  return {
    name: NAME,
    eventsToRegister: () => [
      { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeTaint, hint: afterNodeChange },
      ...podEvents(ACTION.UpdatePodToleration, queueIfSelf),
    ],
    filter: (_state, { pod }, { node }) =>
      forbiddingTaint(node.spec?.taints, pod.spec?.tolerations) === null ? null : UNTOLERATED,
    /** Never skips: without any taint every node scores 100. */
    preScore: () => null,
    score: (_state, { pod }, { node }) => countAvoidedTaints(node.spec?.taints, pod.spec?.tolerations),
    normalize: (_state, _pod, _nodes, scores) => normalizeScores(scores, true),
  } satisfies FilterPlugin & PreScorePlugin & ScorePlugin;
}

const afterNodeChange: QueueingHintFn = ({ pod }, objects) => {
  const { before, after } = nodesOf(objects);
  const tolerations = pod.spec?.tolerations;
  const wasForbidden = before === null || forbiddingTaint(before.spec?.taints, tolerations) !== null;
  const isForbidden = forbiddingTaint(after?.spec?.taints, tolerations) !== null;
  return wasForbidden && !isForbidden ? "Queue" : "Skip";
};
