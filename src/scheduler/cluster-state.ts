// What happens in the cluster, told to cache and queue: Pods and nodes come, change and go, and the objects that plugins
// read. Deliveries may repeat: an object that is known already counts as changed.
// Source: kube-scheduler eventhandlers.go.
import type { Node, Pod } from "../api/types.js";
import type { Bindings } from "./bindings.js";
import { type PodInfo, type PodReader, placedOn } from "./cache/pod-info.js";
import type { SchedulerCache } from "./cache/scheduler-cache.js";
import { DEFAULT_SCHEDULER_NAME } from "./config/default-configuration.js";
import type { Stopwatch } from "./cycle/cycle-recorder.js";
import {
  ACTION,
  type ClusterEvent,
  EVENT_RESOURCES,
  type EventObjects,
  type EventResource,
  EVENTS,
} from "./framework/cluster-event.js";
import type { QueueMetrics } from "./metrics/queue-metrics.js";
import { nodeUpdateEvents } from "./node-update-events.js";
import { LISTED_KINDS, type ListedKind, type ListedKinds, objectKey, type ObjectLister } from "./objects.js";
import type { PreemptionGate } from "./preemption-gate.js";
import type { ProfileRuntime, Profiles } from "./profiles.js";
import { podUpdateEvents } from "./queue/pod-update-events.js";
import type { SchedulingQueue } from "./queue/scheduling-queue.js";

export interface ClusterStateParts {
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly profiles: Profiles;
  readonly bindings: Bindings;
  readonly objects: ObjectLister;
  readonly gate: PreemptionGate;
  readonly reader: PodReader;
  readonly metrics: QueueMetrics;
  readonly stopwatch: Stopwatch;
  /** Carries out what was decided about waiting Pods. */
  readonly endWaits: (nowMs: number) => void;
}

/** Kinds whose changes may make waiting Pods schedulable. */
const EVENT_KINDS: ReadonlySet<string> = new Set(
  LISTED_KINDS.filter((kind) => EVENT_RESOURCES.some((resource) => resource === kind)),
);

export class ClusterState {
  readonly objects: ObjectLister;
  readonly #parts: ClusterStateParts;
  /** Pods that wait for a node and are ours, by uid, as the API last showed them. */
  readonly #pending = new Map<string, PodInfo>();

  constructor(parts: ClusterStateParts) {
    this.#parts = parts;
    this.objects = parts.objects;
  }

  /** The Pod as the API last showed it without a node; undefined when it is gone or has one. */
  pending(uid: string): PodInfo | undefined {
    return this.#pending.get(uid);
  }

  profileOf({ pod }: PodInfo): ProfileRuntime | undefined {
    return this.#parts.profiles.get(pod.spec?.schedulerName ?? DEFAULT_SCHEDULER_NAME);
  }

  read(pod: Pod): PodInfo {
    return this.#parts.reader.read(pod);
  }

  setNode(node: Node, nowMs: number): void {
    const { cache, queue } = this.#parts;
    const before = cache.get(node.metadata.name)?.node ?? null;
    if (before === null) {
      cache.addNode(node);
      this.#move(EVENTS.NodeAdd, { before: null, after: node }, nowMs);
      return;
    }
    cache.updateNode(node);
    for (const event of nodeUpdateEvents(before, node)) queue.moveAll(event, { before, after: node }, nowMs);
  }

  deleteNode(name: string, nowMs: number): void {
    const { cache } = this.#parts;
    const before = cache.get(name)?.node;
    if (before === undefined) return;
    cache.removeNode(name);
    this.#move(EVENTS.NodeDelete, { before, after: null }, nowMs);
  }

  setPod(pod: Pod, nowMs: number): void {
    const info = this.#parts.reader.read(pod, this.#known(pod));
    if (isDone(pod)) this.#podGone(info, nowMs);
    else if ((pod.spec?.nodeName ?? "") !== "") this.#setAssigned(info, nowMs);
    else this.#setPending(info, nowMs);
  }

  deletePod(pod: Pod, nowMs: number): void {
    this.#podGone(this.#parts.reader.read(pod, this.#known(pod)), nowMs);
  }

  set(object: ListedKinds[ListedKind], nowMs: number): void {
    const { objects } = this.#parts;
    const kind = object.kind as ListedKind;
    const before = objects.get(kind, objectKey(object)) ?? null;
    objects.set(object);
    if (kind === "Namespace") this.#namespacesChanged();
    const action = before === null ? ACTION.Add : ACTION.Update;
    this.#objectEvent(kind, action, { before, after: object }, nowMs);
  }

  delete(object: ListedKinds[ListedKind], nowMs: number): void {
    const kind = object.kind as ListedKind;
    this.#parts.objects.delete(kind, objectKey(object));
    if (kind === "Namespace") this.#namespacesChanged();
    this.#objectEvent(kind, ACTION.Delete, { before: object, after: null }, nowMs);
  }

  #known({ metadata: { uid = "" } }: Pod): PodInfo | undefined {
    return this.#pending.get(uid) ?? this.#parts.cache.pod(uid);
  }

  #setPending(info: PodInfo, nowMs: number): void {
    const { queue, bindings } = this.#parts;
    if (this.profileOf(info) === undefined) return;
    const before = this.#pending.get(info.uid);
    this.#pending.set(info.uid, info);
    // While it is being bound, the cache holds it; what changed is seen again when the binding fails.
    if (bindings.get(info.uid) !== undefined) {
      if (info.isTerminating && before?.isTerminating !== true) this.#leavesNode(info, nowMs);
      return;
    }
    if (before === undefined) queue.add(info, nowMs);
    else queue.update(before, info, nowMs);
  }

  #setAssigned(info: PodInfo, nowMs: number): void {
    const { cache, queue, gate } = this.#parts;
    const pending = this.#pending.get(info.uid);
    if (pending !== undefined) {
      this.#pending.delete(info.uid);
      // Someone else may have bound it; if we did, it is in no queue.
      queue.delete(pending);
    }
    if (info.isTerminating) gate.goes(info);
    const before = cache.isAssumed(info.uid) ? undefined : cache.pod(info.uid);
    cache.addPod(info);
    if (before === undefined) queue.assignedPodAdded(info, nowMs);
    else
      for (const event of podUpdateEvents(before, info)) queue.assignedPodUpdated(before, info, event, nowMs);
  }

  #podGone(info: PodInfo, nowMs: number): void {
    const { cache, queue, gate } = this.#parts;
    const pending = this.#pending.get(info.uid);
    if (pending !== undefined) {
      this.#pending.delete(info.uid);
      queue.delete(pending);
      if (cache.pod(info.uid) === undefined)
        this.#move(EVENTS.UnscheduledPodDelete, { before: info, after: null }, nowMs);
    }
    gate.goes(info);
    if (cache.pod(info.uid) !== undefined) this.#leavesNode(info, nowMs);
  }

  /** A Pod that is on a node, or on its way to one, makes room there. */
  #leavesNode(info: PodInfo, nowMs: number): void {
    const { cache, bindings, endWaits } = this.#parts;
    const nodeName = bindings.get(info.uid)?.nodeName;
    // One that waits in Permit gives up everything that it holds, as any that is rejected.
    const isRejected = bindings.waitingPods.reject(info.uid);
    if (!isRejected) cache.removePod(info.uid);
    // The API never showed one that was on its way with the node.
    const before = nodeName === undefined ? info : placedOn(info, nodeName);
    this.#move(EVENTS.AssignedPodDelete, { before, after: null }, nowMs);
    if (isRejected) endWaits(nowMs);
  }

  #objectEvent(kind: ListedKind, action: number, objects: EventObjects, nowMs: number): void {
    if (!EVENT_KINDS.has(kind)) return;
    const verb = action === ACTION.Add ? "Add" : action === ACTION.Delete ? "Delete" : "Update";
    this.#move({ resource: kind as EventResource, action, label: `${kind}${verb}` }, objects, nowMs);
  }

  #move(event: ClusterEvent, objects: EventObjects, nowMs: number): void {
    const { queue, metrics, stopwatch } = this.#parts;
    const begun = stopwatch();
    queue.moveAll(event, objects, nowMs);
    metrics.eventHandled(event.label, (stopwatch() - begun) / 1000);
  }

  #namespacesChanged(): void {
    const { columns } = this.#parts.cache;
    columns.podCounts.clear();
    columns.carriedTerms.namespacesChanged();
  }
}

/** Pods that have ended hold nothing. */
function isDone({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}
