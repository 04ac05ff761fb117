// Which objects a list, a watch or a deletion of a collection means.
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import { type FieldSelector, fieldSelector, wantedValue } from "../selectors/field-selector.js";
import { labelTest } from "../../../api/label-test.js";
import type { StoredEntry } from "../storage/sorted-objects.js";
import { storageKey } from "../storage/storage-key.js";
import type { WatchScope } from "../storage/resource-cache.js";
import type { ResourceCall } from "./resource-call.js";

export interface Selection {
  /** Null: no selector. */
  readonly test: ((object: KubeObject) => boolean) | null;
  /** "": all. */
  readonly namespace: string;
  /** The only one that can be meant; null: any. */
  readonly name: string | null;
  /** Pods of this node only; null: any. */
  readonly node: string | null;
}

/** @throws {StatusError} BadRequest for selectors that cannot be read */
export function selectionOf(call: ResourceCall): Selection {
  const { request, kind, info } = call;
  const labels = labelTest(request.query.get("labelSelector") ?? "");
  const fields = fieldSelector(kind, request.query.get("fieldSelector") ?? "");
  const namespace = kind.isNamespaced
    ? info.namespace || (wantedValue(fields, "metadata.namespace") ?? "")
    : "";
  return {
    test: bothTests(labels, fields),
    namespace,
    name: wantedValue(fields, "metadata.name") ?? (info.name || null),
    node: isPods(kind) ? wantedValue(fields, "spec.nodeName") : null,
  };
}

function bothTests(labels: ReturnType<typeof labelTest>, fields: FieldSelector | null) {
  if (labels === null) return fields?.test ?? null;
  if (fields === null) return (object: KubeObject) => labels(object.metadata.labels);
  return (object: KubeObject) => fields.test(object) && labels(object.metadata.labels);
}

function isPods(kind: Kind): boolean {
  return kind.group === "" && kind.plural === "pods";
}

/** What the cache is asked for: as little as the selection allows. */
export function scopeOf(call: ResourceCall, selection: Selection): WatchScope {
  const { namespace, name, node } = selection;
  if (name !== null && (namespace !== "" || !call.kind.isNamespaced))
    return { by: "name", key: storageKey(call.prefix, namespace, name) };
  if (node !== null && node !== "") return { by: "node", node };
  return namespace === "" ? { by: "all" } : { by: "namespace", namespace };
}

/** Selected entries as they stand, in key order. @param startKey "": from the first */
export function* selectedEntries(
  call: ResourceCall,
  selection: Selection,
  startKey = "",
): IterableIterator<StoredEntry> {
  const { test, namespace } = selection;
  for (const entry of candidates(call, selection, startKey)) {
    if (entry.key < startKey) continue;
    if (namespace !== "" && entry.object.metadata.namespace !== namespace) continue;
    if (test === null || test(entry.object)) yield entry;
  }
}

function candidates(call: ResourceCall, selection: Selection, startKey: string): Iterable<StoredEntry> {
  const cache = call.registry.objects.cache(call.prefix);
  const scope = scopeOf(call, selection);
  if (scope.by === "name") {
    const object = cache.get(scope.key);
    return object === undefined ? [] : [{ key: scope.key, object }];
  }
  if (scope.by === "node") {
    const entries = cache.entriesOfNode(scope.node);
    if (entries !== null) return [...entries].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
  return cache.entries(selection.namespace, startKey);
}
