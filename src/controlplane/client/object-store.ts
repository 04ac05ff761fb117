// Objects by key, by namespace and by any number of named indices.
// Cost: a change is O(index values of the object); look-ups are O(answer). Answers come in order of arrival.
// Source: client-go tools/cache/thread_safe_store.go.
import type { KubeObject } from "../../api/meta.js";
import { assert, present } from "../../base/assert.js";

/** "namespace/name", or "name" for what has no namespace. */
export function keyOf(object: KubeObject): string {
  const { name, namespace } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** "a/b" -> { namespace: "a", name: "b" }; "b" -> { namespace: null, name: "b" }. */
export function splitKey(key: string): { readonly namespace: string | null; readonly name: string } {
  const slash = key.indexOf("/");
  return slash < 0
    ? { namespace: null, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Under which values an object is found. */
export type IndexFunction<Kind> = (object: Kind) => readonly string[];

/** The reading side: what controllers are handed. Never write to what it returns. */
export interface Lister<Kind extends KubeObject> {
  readonly size: number;
  get(key: string): Kind | undefined;
  /** All, or those of one namespace. */
  list(namespace?: string): Kind[];
  /** @throws when there is no such index */
  byIndex(index: string, value: string): Kind[];
}

const NAMESPACE_INDEX = "namespace";

interface Index<Kind> {
  readonly valuesOf: IndexFunction<Kind>;
  readonly buckets: Map<string, Map<string, Kind>>;
}

export class ObjectStore<Kind extends KubeObject> implements Lister<Kind> {
  readonly #objects = new Map<string, Kind>();
  readonly #indices = new Map<string, Index<Kind>>();

  constructor() {
    this.addIndex(NAMESPACE_INDEX, (object) => [object.metadata.namespace ?? ""]);
  }

  /** Adding the same index twice does nothing. */
  addIndex(name: string, valuesOf: IndexFunction<Kind>): void {
    const known = this.#indices.get(name);
    if (known !== undefined) {
      assert(known.valuesOf === valuesOf, `index ${name} is defined twice, differently`);
      return;
    }
    const index: Index<Kind> = { valuesOf, buckets: new Map() };
    this.#indices.set(name, index);
    for (const [key, object] of this.#objects) insert(index, key, object);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Kind | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  list(namespace?: string): Kind[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(NAMESPACE_INDEX, namespace);
  }

  byIndex(name: string, value: string): Kind[] {
    const index = present(this.#indices.get(name), `index ${name}`);
    return [...(index.buckets.get(value)?.values() ?? [])];
  }

  /** @returns what it replaces */
  put(object: Kind): Kind | undefined {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indices.values()) reindex(index, key, before, object);
    return before;
  }

  /** @returns what was there */
  remove(key: string): Kind | undefined {
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    this.#objects.delete(key);
    for (const index of this.#indices.values()) extract(index, key, before);
    return before;
  }
}

function reindex<Kind>(index: Index<Kind>, key: string, before: Kind | undefined, after: Kind): void {
  if (before !== undefined) {
    const kept = new Set(index.valuesOf(after));
    for (const value of index.valuesOf(before)) if (!kept.has(value)) extractValue(index, key, value);
  }
  insert(index, key, after);
}

function insert<Kind>(index: Index<Kind>, key: string, object: Kind): void {
  for (const value of index.valuesOf(object)) {
    const bucket = index.buckets.get(value);
    if (bucket === undefined) index.buckets.set(value, new Map([[key, object]]));
    else bucket.set(key, object);
  }
}

function extract<Kind>(index: Index<Kind>, key: string, object: Kind): void {
  for (const value of index.valuesOf(object)) extractValue(index, key, value);
}

function extractValue<Kind>(index: Index<Kind>, key: string, value: string): void {
  const bucket = index.buckets.get(value);
  bucket?.delete(key);
  if (bucket?.size === 0) index.buckets.delete(value);
}
