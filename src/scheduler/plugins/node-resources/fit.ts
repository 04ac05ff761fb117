// Turns down nodes without room for the Pod's requests, and scores the room by the profile's strategy: spread the load
// (LeastAllocated), pack it (MostAllocated), or follow a curve (RequestedToCapacityRatio).
// Cost: O(resources) per node. Source: kube-scheduler plugins/noderesources/fit.go.
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { Resources } from "../../cache/resources.js";
import type { NodeResourcesFitArgs, ScoringStrategy } from "../../config/configuration.js";
import { ACTION, type EventRegistration, type QueueingHintFn } from "../../framework/cluster-event.js";
import { holdsNode, nodesOf, podEvents, podsOf } from "../../framework/event-objects.js";
import type { FilterPlugin, PreFilterPlugin, PreScorePlugin, ScorePlugin } from "../../framework/plugin.js";
import { type Status, unresolvable, unschedulable } from "../../framework/status.js";
import { assert, unreachable } from "../../../base/assert.js";
import { hasGrown, shortages } from "./insufficient.js";
import { leastAllocated } from "./least-allocated.js";
import { mostAllocated } from "./most-allocated.js";
import { requestedToCapacityRatio } from "./requested-to-capacity-ratio.js";
import { type Allocation, allocations } from "./resource-allocation.js";

export const NAME = "NodeResourcesFit";

export function createFit(args: NodeResourcesFitArgs) {
  const { scoringStrategy } = args;
  const isIgnored = ignoredResources(args);
  const scoreOf = strategyScore(scoringStrategy);
  return {
    name: NAME,
    eventsToRegister: (): EventRegistration[] => [
      ...podEvents(ACTION.Delete | ACTION.UpdatePodScaleDown, afterPodChange),
      { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeAllocatable, hint: afterNodeChange },
    ],
    /** Never skips: every Pod takes one of the node's places for Pods. */
    preFilter: () => ({ status: null, nodeNames: null }),
    filter: (_state, pod, node) => fitStatus(pod, node, isIgnored),
    preScore: () => null,
    score: (_state, pod, node) => scoreOf(allocations(scoringStrategy.resources, pod, node, "nonZero")),
  } satisfies PreFilterPlugin & FilterPlugin & PreScorePlugin & ScorePlugin;
}

/** Extended resources that something else than the scheduler counts. */
export function ignoredResources(args: NodeResourcesFitArgs): (resource: string) => boolean {
  const names = new Set(args.ignoredResources);
  const groups = new Set(args.ignoredResourceGroups);
  return (resource) => {
    const [group = ""] = resource.split("/", 1);
    return isExtended(resource) && (names.has(resource) || groups.has(group));
  };
}

/** "example.com/gpu", and not what Kubernetes itself defines, such as hugepages or quota names. */
function isExtended(resource: string): boolean {
  return resource.includes("/") && !resource.includes("kubernetes.io/") && !resource.startsWith("requests.");
}

function fitStatus(
  { spec }: PodInfo,
  { pods, requested, allocatable }: NodeInfo,
  isIgnored: (resource: string) => boolean,
): Status | null {
  const room = { podCount: pods.length, requested, allocatable };
  const found = shortages(spec.requests.exact, room, isIgnored);
  if (found.length === 0) return null;
  const reasons = found.map(({ reason }) => reason);
  return found.some(({ isUnresolvable }) => isUnresolvable)
    ? unresolvable(NAME, ...reasons)
    : unschedulable(NAME, ...reasons);
}

function strategyScore(strategy: ScoringStrategy): (list: readonly Allocation[]) => number {
  switch (strategy.type) {
    case "LeastAllocated":
      return leastAllocated;
    case "MostAllocated":
      return mostAllocated;
    case "RequestedToCapacityRatio": {
      const { requestedToCapacityRatio: ratio } = strategy;
      assert(ratio !== null, "strategy RequestedToCapacityRatio has no shape");
      return (list) => requestedToCapacityRatio(list, ratio.shape);
    }
    default:
      return unreachable(strategy.type, "scoring strategy");
  }
}

const afterPodChange: QueueingHintFn = (pod, objects) => {
  const { before, after } = podsOf(objects);
  if (before === null || after?.uid === pod.uid) return "Queue";
  if (after === null) return holdsNode(before.pod) ? "Queue" : "Skip";
  const isRunning = (after.pod.spec?.nodeName ?? "") !== "";
  return isRunning && freesAny(pod, before, after) ? "Queue" : "Skip";
};

/** Whether a Pod that was scaled down gave back any of what the waiting one asks for. */
function freesAny({ spec }: PodInfo, before: PodInfo, after: PodInfo): boolean {
  return hasGrown(spec.requests.exact, after.spec.requests.exact, before.spec.requests.exact);
}

/** Looks at the node as if it were empty, and at all resources, ignored ones too. */
const afterNodeChange: QueueingHintFn = ({ spec }, objects) => {
  const { before, after } = nodesOf(objects);
  const request = spec.requests.exact;
  const allocatable = Resources.fromList(after?.status?.allocatable);
  const room = { podCount: 0, requested: new Resources(), allocatable };
  if (shortages(request, room, () => false).length > 0) return "Skip";
  if (before === null) return "Queue";
  return hasGrown(request, Resources.fromList(before.status?.allocatable), allocatable) ? "Queue" : "Skip";
};
