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

  /** All objects below a folder of keys ("/registry/pods/default/"), or all of them (""), in key order. */
  *entriesBelow(folder: string): IterableIterator<StoredEntry> {
    const single = this.#buckets.get(folder);
    if (single !== undefined) {
      yield* single.entries();
      return;
    }
    this.#bucketOrder ??= [...this.#buckets.keys()].sort();
    for (const name of this.#bucketOrder)
      if (name.startsWith(folder)) yield* (this.#buckets.get(name) as Bucket).entries();
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

  *entries(): IterableIterator<StoredEntry> {
    if (this.#added.length > 0 || this.#goneCount > 0) this.#merge();
    for (const key of this.#sorted) {
      const object = this.objects.get(key);
      if (object !== undefined) yield { key, object };
    }
  }

  #merge(): void {
    // A key that went and came again stands in both lists: once is enough.
    const added = new Set(this.#added.filter((key) => this.objects.has(key)));
    const kept = this.#sorted.filter((key) => this.objects.has(key) && !added.has(key));
    this.#sorted = merged(kept, [...added].sort());
    this.#added = [];
    this.#goneCount = 0;
  }
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
