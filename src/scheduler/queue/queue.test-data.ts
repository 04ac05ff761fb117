// Pods and a queue for tests: the default order, three plugins with hints, and a record of what was reported.
import assert from "node:assert/strict";
import type { PodSpec } from "../../api/types.js";
import { type PodInfo, PodReader } from "../cache/pod-info.js";
import { ACTION, type EventRegistration, type QueueingHintFn } from "../framework/cluster-event.js";
import type { PreEnqueuePlugin } from "../framework/plugin.js";
import type { QueuedPod } from "../framework/queued-pod.js";
import { unresolvable } from "../framework/status.js";
import { SchedulingQueue, type SchedulingQueueOptions } from "./scheduling-queue.js";

const PODS = new PodReader();

export interface PodOptions {
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly nominatedNodeName?: string;
}

export function podOf(name: string, spec: PodSpec = {}, options: PodOptions = {}): PodInfo {
  const { namespace = "default", uid = `uid-${name}`, labels = {}, nominatedNodeName } = options;
  return PODS.read({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid, labels },
    spec,
    ...(nominatedNodeName === undefined ? {} : { status: { nominatedNodeName } }),
  });
}

/** PrioritySort: higher priority first, then who came first. */
export function prioritySort(a: QueuedPod, b: QueuedPod): boolean {
  const { priority } = b.pod;
  return a.pod.priority === priority ? a.timestampMs < b.timestampMs : a.pod.priority > priority;
}

const GATES = "SchedulingGates";
export const FIT = "NodeResourcesFit";
export const SPREAD = "PodTopologySpread";
export const AFFINITY = "InterPodAffinity";

const schedulingGates: PreEnqueuePlugin = {
  name: GATES,
  preEnqueue: ({ pod }) => ((pod.spec?.schedulingGates?.length ?? 0) > 0 ? unresolvable(GATES) : null),
};

export const always: QueueingHintFn = () => "Queue";
export const never: QueueingHintFn = () => "Skip";

const REGISTRATIONS: readonly (readonly [string, readonly EventRegistration[]])[] = [
  [GATES, [{ resource: "UnscheduledPod", actions: ACTION.UpdatePodSchedulingGatesEliminated }]],
  [
    FIT,
    [
      { resource: "AssignedPod", actions: ACTION.Delete | ACTION.UpdatePodScaleDown },
      { resource: "Node", actions: ACTION.Add | ACTION.UpdateNodeTaint },
      { resource: "UnscheduledPod", actions: ACTION.UpdatePodScaleDown },
    ],
  ],
  [SPREAD, [{ resource: "AssignedPod", actions: ACTION.Add | ACTION.Delete | ACTION.UpdatePodLabel }]],
  [AFFINITY, [{ resource: "AssignedPod", actions: ACTION.Add | ACTION.Delete | ACTION.UpdatePodLabel }]],
];

/** A queue with the default settings, and what it reported. */
export function newQueue(changes: Partial<SchedulingQueueOptions> = {}) {
  const incoming: string[] = [];
  const hints: string[] = [];
  const options: SchedulingQueueOptions = {
    less: prioritySort,
    preEnqueue: [schedulingGates],
    registrations: new Map(REGISTRATIONS),
    initialBackoffMs: 1000,
    maxBackoffMs: 10_000,
    maxInUnschedulableMs: 300_000,
    popFromBackoff: true,
    hintsEnabled: true,
    namespaceLabels: () => ({}),
    onIncoming: (name, label) => incoming.push(`${name} ${label}`),
    stopwatch: () => 0,
    onHint: (plugin, label, result) => hints.push(`${plugin} ${label} ${result}`),
    ...changes,
  };
  return { queue: new SchedulingQueue(options), options, incoming, hints };
}

/** Registrations with those of one plugin replaced. */
export function registering(plugin: string, ...rows: readonly EventRegistration[]) {
  return new Map([...REGISTRATIONS, [plugin, rows] as const]);
}

/** Pops the next Pod, which must be this one, and gives it back as turned down by these plugins (none: an error). */
export function failNext(
  queue: SchedulingQueue,
  name: string,
  nowMs: number,
  rejectedBy: { readonly unschedulable?: readonly string[]; readonly pending?: readonly string[] } = {},
): string | null {
  const queued = queue.pop();
  assert.ok(queued !== null, `no Pod is ready, expected ${name}`);
  assert.equal(queued.pod.pod.metadata.name, name);
  queued.unschedulablePlugins = new Set(rejectedBy.unschedulable);
  queued.pendingPlugins = new Set(rejectedBy.pending);
  return queue.addUnschedulableIfNotPresent(queued, nowMs);
}
