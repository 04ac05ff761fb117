// All objects of one resource as they stand, the changes of late, and who is told of them.
// Why: every read is answered from here, and every change reaches its watchers without asking the store again.
// Watchers are found by an exact name, a node or a namespace where their selector has one: 5,000 kubelets that watch the
// Pods of a node each cost a change nothing but a Map lookup.
// Cost: a change O(1) + the watchers that may care; a replay O(log HISTORY_MAX) + the changes since.
import type { KubeObject } from "../../../api/meta.js";
import type { Revision } from "../../store/store.js";
import { resourceOfPrefix } from "./storage-key.js";
import { type StoredEntry, SortedObjects } from "./sorted-objects.js";

/** Changes kept for watches that begin in the past. */
const HISTORY_MAX = 8192;

/** One change of one object. Equal for all watchers, so that what is made from it can be kept with it. */
export interface CacheEvent {
  readonly revision: Revision;
  readonly key: string;
  /** As it is now; of a deletion: as it was last, with the deletion's revision. */
  readonly object: KubeObject;
  readonly isDeleted: boolean;
  /** Null for a creation. */
  readonly previous: KubeObject | null;
}

/** Which changes a watcher may care about; it looks closer itself. */
export type WatchScope =
  | { readonly by: "all" }
  | { readonly by: "namespace"; readonly namespace: string }
  | { readonly by: "name"; readonly key: string }
  | { readonly by: "node"; readonly node: string };

export interface CacheWatcher {
  readonly scope: WatchScope;
  /** Must not throw. */
  event(event: CacheEvent): void;
  /** The cache had to start anew: what was missed is unknown. */
  lost(): void;
}

export class ResourceCache {
  readonly prefix: string;
  readonly #objects = new SortedObjects();
  /** Pods by node; null: this resource is not found by node. */
  readonly #byNode: Map<string, Map<string, KubeObject>> | null;
  readonly #watchers = new Map<string, Set<CacheWatcher>>();
  #watcherCount = 0;
  /** A ring once it is full: the oldest at #oldest. */
  #history: CacheEvent[] = [];
  #oldest = 0;
  /** Changes up to this one cannot be replayed. */
  #floor: Revision = 0;

  constructor(prefix: string, options: { readonly isFoundByNode: boolean }) {
    this.prefix = prefix;
    this.#byNode = options.isFoundByNode ? new Map() : null;
  }

  /** "pods", "apps/deployments". */
  get resource(): string {
    return resourceOfPrefix(this.prefix);
  }

  get count(): number {
    return this.#objects.count;
  }

  get watcherCount(): number {
    return this.#watcherCount;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  /** In key order. @param namespace "": all @param startKey "": from the first */
  entries(namespace: string, startKey = ""): IterableIterator<StoredEntry> {
    return this.#objects.entriesBelow(this.#folder(namespace), startKey);
  }

  /** How many `entries` has. */
  countFrom(namespace: string, startKey: string): number {
    return this.#objects.countBelow(this.#folder(namespace), startKey);
  }

  #folder(namespace: string): string {
    return namespace === "" ? "" : `${this.prefix}${namespace}/`;
  }

  /** In no order; null when this resource is not found by node. */
  entriesOfNode(node: string): readonly StoredEntry[] | null {
    if (this.#byNode === null) return null;
    return [...(this.#byNode.get(node) ?? [])].map(([key, object]) => ({ key, object }));
  }

  /** Starts over from a state of the store. Its watchers have missed something. */
  load(entries: readonly StoredEntry[], revision: Revision): void {
    this.#objects.clear();
    this.#byNode?.clear();
    for (const { key, object } of entries) this.#put(key, object);
    this.#history = [];
    this.#oldest = 0;
    this.#floor = revision;
    for (const watchers of [...this.#watchers.values()])
      for (const watcher of [...watchers]) {
        this.unwatch(watcher);
        watcher.lost();
      }
  }

  apply(event: CacheEvent): void {
    if (event.previous !== null) this.#remove(event.key, event.previous, event.isDeleted);
    if (!event.isDeleted) this.#put(event.key, event.object);
    this.#remember(event);
    this.#dispatch(event);
  }

  watch(watcher: CacheWatcher): void {
    const key = scopeKey(watcher.scope);
    let watchers = this.#watchers.get(key);
    if (watchers === undefined) {
      watchers = new Set();
      this.#watchers.set(key, watchers);
    }
    watchers.add(watcher);
    this.#watcherCount++;
  }

  unwatch(watcher: CacheWatcher): void {
    const key = scopeKey(watcher.scope);
    const watchers = this.#watchers.get(key);
    if (watchers?.delete(watcher) !== true) return;
    this.#watcherCount--;
    if (watchers.size === 0) this.#watchers.delete(key);
  }

  /** Changes after a revision, in order; null when they are no longer known. */
  since(revision: Revision): readonly CacheEvent[] | null {
    if (revision < this.#floor) return null;
    const count = this.#history.length;
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle).revision > revision) high = middle;
      else low = middle + 1;
    }
    return Array.from({ length: count - low }, (_, index) => this.#at(low + index));
  }

  #put(key: string, object: KubeObject): void {
    this.#objects.set(key, object);
    if (this.#byNode === null) return;
    const node = nodeOf(object);
    let ofNode = this.#byNode.get(node);
    if (ofNode === undefined) {
      ofNode = new Map();
      this.#byNode.set(node, ofNode);
    }
    ofNode.set(key, object);
  }

  #remove(key: string, previous: KubeObject, isDeleted: boolean): void {
    if (isDeleted) this.#objects.delete(key);
    if (this.#byNode === null) return;
    const node = nodeOf(previous);
    const ofNode = this.#byNode.get(node);
    if (ofNode?.delete(key) === true && ofNode.size === 0) this.#byNode.delete(node);
  }

  #remember(event: CacheEvent): void {
    if (this.#history.length < HISTORY_MAX) {
      this.#history.push(event);
      return;
    }
    this.#floor = this.#at(0).revision;
    this.#history[this.#oldest] = event;
    this.#oldest = (this.#oldest + 1) % HISTORY_MAX;
  }

  /** @param index 0: the oldest */
  #at(index: number): CacheEvent {
    return this.#history[(this.#oldest + index) % this.#history.length] as CacheEvent;
  }

  #dispatch(event: CacheEvent): void {
    if (this.#watcherCount === 0) return;
    this.#tell("", event);
    this.#tell(`name:${event.key}`, event);
    const namespace = event.object.metadata.namespace;
    if (namespace !== undefined) this.#tell(`namespace:${namespace}`, event);
    if (this.#byNode === null) return;
    const node = nodeOf(event.object);
    this.#tell(`node:${node}`, event);
    if (event.previous !== null && nodeOf(event.previous) !== node)
      this.#tell(`node:${nodeOf(event.previous)}`, event);
  }

  #tell(key: string, event: CacheEvent): void {
    const watchers = this.#watchers.get(key);
    if (watchers !== undefined) for (const watcher of watchers) watcher.event(event);
  }
}

function scopeKey(scope: WatchScope): string {
  switch (scope.by) {
    case "all":
      return "";
    case "namespace":
      return `namespace:${scope.namespace}`;
    case "name":
      return `name:${scope.key}`;
    case "node":
      return `node:${scope.node}`;
  }
}

function nodeOf(object: KubeObject): string {
  return (object as { spec?: { nodeName?: string } }).spec?.nodeName ?? "";
}
