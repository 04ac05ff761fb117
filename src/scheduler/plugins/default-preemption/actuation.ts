// What carries out a preemption: the victims are deleted, each marked as disrupted by the scheduler, and Pods of lower
// priority that were promised the same node look for another.
// Source: kube-scheduler framework/preemption/executor.go.
import type { PodInfo } from "../../cache/pod-info.js";
import type { Action } from "../../framework/action.js";
import type { Candidate } from "./candidates.js";

const DEFAULT_SCHEDULER = "default-scheduler";

/** Takes back a Pod that is not bound yet, sparing the API call; false when it must be deleted. */
export type PreemptInMemory = (victim: PodInfo) => boolean;

export function deletionActions(
  pod: PodInfo,
  { pods: victims, nodeName }: Candidate,
  preemptInMemory: PreemptInMemory,
): Action[] {
  const message = `Preempted by pod ${pod.uid} on node ${nodeName}`;
  return victims.flatMap((victim): Action[] => {
    // Someone else has begun to delete it.
    if (victim.isTerminating) return [];
    if (preemptInMemory(victim)) return [preemptedEvent(victim, `${message} (in kube-scheduler memory).`)];
    return [deletePod(victim, pod), preemptedEvent(victim, message)];
  });
}

export function clearNominations(pod: PodInfo, nominated: readonly PodInfo[]): Action[] {
  return nominated
    .filter(({ priority }) => priority < pod.priority)
    .map((other) => ({ kind: "updateStatus", ...identityOf(other), nominatedNodeName: "" }));
}

function deletePod(victim: PodInfo, { pod }: PodInfo): Action {
  const scheduler = pod.spec?.schedulerName ?? DEFAULT_SCHEDULER;
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "PreemptionByScheduler",
    message: `${scheduler}: preempting to accommodate a higher priority pod`,
  };
  return { kind: "deletePod", ...identityOf(victim), condition };
}

function preemptedEvent(victim: PodInfo, message: string): Action {
  return {
    kind: "event",
    type: "Normal",
    reason: "Preempted",
    ...identityOf(victim),
    action: "Preempting",
    message,
  };
}

function identityOf({ pod, namespace, uid }: PodInfo) {
  return { namespace, name: pod.metadata.name, uid };
}
