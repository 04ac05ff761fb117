// How admission and access rules read other objects, and change them: from memory, as the watch cache has them.
import { kindOfResource } from "../../api/kinds/kinds.js";
import type { Kind } from "../../api/kinds/kind.js";
import type { KubeObject } from "../../api/meta.js";
import { present } from "../../base/assert.js";
import { notFound } from "./registry/api-failures.js";
import type { ObjectStore } from "./storage/object-store.js";
import type { StoredEntry } from "./storage/sorted-objects.js";
import { resourcePrefix, storageKey } from "./storage/storage-key.js";

export interface ObjectReader {
  /** @param namespace "" for kinds without namespaces */
  get(kind: Kind, namespace: string, name: string): KubeObject | undefined;
  /** In no promised order. @param namespace "": all */
  list(kind: Kind, namespace: string): Iterable<KubeObject>;
  /** Of the node, in no order. */
  podsOfNode(node: string): Iterable<KubeObject>;
  /** Until what `get` and `list` answer knows of every write that was acknowledged; undefined: it does. */
  fresh(): Promise<void> | undefined;
}

export interface ObjectAccess extends ObjectReader {
  /**
   * Changes an object as often as others come between; no change when `change` answers what it was given.
   *
   * @throws {StatusError} what `change` throws; NotFound
   */
  update(
    kind: Kind,
    namespace: string,
    name: string,
    change: (current: KubeObject) => KubeObject,
  ): Promise<KubeObject>;
}

const PODS = kindRow("", "pods");

export function objectAccess(store: ObjectStore): ObjectAccess {
  const prefixes = new Map<Kind, string>();
  const prefixOf = (kind: Kind) => {
    const known = prefixes.get(kind);
    if (known !== undefined) return known;
    const prefix = resourcePrefix(kind);
    prefixes.set(kind, prefix);
    return prefix;
  };
  return {
    get(kind, namespace, name) {
      const prefix = prefixOf(kind);
      return store.cache(prefix).get(storageKey(prefix, namespace, name));
    },
    list(kind, namespace) {
      const cache = store.cache(prefixOf(kind));
      // Every write asks for limits and quotas, and few clusters have any.
      return cache.count === 0 ? NONE : objectsOf(cache.entries(namespace));
    },
    *podsOfNode(node) {
      for (const entry of store.cache(prefixOf(PODS)).entriesOfNode(node) ?? []) yield entry.object;
    },
    fresh: () => store.fresh(),
    update(kind, namespace, name, change) {
      const prefix = prefixOf(kind);
      return store.update(prefix, storageKey(prefix, namespace, name), change, () => notFound(kind, name));
    },
  };
}

const NONE: readonly KubeObject[] = [];

function* objectsOf(entries: Iterable<StoredEntry>): Iterable<KubeObject> {
  for (const { object } of entries) yield object;
}

/** A row of the kinds table that must be there. */
export function kindRow(group: string, plural: string): Kind {
  return present(kindOfResource(group, plural), `kind of ${plural}`);
}

/** An object that may just have been made: looked for again when the cache may be behind. */
export function found(
  reader: ObjectReader,
  kind: Kind,
  namespace: string,
  name: string,
): KubeObject | undefined | Promise<KubeObject | undefined> {
  const object = reader.get(kind, namespace, name);
  if (object !== undefined) return object;
  return reader.fresh()?.then(() => reader.get(kind, namespace, name));
}
