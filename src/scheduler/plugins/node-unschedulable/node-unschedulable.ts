// Turns down cordoned nodes, except for Pods that tolerate the taint that says the same.
// Source: kube-scheduler plugins/nodeunschedulable/node_unschedulable.go.
import { ACTION, type QueueingHintFn } from "../../framework/cluster-event.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { nodesOf, podEvents, podsOf } from "../../framework/event-objects.js";
import type { FilterPlugin } from "../../framework/plugin.js";
import { unresolvable } from "../../framework/status.js";
import { isTolerated, TAINT_UNSCHEDULABLE } from "../../framework/taints.js";

export const NAME = "NodeUnschedulable";
export const CORDONED = unresolvable(NAME, "node(s) were unschedulable");

export function createNodeUnschedulable() {
  return {
    name: NAME,
    eventsToRegister: () => [
      { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeTaint, hint: afterNodeChange },
      ...podEvents(ACTION.UpdatePodToleration, afterTolerationChange),
    ],
    filter: (_state, pod, { node }) =>
      node.spec?.unschedulable === true && !toleratesCordon(pod) ? CORDONED : null,
  } satisfies FilterPlugin;
}

export function toleratesCordon({ pod }: PodInfo): boolean {
  return isTolerated(TAINT_UNSCHEDULABLE, pod.spec?.tolerations ?? []);
}

const afterNodeChange: QueueingHintFn = (_pod, objects) => {
  const { before, after } = nodesOf(objects);
  const wasOpen = before !== null && before.spec?.unschedulable !== true;
  return !wasOpen && after?.spec?.unschedulable !== true ? "Queue" : "Skip";
};

const afterTolerationChange: QueueingHintFn = (pod, objects) => {
  const { after } = podsOf(objects);
  return after?.uid === pod.uid && toleratesCordon(after) ? "Queue" : "Skip";
};
