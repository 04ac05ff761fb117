// Objects over the store: reads from the caches that CacheReflector keeps, writes as transactions that compare the revision
// they were based on.
// A read sees every write that was acknowledged before it: it waits until the caches have come to the store's revision,
// which they mostly have.
import { jsonEquals } from "../../../api/patch/json-tree.js";
import { StatusError } from "../../../api/status.js";
import type { KubeObject } from "../../../api/meta.js";
import type { Cancel, Timers } from "../../../base/timers.js";
import { prefixEnd, type Revision, type Store, StoreError } from "../../store/store.js";
import { CacheReflector } from "./cache-reflector.js";
import { atRevision, type Draft, draftOf, finished, revisionOf } from "./object-value.js";
import type { ResourceCache } from "./resource-cache.js";
import type { StoredEntry } from "./sorted-objects.js";

/** An update that loses this often against others gives up. */
const ATTEMPTS_MAX = 100;

export interface ObjectStoreOptions {
  readonly timers: Timers;
  /** Of all resources that will be asked for. */
  readonly prefixes: ReadonlySet<string>;
  /** How long states are kept that nobody may ask for any more, and how often they are forgotten. */
  readonly compactionMs: number;
  /** Told of every write: "create", "update" or "delete", the resource's prefix, and how long the store took. */
  readonly onWrite: (operation: StoreOperation, prefix: string, seconds: number) => void;
}

export type StoreOperation = "create" | "update" | "delete";

export class ObjectStore {
  readonly #store: Store;
  readonly #options: ObjectStoreOptions;
  readonly #reflector: CacheReflector;
  #cancelCompaction: Cancel = () => undefined;
  #isClosed = false;

  private constructor(store: Store, reflector: CacheReflector, options: ObjectStoreOptions) {
    this.#store = store;
    this.#reflector = reflector;
    this.#options = options;
    this.#compactLater(reflector.revision);
  }

  static async open(store: Store, options: ObjectStoreOptions): Promise<ObjectStore> {
    const reflector = await CacheReflector.open(store, options.timers, options.prefixes);
    return new ObjectStore(store, reflector, options);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelCompaction();
    this.#reflector.close();
  }

  /** Everything up to this revision is in the caches and was told to the watchers. */
  get revision(): Revision {
    return this.#reflector.revision;
  }

  /** Of the last write that the store acknowledged. */
  get storeRevision(): Revision {
    return this.#store.revision();
  }

  /** Whether reads are answered at once: the store can be watched. */
  get isLoaded(): boolean {
    return this.#reflector.isLoaded;
  }

  cache(prefix: string): ResourceCache {
    const cache = this.#reflector.cache(prefix);
    if (cache === undefined) throw new StatusError("NotFound", `No resource is stored below '${prefix}'`);
    return cache;
  }

  caches(): Iterable<ResourceCache> {
    return this.#reflector.caches();
  }

  /** Resolves when the caches know every write that was acknowledged; undefined: they do. */
  fresh(): Promise<void> | undefined {
    return this.atLeast(this.#store.revision());
  }

  /** Resolves when the caches have come to this revision; undefined: they have. */
  atLeast(revision: Revision): Promise<void> | undefined {
    return this.#reflector.atLeast(revision);
  }

  /** One page of keys at an older revision. */
  async rangeAt(
    folder: string,
    options: { readonly start: string; readonly limit: number; readonly revision: Revision },
  ): Promise<{
    readonly entries: readonly StoredEntry[];
    readonly more: boolean;
    readonly count: number;
  }> {
    const { decoder } = this.#reflector;
    try {
      const { kvs, more, count } = await this.#store.range({
        key: options.start,
        rangeEnd: prefixEnd(folder),
        limit: options.limit,
        revision: options.revision,
      });
      return { entries: kvs.map((kv) => ({ key: kv.key, object: decoder.decode(kv) })), more, count };
    } catch (error) {
      throw statusOfStoreError(error);
    }
  }

  /** @returns the object as stored, null when the key is taken */
  async create(key: string, object: KubeObject): Promise<KubeObject | null> {
    const draft = draftOf(key, object);
    const done = await this.#write("create", key, 0, draft);
    return done.succeeded ? finished(draft, done.revision) : null;
  }

  /**
   * Replaces what `change` makes of the object, as often as others come between.
   *
   * @param change null: delete it. The same, or an equal object: nothing is written.
   * @returns as stored, or as it was last when it was deleted
   * @throws {StatusError} what `change` throws; `absent()` when there is no such object
   */
  async update(
    prefix: string,
    key: string,
    change: (current: KubeObject) => KubeObject | null | Promise<KubeObject | null>,
    absent: () => StatusError,
  ): Promise<KubeObject> {
    await this.fresh();
    let current = this.cache(prefix).get(key) ?? null;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (current === null) throw absent();
      const changing = change(current);
      const next = changing instanceof Promise ? await changing : changing;
      if (next === current || (next !== null && jsonEquals(next, unversioned(current, next)))) return current;
      const done = next === null ? await this.#delete(key, current) : await this.#replace(key, next, current);
      if (done.object !== null) return done.object;
      current = done.current;
    }
    throw new StatusError("Conflict", `Cannot write '${key}': it changes too often`);
  }

  async #replace(key: string, next: KubeObject, current: KubeObject) {
    const draft = draftOf(key, next);
    const done = await this.#write("update", key, revisionOf(current), draft);
    return done.succeeded
      ? { object: finished(draft, done.revision), current: null }
      : { object: null, current: done.current };
  }

  async #delete(key: string, current: KubeObject) {
    const done = await this.#write("delete", key, revisionOf(current), null);
    return done.succeeded
      ? { object: atRevision(current, done.revision), current: null }
      : { object: null, current: done.current };
  }

  /**
   * One transaction, and how long it took.
   *
   * @param modRevision of the key's last change, 0: there is none; otherwise nothing is written
   * @param draft null: the key is deleted
   */
  async #write(operation: StoreOperation, key: string, modRevision: Revision, draft: Draft | null) {
    const { timers, onWrite } = this.#options;
    const { decoder } = this.#reflector;
    const startMs = timers.milliseconds();
    if (draft !== null) decoder.remember(draft);
    try {
      const { succeeded, revision, results } = await this.#store.txn({
        compare: [{ key, target: "modRevision", op: "=", than: modRevision }],
        success: [draft === null ? { op: "delete", key } : { op: "put", key, value: draft.bytes }],
        failure: [{ op: "range", key }],
      });
      const [result] = results;
      const kv = !succeeded && result?.op === "range" ? result.kvs[0] : undefined;
      return { succeeded, revision, current: kv === undefined ? null : decoder.decode(kv) };
    } catch (error) {
      throw statusOfStoreError(error);
    } finally {
      if (draft !== null) decoder.forget(draft);
      onWrite(operation, this.#reflector.prefixOf(key) ?? key, (timers.milliseconds() - startMs) / 1000);
    }
  }

  /** Forgets, once in a while, what was older than that while ago. */
  #compactLater(revision: Revision): void {
    const { timers, compactionMs } = this.#options;
    this.#cancelCompaction = timers.after(compactionMs, () => {
      const next = this.#reflector.revision;
      // Another server may have been quicker, or the store may be away: the next round will do.
      const compacting =
        revision > 0 ? this.#store.compact(revision).catch(() => undefined) : Promise.resolve();
      void compacting.then(() => {
        if (!this.#isClosed) this.#compactLater(next);
      });
    });
  }
}

/** `current` with the resourceVersion that `next` has or lacks, which is no change. */
function unversioned(current: KubeObject, next: KubeObject): KubeObject {
  const { resourceVersion } = next.metadata;
  if (resourceVersion === current.metadata.resourceVersion) return current;
  return { ...current, metadata: { ...current.metadata, resourceVersion } as KubeObject["metadata"] };
}

function statusOfStoreError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  switch (error.code) {
    case "Compacted":
      return new StatusError(
        "Expired",
        "The provided resource version is too old; list again without one to see the current state.",
      );
    case "FutureRevision":
      return new StatusError("Timeout", `Too large resource version: ${error.message}`, {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      });
    case "TooLarge":
      return new StatusError("RequestEntityTooLarge", `etcdserver: ${error.message}`);
    case "Closed":
    case "Unavailable":
    case "NoSpace":
    case "Unwritable":
      return new StatusError("ServiceUnavailable", `Cannot reach the store: ${error.message}`, {
        retryAfterSeconds: 1,
      });
    default:
      return new StatusError("InternalError", `Cannot use the store: ${error.message}`);
  }
}
