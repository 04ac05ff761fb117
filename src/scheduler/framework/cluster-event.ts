// What happened in the cluster, as far as it can make a waiting Pod schedulable, and what plugins say of it.
// Source: kube-scheduler framework/events.go and types.go (EventResource, ActionType, QueueingHint).
import type { PodInfo } from "../cache/pod-info.js";

export const EVENT_RESOURCES = [
  "AssignedPod",
  "UnscheduledPod",
  "Node",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "StorageClass",
  "CSINode",
  "CSIDriver",
  "CSIStorageCapacity",
  "VolumeAttachment",
  /** Any object: sent by flushes, and asked for by plugins that cannot say what helps them. */
  "*",
] as const;
export type EventResource = (typeof EVENT_RESOURCES)[number];

/** Bits; an event may carry several, a registration asks for any of several. */
export const ACTION = {
  Add: 1 << 0,
  Delete: 1 << 1,
  UpdateNodeAllocatable: 1 << 2,
  UpdateNodeLabel: 1 << 3,
  UpdateNodeTaint: 1 << 4,
  UpdateNodeCondition: 1 << 5,
  UpdateNodeAnnotation: 1 << 6,
  UpdatePodLabel: 1 << 7,
  UpdatePodScaleDown: 1 << 8,
  UpdatePodToleration: 1 << 9,
  UpdatePodSchedulingGatesEliminated: 1 << 10,
  /** An update of a kind that has no finer action. */
  Update: 1 << 11,
} as const;
export const ACTION_ALL = (1 << 12) - 1;

export interface ClusterEvent {
  readonly resource: EventResource;
  readonly action: number;
  /** As in metrics: "AssignedPodDelete", "NodeAdd", "UnschedulableTimeout". */
  readonly label: string;
}

export const EVENTS = {
  AssignedPodAdd: { resource: "AssignedPod", action: ACTION.Add, label: "AssignedPodAdd" },
  AssignedPodDelete: { resource: "AssignedPod", action: ACTION.Delete, label: "AssignedPodDelete" },
  NodeAdd: { resource: "Node", action: ACTION.Add, label: "NodeAdd" },
  NodeDelete: { resource: "Node", action: ACTION.Delete, label: "NodeDelete" },
  UnscheduledPodAdd: { resource: "UnscheduledPod", action: ACTION.Add, label: "UnscheduledPodAdd" },
  UnscheduledPodUpdate: { resource: "UnscheduledPod", action: ACTION.Update, label: "UnscheduledPodUpdate" },
  UnscheduledPodDelete: { resource: "UnscheduledPod", action: ACTION.Delete, label: "UnscheduledPodDelete" },
  UnschedulableTimeout: { resource: "*", action: ACTION_ALL, label: "UnschedulableTimeout" },
  ForceActivate: { resource: "*", action: ACTION_ALL, label: "ForceActivate" },
  ScheduleAttemptFailure: { resource: "*", action: ACTION_ALL, label: "ScheduleAttemptFailure" },
  BackoffComplete: { resource: "*", action: ACTION_ALL, label: "BackoffComplete" },
} as const satisfies Record<string, ClusterEvent>;

export type QueueingHint = "Queue" | "Skip";

/** The object before and after; for adds and deletes one of them is null. */
export interface EventObjects {
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Whether this event may make `pod`, which the plugin rejected, schedulable. An error counts as Queue.
 * `before` and `after` are PodInfo for Pods, NodeInfo's Node for nodes, the API object otherwise.
 */
export type QueueingHintFn = (pod: PodInfo, objects: EventObjects) => QueueingHint;

export interface EventRegistration {
  readonly resource: EventResource;
  /** ACTION bits, any of which concerns the plugin. */
  readonly actions: number;
  /** Absent: always Queue. */
  readonly hint?: QueueingHintFn;
}

export function eventMatches(event: ClusterEvent, registration: EventRegistration): boolean {
  const isResource =
    registration.resource === "*" || event.resource === "*" || registration.resource === event.resource;
  return isResource && (registration.actions & event.action) !== 0;
}
