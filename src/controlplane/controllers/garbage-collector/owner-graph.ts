// Who depends on whom, by uid of the owner. Only objects that have owners take room in it.
// Cost: O(owner references of an object) a change.
import type { KubeObject } from "../../../api/meta.js";
import { keyOf } from "../../client/object-store.js";

/** "apps/replicasets|default/web": a resource and the key of an object of it. */
export type ObjectId = string;

export function objectId(resourceId: string, object: KubeObject): ObjectId {
  return `${resourceId}|${keyOf(object)}`;
}

export function splitId(id: ObjectId): { readonly resourceId: string; readonly key: string } {
  const bar = id.indexOf("|");
  return { resourceId: id.slice(0, bar), key: id.slice(bar + 1) };
}

export class OwnerGraph {
  readonly #dependents = new Map<string, Set<ObjectId>>();

  put(id: ObjectId, before: KubeObject | null, after: KubeObject): void {
    if (before !== null) {
      if (hasSameOwners(before, after)) return;
      this.remove(id, before);
    }
    for (const { uid = "" } of after.metadata.ownerReferences ?? []) {
      const known = this.#dependents.get(uid);
      if (known === undefined) this.#dependents.set(uid, new Set([id]));
      else known.add(id);
    }
  }

  remove(id: ObjectId, object: KubeObject): void {
    for (const { uid = "" } of object.metadata.ownerReferences ?? []) {
      const known = this.#dependents.get(uid);
      known?.delete(id);
      if (known?.size === 0) this.#dependents.delete(uid);
    }
  }

  dependentsOf({ metadata }: KubeObject): readonly ObjectId[] {
    return [...(this.#dependents.get(metadata.uid ?? "") ?? [])];
  }
}

/** Also in whether they block their owners. Most updates leave owners alone. */
export function hasSameOwners(before: KubeObject, after: KubeObject): boolean {
  const { ownerReferences: left = [] } = before.metadata;
  const { ownerReferences: right = [] } = after.metadata;
  if (left === right) return true;
  return (
    left.length === right.length &&
    left.every(
      ({ uid, blockOwnerDeletion }, index) =>
        right[index]?.uid === uid && right[index]?.blockOwnerDeletion === blockOwnerDeletion,
    )
  );
}
