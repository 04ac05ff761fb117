// An API server in memory, with the semantics that a scheduler sees: objects by kind and key, a watch, bindings, status
// patches, graceful deletion.
// The watch is a queue of changes that the driver hands over between two attempts: as over a network, a writer does not
// wait for those who watch, and nobody is told of a change in the middle of a decision.
// Objects are shared, never copied: a bound Pod is a new outer object around the same containers.
// Nodes have no kubelets: a Pod that is deleted is gone at once, save for finalizers and a grace period that its own
// spec asks for.
// Cost: O(1) a call.
// Source: kubernetes pkg/registry/core/pod/storage/storage.go (assignPod), pkg/registry/core/pod/strategy.go.
import { assert, present } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import type { PriorityClass } from "../../api/scheduling.js";
import type { KubeObject, ObjectMeta, Pod, PodCondition } from "../../api/types.js";
import type { EventAction, UpdateStatusAction } from "../../scheduler/framework/action.js";
import { objectKey } from "../../scheduler/objects.js";
import { PodAdmission } from "./admission.js";
import { rfc3339 } from "./rfc3339.js";

/** One change, as a watch reports it. */
export interface WatchEvent {
  readonly type: "set" | "delete";
  readonly object: KubeObject;
}

/** Told of each change of a Pod at once; null: it is not there. */
export type PodListener = (before: Pod | null, after: Pod | null) => void;

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
/** Kinds in no namespace, of those that matter here. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  "Node",
  "Namespace",
  "PersistentVolume",
  "StorageClass",
  "PriorityClass",
  "CSINode",
  "CSIDriver",
  "VolumeAttachment",
]);

export class InMemoryApi {
  readonly #options: InMemoryApiOptions;
  readonly #byKind = new Map<string, Map<string, KubeObject>>();
  readonly #pods = new Map<string, Pod>();
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
    return this.#of(kind).get(key);
  }

  list(kind: string): IterableIterator<KubeObject> {
    return this.#of(kind).values();
  }

  count(kind: string): number {
    return this.#of(kind).size;
  }

  pod(uid: string): Pod | undefined {
    return this.#pods.get(uid);
  }

  /** In order of creation. */
  pods(): IterableIterator<Pod> {
    return this.#pods.values();
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
    const stored = this.#admitted(object);
    const key = objectKey(stored);
    const objects = this.#of(stored.kind);
    if (objects.has(key))
      throw new PlumbError("InvalidInput", `Cannot create ${object.kind} '${key}': it exists already`);
    this.#store(stored, null);
    return stored;
  }

  /** Only what the API server itself keeps stays: identity, and status or node where the new object says nothing. */
  update(object: KubeObject): KubeObject {
    const key = objectKey({ ...object, metadata: this.#placed(object) });
    const before = this.get(object.kind, key);
    if (before === undefined)
      throw new PlumbError("NotFound", `Cannot update ${object.kind} '${key}': it does not exist`);
    const after = this.#updated(before, object);
    this.#store(after, before);
    return after;
  }

  /** As its owner asks; stays while finalizers or a grace period hold it. */
  delete(kind: string, key: string): void {
    const object = this.get(kind, key);
    if (object === undefined) return;
    if (kind === "Pod") this.deletePod(present((object as Pod).metadata.uid, "uid"));
    else this.#remove(object);
  }

  /** @param condition written if the Pod does not go at once */
  deletePod(uid: string, condition: PodCondition | null = null): void {
    const pod = this.#pods.get(uid);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const isHeld = (pod.metadata.finalizers?.length ?? 0) > 0;
    const graceMs = isBound(pod) ? (pod.spec?.terminationGracePeriodSeconds ?? 0) * 1000 : 0;
    if (!isHeld && graceMs === 0) {
      this.#remove(pod);
      return;
    }
    const nowMs = this.#options.now();
    const metadata = { ...this.#revised(pod.metadata), deletionTimestamp: rfc3339(nowMs + graceMs) };
    const status = condition === null ? pod.status : withCondition(pod.status, condition);
    this.#store({ ...pod, metadata, ...(status === undefined ? {} : { status }) }, pod);
    if (isHeld) return;
    this.#options.later(nowMs + graceMs, () => {
      const left = this.#pods.get(uid);
      if (left !== undefined) this.#remove(left);
    });
  }

  /** @returns why not; null: done */
  bind(uid: string, nodeName: string): string | null {
    const pod = this.#pods.get(uid);
    if (pod === undefined) return `pods "${uid}" not found`;
    const { name } = pod.metadata;
    if (pod.metadata.deletionTimestamp !== undefined)
      return `pod ${name} is being deleted, cannot be assigned to a host`;
    if (isBound(pod)) return `pod ${name} is already assigned to node "${pod.spec?.nodeName}"`;
    const spec = { ...pod.spec, nodeName };
    const status = this.#boundStatus(pod);
    this.#store({ ...pod, metadata: this.#revised(pod.metadata), spec, status } as Pod, pod);
    return null;
  }

  /** A patch that changes nothing is no change. */
  patchStatus({ uid, condition, nominatedNodeName }: UpdateStatusAction): void {
    const pod = this.#pods.get(uid);
    if (pod === undefined) return;
    let { status } = pod;
    if (condition !== undefined) status = withCondition(status, condition);
    if (nominatedNodeName !== undefined && nominatedNodeName !== (status?.nominatedNodeName ?? ""))
      status = { ...status, nominatedNodeName };
    if (status === undefined || status === pod.status) return;
    this.#store({ ...pod, metadata: this.#revised(pod.metadata), status }, pod);
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
    const metadata: ObjectMeta = {
      ...this.#placed(object),
      uid: object.metadata.uid ?? `${object.kind.toLowerCase()}-${this.#revision + 1}`,
      creationTimestamp: rfc3339(this.#options.now()),
      resourceVersion: String(++this.#revision),
    };
    if (!isPod(object)) return { ...object, metadata };
    const spec = this.#admission.spec(object);
    return { ...object, metadata, spec, status: this.#admission.status(object) } as Pod;
  }

  #updated(before: KubeObject, written: KubeObject): KubeObject {
    const { uid, creationTimestamp, deletionTimestamp } = before.metadata;
    const metadata: ObjectMeta = {
      ...this.#placed(written),
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      resourceVersion: String(++this.#revision),
    };
    const status = "status" in written ? written.status : (before as { status?: unknown }).status;
    const after = { ...written, metadata, ...(status === undefined ? {} : { status }) };
    if (!isPod(after) || !isPod(before)) return after;
    const spec = this.#admission.spec(after);
    const nodeName = before.spec?.nodeName;
    return { ...after, spec: nodeName === undefined ? spec : { ...spec, nodeName } };
  }

  /** Metadata with a namespace, where the kind has one. */
  #placed({ kind, metadata }: KubeObject): ObjectMeta {
    if (CLUSTER_KINDS.has(kind) || (metadata.namespace ?? "") !== "") return metadata;
    return { ...metadata, namespace: DEFAULT_NAMESPACE };
  }

  #revised(metadata: ObjectMeta): ObjectMeta {
    return { ...metadata, resourceVersion: String(++this.#revision) };
  }

  #store(object: KubeObject, before: KubeObject | null): void {
    this.#of(object.kind).set(objectKey(object), object);
    this.#changed({ type: "set", object }, before);
  }

  #remove(object: KubeObject): void {
    this.#of(object.kind).delete(objectKey(object));
    this.#changed({ type: "delete", object }, object);
  }

  #changed(event: WatchEvent, before: KubeObject | null): void {
    const { object, type } = event;
    this.#watch.push(event);
    if (object.kind === "PriorityClass") this.#admission.classesChanged();
    if (!isPod(object)) return;
    const { uid } = object.metadata;
    assert(uid !== undefined, "a stored Pod has a uid");
    if (type === "delete") this.#pods.delete(uid);
    else this.#pods.set(uid, object);
    const after = type === "delete" ? null : object;
    for (const listener of this.#podListeners) listener(before as Pod | null, after);
  }

  #of(kind: string): Map<string, KubeObject> {
    let objects = this.#byKind.get(kind);
    if (objects === undefined) this.#byKind.set(kind, (objects = new Map()));
    return objects;
  }
}

export function isBound({ spec }: Pod): boolean {
  return (spec?.nodeName ?? "") !== "";
}

function isPod(object: KubeObject): object is Pod {
  return object.kind === "Pod";
}

/** The same object when the condition says what is said already. */
function withCondition(status: Pod["status"], condition: PodCondition): Pod["status"] {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === condition.type);
  const isSame =
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message;
  if (isSame) return status;
  return { ...status, conditions: [...conditions.filter((each) => each !== before), condition] };
}
