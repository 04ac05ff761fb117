// What queueing hints need of an event's objects.
import type { Node, Pod } from "../../api/types.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { EventObjects, EventRegistration, QueueingHintFn } from "./cluster-event.js";

export interface BeforeAndAfter<T> {
  /** null when the object came into being. */
  readonly before: T | null;
  /** null when it is gone. */
  readonly after: T | null;
}

/** The objects of a Pod event. */
export function podsOf(objects: EventObjects): BeforeAndAfter<PodInfo> {
  return objects as BeforeAndAfter<PodInfo>;
}

/** The objects of a Node event. */
export function nodesOf(objects: EventObjects): BeforeAndAfter<Node> {
  return objects as BeforeAndAfter<Node>;
}

/** Registrations for events of Pods, whether they have a node or not. */
export function podEvents(actions: number, hint: QueueingHintFn): EventRegistration[] {
  return (["AssignedPod", "UnscheduledPod"] as const).map((resource) => ({ resource, actions, hint }));
}

/** Whether a Pod takes room on a node, or is about to. */
export function holdsNode({ spec, status }: Pod): boolean {
  return (spec?.nodeName ?? "") !== "" || (status?.nominatedNodeName ?? "") !== "";
}

/** Queue when the Pod that changed is the waiting one. */
export const queueIfSelf: QueueingHintFn = (pod, objects) =>
  podsOf(objects).after?.uid === pod.uid ? "Queue" : "Skip";
