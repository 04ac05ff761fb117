// What an update of a Pod means for scheduling, as finely as it can be told.
// Source: kube-scheduler framework/events.go (PodSchedulingPropertiesChange).
import { isDeepStrictEqual } from "node:util";
import type { Pod } from "../../api/types.js";
import type { PodInfo } from "../cache/pod-info.js";
import { ACTION, type ClusterEvent } from "../framework/cluster-event.js";

interface PodChange {
  readonly action: Extract<keyof typeof ACTION, `UpdatePod${string}`>;
  readonly isSeen: (before: PodInfo, after: PodInfo) => boolean;
}

const POD_CHANGES: readonly PodChange[] = [
  { action: "UpdatePodLabel", isSeen: haveLabelsChanged },
  { action: "UpdatePodScaleDown", isSeen: isScaledDown },
  { action: "UpdatePodSchedulingGatesEliminated", isSeen: areGatesGone },
  // Tolerations can only be added.
  {
    action: "UpdatePodToleration",
    isSeen: (before, after) => count(before.pod.spec?.tolerations) !== count(after.pod.spec?.tolerations),
  },
];

/** At least one event; a plain Update when nothing finer was seen. */
export function podUpdateEvents(before: PodInfo, after: PodInfo): ClusterEvent[] {
  const isAssigned = (after.pod.spec?.nodeName ?? "") !== "";
  const resource = isAssigned ? "AssignedPod" : "UnscheduledPod";
  const event = (action: keyof typeof ACTION): ClusterEvent => ({
    resource,
    action: ACTION[action],
    label: `${resource}${action}`,
  });
  const events = POD_CHANGES.filter(({ isSeen }) => isSeen(before, after)).map(({ action }) => event(action));
  return events.length > 0 ? events : [event("Update")];
}

/** Whether anything changed that a user writes: for queues without hints. */
export function isRewritten({ pod: before }: PodInfo, { pod: after }: PodInfo): boolean {
  const written = ({ metadata, spec }: Pod) => [
    metadata.labels,
    metadata.annotations,
    metadata.deletionTimestamp,
    spec,
  ];
  return !isDeepStrictEqual(written(before), written(after));
}

function haveLabelsChanged({ labelSet: before }: PodInfo, { labelSet: after }: PodInfo): boolean {
  if (before === after) return false;
  const keys = Object.keys(before.labels);
  return (
    keys.length !== Object.keys(after.labels).length ||
    keys.some((key) => before.labels[key] !== after.labels[key])
  );
}

function isScaledDown({ spec: before }: PodInfo, { spec: after }: PodInfo): boolean {
  if (before === after) return false;
  const old = before.requests.exact;
  const now = after.requests.exact;
  return (
    now.milliCpu < old.milliCpu ||
    now.memory < old.memory ||
    now.ephemeralStorage < old.ephemeralStorage ||
    [...old.scalar].some(([name, amount]) => now.get(name) < amount)
  );
}

function areGatesGone(before: PodInfo, after: PodInfo): boolean {
  return count(before.pod.spec?.schedulingGates) > 0 && count(after.pod.spec?.schedulingGates) === 0;
}

function count(list: readonly unknown[] | undefined): number {
  return list?.length ?? 0;
}
