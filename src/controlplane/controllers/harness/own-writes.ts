// What a controller has written and its informer has not shown yet. A decision made from a cache that lacks one's own
// last write undoes it, or does it twice: until the cache shows it, the key waits.
// Cost: O(1) a change. Source: endpointslice/util/endpointslice_tracker.go.
import type { KubeObject } from "../../../api/meta.js";
import { keyOf } from "../../client/object-store.js";

type Pending = { readonly kind: "written"; readonly version: bigint } | { readonly kind: "removed" };

export class OwnWrites {
  /** By the key that was worked on, then by the key of the object that was written. */
  readonly #pending = new Map<string, Map<string, Pending>>();

  written(key: string, object: KubeObject): void {
    this.#put(key, keyOf(object), {
      kind: "written",
      version: BigInt(object.metadata.resourceVersion ?? "0"),
    });
  }

  removed(key: string, object: KubeObject): void {
    this.#put(key, keyOf(object), { kind: "removed" });
  }

  /** @returns whether the informer was what the key waited for */
  seen(key: string, object: KubeObject): boolean {
    const pending = this.#pending.get(key)?.get(keyOf(object));
    if (pending?.kind !== "written") return false;
    if (BigInt(object.metadata.resourceVersion ?? "0") < pending.version) return false;
    return this.#settle(key, object);
  }

  seenGone(key: string, object: KubeObject): boolean {
    if (this.#pending.get(key)?.get(keyOf(object)) === undefined) return false;
    return this.#settle(key, object);
  }

  isPending(key: string): boolean {
    return this.#pending.has(key);
  }

  forget(key: string): void {
    this.#pending.delete(key);
  }

  #put(key: string, objectKey: string, pending: Pending): void {
    const known = this.#pending.get(key);
    if (known === undefined) this.#pending.set(key, new Map([[objectKey, pending]]));
    else known.set(objectKey, pending);
  }

  #settle(key: string, object: KubeObject): boolean {
    const known = this.#pending.get(key);
    known?.delete(keyOf(object));
    if (known?.size !== 0) return false;
    this.#pending.delete(key);
    return true;
  }
}
