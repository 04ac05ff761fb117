// An API server in memory, with the semantics that a scheduler sees: objects by kind and key, a watch, bindings, status
// patches, graceful deletion.
// The watch is a queue of changes that the driver hands over between two attempts: as over a network, a writer does not
// wait for those who watch, and nobody is told of a change in the middle of a decision.
// Objects are shared, never copied: a bound Pod is a new outer object around the same containers. Pods carry no
// resourceVersion: nobody reads it, and a bound Pod then shares its metadata, too.
// Nodes have no kubelets: a Pod that is deleted is gone at once, save for finalizers and a grace period that its own
// spec asks for.
// Cost: O(1) a call.
// Source: kubernetes pkg/registry/core/pod/storage/storage.go (assignPod), pkg/registry/core/pod/strategy.go.
import { PlumbError } from "../../base/errors.js";
import type { PriorityClass } from "../../api/scheduling.js";
import type { KubeObject, ObjectMeta, Pod, PodCondition } from "../../api/types.js";
import type { EventAction, UpdateStatusAction } from "../../scheduler/framework/action.js";
import { objectKey } from "../../scheduler/objects.js";
import { CLUSTER_KINDS } from "../../workload/scheduler-perf/made-objects.js";
import { PodAdmission } from "./admission.js";
import { isPod, ObjectStore, type Place, uidOf } from "./object-store.js";
import { isBound, podWith, withCondition } from "./pod-objects.js";
import type { PodChange, PodListener, PodSource } from "./pod-source.js";
import { rfc3339 } from "./rfc3339.js";

/** One change, as a watch reports it. */
export interface WatchEvent {
  readonly type: "set" | "delete";
  readonly object: KubeObject;
}

export interface InMemoryApiOptions {
  readonly now: () => number;
  /** Does something later; for grace periods. */
  readonly later: (dueMs: number, run: () => void) => void;
  /** Whether bound Pods start running; otherwise they stay Pending, as without kubelets. */
  readonly runsPods: boolean;
}

const DEFAULT_NAMESPACE = "default";
const EVENTS_KEPT = 16;
const SCHEDULED: readonly PodCondition[] = [{ type: "PodScheduled", status: "True" }];
const BOUND: Pod["status"] = { phase: "Pending", conditions: SCHEDULED };

export class InMemoryApi implements PodSource {
  readonly #options: InMemoryApiOptions;
  readonly #store = new ObjectStore();
  readonly #podListeners = new Set<PodListener>();
  readonly #admission = new PodAdmission(() => this.list("PriorityClass") as Iterable<PriorityClass>);
  readonly #eventCounts = new Map<string, number>();
  readonly #lastEvents: EventAction[] = [];
  #watch: WatchEvent[] = [];
  #revision = 0;

  constructor(options: InMemoryApiOptions) {
    this.#options = options;
  }

  get(kind: string, key: string): KubeObject | undefined {
    return this.#store.place(kind, key)?.object;
  }

  /** In order of creation. */
  list(kind: string): IterableIterator<KubeObject> {
    return this.#store.list(kind);
  }

  pods(): IterableIterator<Pod> {
    return this.list("Pod") as IterableIterator<Pod>;
  }

  /** How many events of each reason there were. */
  get eventCounts(): ReadonlyMap<string, number> {
    return this.#eventCounts;
  }

  get lastEvents(): readonly EventAction[] {
    return this.#lastEvents;
  }

  get hasChanges(): boolean {
    return this.#watch.length > 0;
  }

  /** What has changed since the last call. */
  takeChanges(): readonly WatchEvent[] {
    const changes = this.#watch;
    this.#watch = [];
    return changes;
  }

  /** @returns ends it */
  onPod(listener: PodListener): () => void {
    this.#podListeners.add(listener);
    return () => this.#podListeners.delete(listener);
  }

  /**
   * @returns the object as stored
   * @throws {PlumbError} InvalidInput when the name is taken
   */
  create(object: KubeObject): KubeObject {
    const admitted = isPod(object) ? this.#admittedPod(object) : this.#admitted(object);
    if (!this.#store.add(admitted)) {
      const why = `Cannot create ${object.kind} '${objectKey(admitted)}': it exists already`;
      throw new PlumbError("InvalidInput", why);
    }
    this.#changed({ type: "set", object: admitted }, null);
    return admitted;
  }

  /** Only what the API server itself keeps stays: identity, and status or node where the new object says nothing. */
  update(object: KubeObject): KubeObject {
    const key = objectKey({ ...object, metadata: this.#placed(object) });
    const place = this.#store.place(object.kind, key);
    if (place === undefined)
      throw new PlumbError("NotFound", `Cannot update ${object.kind} '${key}': it does not exist`);
    const after = this.#updated(place.object, object);
    this.#write(place, after);
    const { deletionTimestamp, finalizers = [] } = after.metadata;
    // It was held by its last finalizer.
    if (deletionTimestamp !== undefined && finalizers.length === 0) this.#remove(after);
    return after;
  }

  /** Whether there is one of this kind and name. */
  has(object: KubeObject): boolean {
    return this.#stored(object) !== undefined;
  }

  /** As its owner asks; stays while finalizers or a grace period hold it. */
  delete(named: KubeObject): void {
    const object = this.#stored(named);
    if (object === undefined) return;
    if (isPod(object)) this.deletePod(uidOf(object));
    else this.#remove(object);
  }

  /** @param condition written if the Pod does not go at once */
  deletePod(uid: string, condition: PodCondition | null = null): void {
    const place = this.#store.pod(uid);
    if (place === undefined) return;
    const pod = place.object;
    const { metadata, spec } = pod;
    if (metadata.deletionTimestamp !== undefined) return;
    const isHeld = (metadata.finalizers?.length ?? 0) > 0;
    const graceMs = isBound(pod) ? (spec?.terminationGracePeriodSeconds ?? 0) * 1000 : 0;
    if (!isHeld && graceMs === 0) {
      this.#remove(pod);
      return;
    }
    const endMs = this.#options.now() + graceMs;
    const status = condition === null ? pod.status : withCondition(pod.status, condition);
    this.#write(
      place,
      podWith(pod, { metadata: { ...metadata, deletionTimestamp: rfc3339(endMs) }, status }),
    );
    if (!isHeld) this.#options.later(endMs, () => this.#remove(place.object));
  }

  /** @returns why not; null: done */
  bind(uid: string, nodeName: string): string | null {
    const place = this.#store.pod(uid);
    if (place === undefined) return `pods "${uid}" not found`;
    const pod = place.object;
    const { name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) return `pod ${name} is being deleted, cannot be assigned to a host`;
    if (isBound(pod)) return `pod ${name} is already assigned to node "${pod.spec?.nodeName}"`;
    this.#write(place, podWith(pod, { spec: { ...pod.spec, nodeName }, status: this.#boundStatus(pod) }));
    return null;
  }

  /** A patch that changes nothing is no change. */
  patchStatus({ uid, condition, nominatedNodeName }: UpdateStatusAction): void {
    const place = this.#store.pod(uid);
    if (place === undefined) return;
    const pod = place.object;
    let { status } = pod;
    if (condition !== undefined) status = withCondition(status, condition);
    if (nominatedNodeName !== undefined && nominatedNodeName !== (status?.nominatedNodeName ?? ""))
      status = { ...status, nominatedNodeName };
    if (status !== pod.status) this.#write(place, podWith(pod, { status }));
  }

  record(event: EventAction): void {
    this.#eventCounts.set(event.reason, (this.#eventCounts.get(event.reason) ?? 0) + 1);
    if (this.#lastEvents.length === EVENTS_KEPT) this.#lastEvents.shift();
    this.#lastEvents.push(event);
  }

  #boundStatus({ status }: Pod): Pod["status"] {
    const isPlain = status?.conditions === undefined && status?.nominatedNodeName === undefined;
    if (!this.#options.runsPods && isPlain) return BOUND;
    const bound = { ...status, phase: "Pending", conditions: SCHEDULED };
    return this.#options.runsPods
      ? { ...bound, phase: "Running", startTime: rfc3339(this.#options.now()) }
      : bound;
  }

  #admitted(object: KubeObject): KubeObject {
    const uid = object.metadata.uid ?? `${object.kind.toLowerCase()}-${this.#revision + 1}`;
    const creationTimestamp = rfc3339(this.#options.now());
    const resourceVersion = String(++this.#revision);
    return { ...object, metadata: { ...this.#placed(object), uid, creationTimestamp, resourceVersion } };
  }

  #admittedPod(pod: Pod): Pod {
    const uid = pod.metadata.uid ?? `pod-${++this.#revision}`;
    const metadata = { ...this.#placed(pod), uid, creationTimestamp: rfc3339(this.#options.now()) };
    const spec = this.#admission.spec(pod);
    return podWith(pod, { metadata, spec, status: this.#admission.status(pod) });
  }

  #updated(before: KubeObject, written: KubeObject): KubeObject {
    const { uid, creationTimestamp, deletionTimestamp } = before.metadata;
    const metadata: ObjectMeta = {
      ...this.#placed(written),
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    };
    if (isPod(before) && isPod(written)) {
      const spec = this.#admission.spec(written);
      const nodeName = before.spec?.nodeName;
      const kept = nodeName === undefined ? spec : { ...spec, nodeName };
      return podWith(before, { metadata, spec: kept, status: written.status ?? before.status });
    }
    const status = "status" in written ? written.status : (before as { status?: unknown }).status;
    const resourceVersion = String(++this.#revision);
    return {
      ...written,
      metadata: { ...metadata, resourceVersion },
      ...(status === undefined ? {} : { status }),
    };
  }

  #stored(named: KubeObject): KubeObject | undefined {
    return this.get(named.kind, objectKey({ ...named, metadata: this.#placed(named) }));
  }

  /** Metadata with a namespace, where the kind has one. */
  #placed({ kind, metadata }: KubeObject): ObjectMeta {
    if (CLUSTER_KINDS.has(kind) || (metadata.namespace ?? "") !== "") return metadata;
    return { ...metadata, namespace: DEFAULT_NAMESPACE };
  }

  #write(place: Place, after: KubeObject): void {
    const before = place.object;
    place.object = after;
    this.#changed({ type: "set", object: after }, before);
  }

  #remove(object: KubeObject): void {
    if (this.#store.remove(object)) this.#changed({ type: "delete", object }, object);
  }

  #changed(event: WatchEvent, before: KubeObject | null): void {
    const { object, type } = event;
    this.#watch.push(event);
    if (object.kind === "PriorityClass") this.#admission.classesChanged();
    if (!isPod(object) || this.#podListeners.size === 0) return;
    const change: PodChange = {
      before: before as Pod | null,
      after: type === "delete" ? null : object,
      wasBound: before !== null && isBound(before as Pod),
      isBound: type !== "delete" && isBound(object),
    };
    for (const listener of this.#podListeners) listener(change);
  }
}
