// Deletes what nobody owns any more: dependents of owners that are gone (background), dependents of an owner that waits
// for them (foreground), or lets dependents live without it (orphan).
// Every kind has one informer, shared with the controllers of that kind; the graph holds only objects with owners. What
// the caches say is enough to keep an object; before one is deleted, the server is asked.
// Cost: O(owner references) an event; an object that is created under a known owner costs no reconcile.
// Source: pkg/controller/garbagecollector (garbagecollector.go, graph_builder.go).
import { KINDS, kindNamed, groupVersionOf } from "../../../api/kinds/kinds.js";
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import type { ResourceClient } from "../../client/client.js";
import type { Informer } from "../../client/informer.js";
import type { OwnerReference } from "../../client/object-types.js";
import { clientOf, resourceOf, type Resource } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import {
  blocks,
  FOREGROUND,
  isDeletingDependents,
  isOrphaningDependents,
  ORPHAN,
  type OwnerState,
  type Verdict,
  verdictOf,
} from "./collect.js";
import { hasSameOwners, type ObjectId, objectId, OwnerGraph, splitId } from "./owner-graph.js";

export const garbageCollector: Controller = {
  name: "garbagecollector",
  component: "garbage-collector-controller",
  workersCount: 20,
  start(context) {
    const shell = new Collector(context);
    return (id) => shell.reconcile(id);
  },
};

/** Owners that the server said do not exist: many dependents ask for the same one. */
const ABSENT_MAX = 500;

interface Collected {
  readonly kind: Kind;
  readonly resource: Resource;
  readonly informer: Informer<KubeObject>;
}

/** Events come and go in masses, and own nothing. */
function isCollected({ verbs, plural, storedAs }: Kind): boolean {
  if (plural === "events" || storedAs !== undefined) return false;
  return (["delete", "list", "watch"] as const).every((verb) => verbs.includes(verb));
}

class Collector {
  readonly #context: ControllerContext;
  readonly #collected = new Map<string, Collected>();
  readonly #graph = new OwnerGraph();
  readonly #absent = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
    for (const kind of KINDS.filter(isCollected)) this.#watch(kind);
  }

  #watch(kind: Kind): void {
    const resourceId = resourceIdOf(kind);
    const resource = resourceOf(kind.group, kind.storageVersion, kind.plural);
    const informer = this.#context.informers.informer(resource);
    this.#collected.set(resourceId, { kind, resource, informer });
    informer.addHandler({
      onAdd: (object) => this.#changed(resourceId, null, object),
      onUpdate: (before, object) => this.#changed(resourceId, before, object),
      onDelete: (object) => this.#gone(resourceId, object),
    });
  }

  async reconcile(id: ObjectId): Promise<void> {
    const { resourceId, key } = splitId(id);
    const collected = this.#collected.get(resourceId);
    const object = collected?.informer.lister.get(key);
    if (collected === undefined || object === undefined) return;
    if (isOrphaningDependents(object)) return this.#orphanDependents(collected, object);
    if (isDeletingDependents(object)) return this.#deleteDependents(collected, object);
    if (object.metadata.deletionTimestamp !== undefined) return;
    const seen = await this.#verdict(collected.kind, object);
    if (seen.kind === "keep") return;
    const live = await this.#live(collected, object);
    if (live === null) return;
    await this.#carryOut(collected, live, await this.#verdict(collected.kind, live));
  }

  #changed(resourceId: string, before: KubeObject | null, object: KubeObject): void {
    const id = objectId(resourceId, object);
    this.#graph.put(id, before, object);
    const isNew = before === null;
    if (isNew || !hasSameOwners(before, object)) this.#ownersChanged(id, before, object);
    const isTurned = (is: (object: KubeObject) => boolean): boolean =>
      is(object) && (isNew || !is(before) || before.metadata.finalizers !== object.metadata.finalizers);
    if (isTurned(isOrphaningDependents)) this.#context.queue.add(id);
    if (!isTurned(isDeletingDependents)) return;
    this.#context.queue.add(id);
    // Those that do not block it are deleted, too, but nobody waits for them.
    for (const dependent of this.#graph.dependentsOf(object)) this.#context.queue.add(dependent);
    this.#waitingOwnersOf(object);
  }

  #ownersChanged(id: ObjectId, before: KubeObject | null, object: KubeObject): void {
    if (before !== null) this.#waitingOwnersOf(before);
    const owners = object.metadata.ownerReferences ?? [];
    // Under owners that are known to stay there is nothing to be done.
    if (owners.some((owner) => this.#cachedState(object, owner) !== "solid")) this.#context.queue.add(id);
  }

  #gone(resourceId: string, object: KubeObject): void {
    this.#graph.remove(objectId(resourceId, object), object);
    this.#remember(object.metadata.uid ?? "");
    for (const dependent of this.#graph.dependentsOf(object)) this.#context.queue.add(dependent);
    this.#waitingOwnersOf(object);
  }

  /** Owners that wait for this one look again. */
  #waitingOwnersOf(object: KubeObject): void {
    for (const owner of object.metadata.ownerReferences ?? []) {
      const found = this.#cachedOwner(object, owner);
      if (found !== null && isDeletingDependents(found.object))
        this.#context.queue.add(objectId(found.resourceId, found.object));
    }
  }

  async #verdict(kind: Kind, object: KubeObject): Promise<Verdict> {
    const states = new Map<string, OwnerState>();
    for (const owner of object.metadata.ownerReferences ?? [])
      states.set(owner.uid ?? "", await this.#ownerState(kind, object, owner));
    const dependents = this.#graph.dependentsOf(object);
    return verdictOf(object, (owner) => states.get(owner.uid ?? "") ?? "solid", {
      count: dependents.length,
      isOneWaiting: dependents.some((id) => {
        const dependent = this.#cached(id);
        return dependent !== undefined && isDeletingDependents(dependent);
      }),
    });
  }

  async #ownerState(kind: Kind, object: KubeObject, owner: OwnerReference): Promise<OwnerState> {
    const cached = this.#cachedState(object, owner);
    if (cached !== "dangling") return cached;
    if (this.#absent.has(owner.uid ?? "")) return "dangling";
    const ownerKind = kindOfOwner(owner);
    const collected = ownerKind === undefined ? undefined : this.#collected.get(resourceIdOf(ownerKind));
    // A kind that is not known may be there all the same: nothing is deleted on a guess.
    if (ownerKind === undefined || collected === undefined) return "solid";
    if (ownerKind.isNamespaced && !kind.isNamespaced) {
      this.#tellOfInvalidOwner(object, owner);
      return "solid";
    }
    const namespace = ownerKind.isNamespaced ? (object.metadata.namespace ?? "") : null;
    try {
      const found = await clientOf(this.#context.client, collected.resource, namespace).get(owner.name);
      if (found.metadata.uid === owner.uid) return isDeletingDependents(found) ? "waiting" : "solid";
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
    this.#remember(owner.uid ?? "");
    return "dangling";
  }

  async #carryOut(collected: Collected, object: KubeObject, verdict: Verdict): Promise<void> {
    const { uid, name, namespace, ownerReferences = [] } = object.metadata;
    if (verdict.kind === "keep") return;
    if (verdict.kind === "dropOwners") return this.#dropOwners(collected, object, verdict.uids);
    if (verdict.unblocksOwners) {
      const unblocked = ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
      await this.#patchMetadata(collected, object, { uid, ownerReferences: unblocked });
    }
    const resourceVersion = object.metadata.resourceVersion ?? "";
    const isSure = !verdict.unblocksOwners;
    try {
      await clientOf(this.#context.client, collected.resource, namespace ?? null).delete(name, {
        propagationPolicy: verdict.propagation,
        preconditions: { ...(uid === undefined ? {} : { uid }), ...(isSure ? { resourceVersion } : {}) },
      });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  async #dropOwners(collected: Collected, object: KubeObject, uids: readonly string[]): Promise<void> {
    const owners = object.metadata.ownerReferences ?? [];
    const ownerReferences = owners.filter(({ uid = "" }) => !uids.includes(uid));
    if (ownerReferences.length === owners.length) return;
    const { uid, resourceVersion } = object.metadata;
    await this.#patchMetadata(collected, object, { uid, resourceVersion, ownerReferences });
  }

  async #orphanDependents(collected: Collected, owner: KubeObject): Promise<void> {
    const uids = [owner.metadata.uid ?? ""];
    for (const id of this.#graph.dependentsOf(owner)) {
      const dependent = this.#cached(id);
      const of = this.#collected.get(splitId(id).resourceId);
      if (dependent !== undefined && of !== undefined) await this.#dropOwners(of, dependent, uids);
    }
    await this.#removeFinalizer(collected, owner, ORPHAN);
  }

  async #deleteDependents(collected: Collected, owner: KubeObject): Promise<void> {
    const blocking = this.#graph.dependentsOf(owner).filter((id) => {
      const dependent = this.#cached(id);
      return dependent !== undefined && blocks(dependent, owner);
    });
    if (blocking.length === 0) return this.#removeFinalizer(collected, owner, FOREGROUND);
    for (const id of blocking) {
      const dependent = this.#cached(id);
      if (dependent !== undefined && !isDeletingDependents(dependent)) this.#context.queue.add(id);
    }
  }

  async #removeFinalizer(collected: Collected, object: KubeObject, finalizer: string): Promise<void> {
    const live = await this.#live(collected, object);
    const finalizers = live?.metadata.finalizers ?? [];
    if (live === null || !finalizers.includes(finalizer)) return;
    await this.#patchMetadata(collected, live, {
      resourceVersion: live.metadata.resourceVersion,
      finalizers: finalizers.filter((each) => each !== finalizer),
    });
  }

  /** Null when it is gone, or another one has its name. */
  async #live(collected: Collected, { metadata }: KubeObject): Promise<KubeObject | null> {
    try {
      const live = await this.#clientFor(collected, metadata.namespace).get(metadata.name);
      return live.metadata.uid === metadata.uid ? live : null;
    } catch (error) {
      if (isStatus(error, "NotFound")) return null;
      throw error;
    }
  }

  async #patchMetadata(collected: Collected, object: KubeObject, metadata: object): Promise<void> {
    const { name, namespace } = object.metadata;
    try {
      await this.#clientFor(collected, namespace).patch(name, "merge", { metadata });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  #clientFor({ resource }: Collected, namespace: string | undefined): ResourceClient {
    return clientOf(this.#context.client, resource, namespace ?? null);
  }

  #cached(id: ObjectId): KubeObject | undefined {
    const { resourceId, key } = splitId(id);
    return this.#collected.get(resourceId)?.informer.lister.get(key);
  }

  #cachedOwner(
    object: KubeObject,
    owner: OwnerReference,
  ): { readonly resourceId: string; readonly object: KubeObject } | null {
    const kind = kindOfOwner(owner);
    if (kind === undefined) return null;
    const resourceId = resourceIdOf(kind);
    const key = kind.isNamespaced ? `${object.metadata.namespace}/${owner.name}` : owner.name;
    const found = this.#collected.get(resourceId)?.informer.lister.get(key);
    return found?.metadata.uid === owner.uid && found !== undefined ? { resourceId, object: found } : null;
  }

  /** "dangling": not in the cache, which may be behind. */
  #cachedState(object: KubeObject, owner: OwnerReference): OwnerState {
    const found = this.#cachedOwner(object, owner);
    if (found === null) return "dangling";
    return isDeletingDependents(found.object) ? "waiting" : "solid";
  }

  #remember(uid: string): void {
    this.#absent.add(uid);
    const [oldest] = this.#absent;
    if (this.#absent.size > ABSENT_MAX && oldest !== undefined) this.#absent.delete(oldest);
  }

  #tellOfInvalidOwner(object: KubeObject, { apiVersion, kind, name, uid }: OwnerReference): void {
    const message = `ownerRef [${apiVersion}/${kind}, namespace: , name: ${name}, uid: ${uid}] does not exist in namespace ""`;
    this.#context.events.record(object, "Warning", "OwnerRefInvalidNamespace", message);
  }
}

function resourceIdOf({ group, plural }: Kind): string {
  return `${group}/${plural}`;
}

function kindOfOwner({ apiVersion = "", kind }: OwnerReference): Kind | undefined {
  return kindNamed(groupVersionOf(apiVersion)[0], kind);
}
