// PersistentVolumes and claims as they will be once the scheduler's own writes have come back: the next Pod must not
// bind a volume that is promised to this one. An assumption holds only over the very version it was made from, so
// whatever the API says later wins by itself.
// Cost: O(1) per object; listing is the lister's.
// Source: kube-scheduler plugins/volumebinding/passive_assume_cache.go.
import type { PersistentVolume, PersistentVolumeClaim } from "../../../api/scheduling.js";
import { objectKey, type ObjectLister } from "../../objects.js";

type Kind = "PersistentVolume" | "PersistentVolumeClaim";
type Assumable<K extends Kind> = K extends "PersistentVolume" ? PersistentVolume : PersistentVolumeClaim;

/** An object before and after a change; the same object where there is nothing to change. */
export interface Change<T> {
  readonly before: T;
  readonly after: T;
}

export class AssumeCache<K extends Kind> {
  readonly #assumed = new Map<string, Change<Assumable<K>>>();
  readonly #kind: K;
  readonly #objects: ObjectLister;

  constructor(kind: K, objects: ObjectLister) {
    this.#kind = kind;
    this.#objects = objects;
  }

  get(key: string): Assumable<K> | undefined {
    const stored = this.stored(key);
    return stored === undefined ? undefined : this.#latest(stored, key);
  }

  /** What the API said last. */
  stored(key: string): Assumable<K> | undefined {
    return this.#objects.get(this.#kind, key) as Assumable<K> | undefined;
  }

  *list(): Generator<Assumable<K>> {
    for (const stored of this.#objects.list(this.#kind) as Iterable<Assumable<K>>)
      yield this.#assumed.size === 0 ? stored : this.#latest(stored, objectKey(stored));
  }

  /** @returns why not, or null */
  assume(change: Change<Assumable<K>>): string | null {
    const key = objectKey(change.after);
    const stored = this.stored(key);
    if (stored === undefined) return `${this.#kind.toLowerCase()}s "${key}" not found`;
    const version = change.after.metadata.resourceVersion;
    if (stored.metadata.resourceVersion !== version)
      return `"${key}" is out of sync (stored: ${stored.metadata.resourceVersion}, assume: ${version})`;
    this.#assumed.set(key, { before: stored, after: change.after });
    return null;
  }

  /** Goes back to what the API said; another Pod's later assumption stays. */
  restore({ after }: Change<Assumable<K>>): void {
    const key = objectKey(after);
    if (this.#assumed.get(key)?.after === after) this.#assumed.delete(key);
  }

  /** The assumption made of this version; a stale one is dropped. */
  #latest(stored: Assumable<K>, key: string): Assumable<K> {
    const change = this.#assumed.get(key);
    if (change === undefined) return stored;
    if (isSameVersion(stored, change.before)) return change.after;
    this.#assumed.delete(key);
    return stored;
  }
}

/** A resync brings an equal version as a new object. */
export function isSameVersion(
  a: PersistentVolume | PersistentVolumeClaim,
  b: PersistentVolume | PersistentVolumeClaim,
): boolean {
  const version = a.metadata.resourceVersion;
  return a === b || (version !== undefined && version === b.metadata.resourceVersion);
}
