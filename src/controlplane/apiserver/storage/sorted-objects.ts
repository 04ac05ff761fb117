// Objects of one resource by key, listed in the store's key order, all or below a prefix (a namespace).
// Why not a tree: writes are many and ordered lists few. A write touches one Map; a list of a namespace sorts what came
// since its last list and merges, so it costs no more than the objects it returns.
// Cost: get, set, delete O(1); a list O(objects of its namespaces + new ones x log).
import type { KubeObject } from "../../../api/meta.js";

export interface StoredEntry {
  readonly key: string;
  readonly object: KubeObject;
}

export class SortedObjects {
  readonly #buckets = new Map<string, Bucket>();
  /** Bucket names in key order; null: some came or went. */
  #bucketOrder: string[] | null = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get(key: string): KubeObject | undefined {
    return this.#buckets.get(bucketOf(key))?.objects.get(key);
  }

  set(key: string, object: KubeObject): void {
    const name = bucketOf(key);
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = new Bucket();
      this.#buckets.set(name, bucket);
      this.#bucketOrder = null;
    }
    const before = bucket.objects.size;
    bucket.set(key, object);
    this.#count += bucket.objects.size - before;
  }

  delete(key: string): void {
    const name = bucketOf(key);
    const bucket = this.#buckets.get(name);
    if (bucket?.delete(key) !== true) return;
    this.#count--;
    if (bucket.objects.size > 0) return;
    this.#buckets.delete(name);
    this.#bucketOrder = null;
  }

  clear(): void {
    this.#buckets.clear();
    this.#bucketOrder = [];
    this.#count = 0;
  }

  /**
   * Objects below a folder of keys ("/registry/pods/default/"), or of all folders (""), in key order.
   *
   * @param startKey the first that is wanted; "": from the beginning
   */
  *entriesBelow(folder: string, startKey: string): IterableIterator<StoredEntry> {
    for (const bucket of this.#bucketsBelow(folder)) yield* bucket.entries(startKey);
  }

  /** How many entriesBelow has. Cost: O(log objects) for each folder. */
  countBelow(folder: string, startKey: string): number {
    let count = 0;
    for (const bucket of this.#bucketsBelow(folder)) count += bucket.countFrom(startKey);
    return count;
  }

  #bucketsBelow(folder: string): readonly Bucket[] {
    const single = this.#buckets.get(folder);
    if (single !== undefined) return [single];
    this.#bucketOrder ??= [...this.#buckets.keys()].sort();
    const names = this.#bucketOrder.filter((name) => name.startsWith(folder));
    return names.map((name) => this.#buckets.get(name) as Bucket);
  }
}

/** Everything up to and with the last slash. */
function bucketOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

class Bucket {
  readonly objects = new Map<string, KubeObject>();
  /** In order; may hold keys that are gone. */
  #sorted: string[] = [];
  #goneCount = 0;
  #added: string[] = [];

  set(key: string, object: KubeObject): void {
    if (!this.objects.has(key)) this.#added.push(key);
    this.objects.set(key, object);
  }

  delete(key: string): boolean {
    if (!this.objects.delete(key)) return false;
    this.#goneCount++;
    return true;
  }

  *entries(startKey: string): IterableIterator<StoredEntry> {
    const sorted = this.#keys();
    for (let index = lowerBound(sorted, startKey); index < sorted.length; index++) {
      const key = sorted[index] as string;
      const object = this.objects.get(key);
      if (object !== undefined) yield { key, object };
    }
  }

  countFrom(startKey: string): number {
    const sorted = this.#keys();
    return sorted.length - lowerBound(sorted, startKey);
  }

  /** In order, and all of them there. */
  #keys(): readonly string[] {
    if (this.#goneCount > 0) this.#mergeAll();
    else if (this.#added.length > 0) this.#mergeAdded();
    return this.#sorted;
  }

  /** A reader may be half way through what was sorted before, which therefore stays as it is. */
  #mergeAdded(): void {
    const added = this.#added.sort();
    const last = this.#sorted.at(-1);
    this.#sorted =
      last === undefined || last < (added[0] as string)
        ? this.#sorted.concat(added)
        : merged(this.#sorted, added);
    this.#added = [];
  }

  #mergeAll(): void {
    // A key that went and came again stands in both lists: once is enough.
    const added = new Set(this.#added.filter((key) => this.objects.has(key)));
    const kept = this.#sorted.filter((key) => this.objects.has(key) && !added.has(key));
    this.#sorted = merged(kept, [...added].sort());
    this.#added = [];
    this.#goneCount = 0;
  }
}

/** Index of the first that is not below `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let [low, high] = [0, key === "" ? 0 : sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merged(a: readonly string[], b: readonly string[]): string[] {
  if (b.length === 0) return [...a];
  const result: string[] = [];
  let [at, bt] = [0, 0];
  while (at < a.length && bt < b.length)
    result.push((a[at] as string) < (b[bt] as string) ? (a[at++] as string) : (b[bt++] as string));
  while (at < a.length) result.push(a[at++] as string);
  while (bt < b.length) result.push(b[bt++] as string);
  return result;
}
