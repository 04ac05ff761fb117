// Objects over the store: reads from caches that one watch of the store keeps, writes as transactions that compare the
// revision they were based on.
// A read sees every write that was acknowledged before it: it waits until the caches have come to the store's revision,
// which they mostly have.
import { isStatus, StatusError } from "../../../api/status.js";
import type { KubeObject } from "../../../api/meta.js";
import type { Cancel, Timers } from "../../../base/timers.js";
import {
  type KeyValue,
  prefixEnd,
  type Revision,
  type Store,
  StoreError,
  type StoreEvent,
  type StoreWatch,
} from "../../store/store.js";
import {
  atRevision,
  type Draft,
  draftOf,
  finished,
  isDraftOf,
  parsedValue,
  revisionOf,
} from "./object-value.js";
import { ResourceCache } from "./resource-cache.js";
import { jsonEquals } from "../../../api/patch/json-tree.js";
import { prefixOfKey, REGISTRY } from "./storage-key.js";

/** Keys read at once while a cache is filled. */
const LOAD_PAGE = 10_000;
const RELOAD_DELAY_MS = 1000;
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

interface Waiter {
  readonly revision: Revision;
  readonly resume: () => void;
}

export class ObjectStore {
  readonly #store: Store;
  readonly #options: ObjectStoreOptions;
  readonly #caches = new Map<string, ResourceCache>();
  readonly #drafts = new Map<string, Draft[]>();
  #watch: StoreWatch | null = null;
  #revision: Revision = 0;
  #waiters: Waiter[] = [];
  #cancelCompaction: Cancel = () => undefined;
  #isClosed = false;
  #isLoaded = false;

  private constructor(store: Store, options: ObjectStoreOptions) {
    this.#store = store;
    this.#options = options;
    const pods = `${REGISTRY}pods/`;
    for (const prefix of options.prefixes)
      this.#caches.set(prefix, new ResourceCache(prefix, { isFoundByNode: prefix === pods }));
  }

  static async open(store: Store, options: ObjectStoreOptions): Promise<ObjectStore> {
    const objects = new ObjectStore(store, options);
    await objects.#load();
    objects.#compactLater(objects.#revision);
    return objects;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelCompaction();
    this.#watch?.cancel();
    for (const cache of this.#caches.values()) cache.load([], 0);
    this.#resumeAll();
  }

  /** Everything up to this revision is in the caches and was told to the watchers. */
  get revision(): Revision {
    return this.#revision;
  }

  /** Of the last write that the store acknowledged. */
  get storeRevision(): Revision {
    return this.#store.revision();
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  cache(prefix: string): ResourceCache {
    const cache = this.#caches.get(prefix);
    if (cache === undefined) throw new StatusError("NotFound", `No resource is stored below '${prefix}'`);
    return cache;
  }

  caches(): Iterable<ResourceCache> {
    return this.#caches.values();
  }

  /** Resolves when the caches know every write that was acknowledged. */
  fresh(): Promise<void> | undefined {
    return this.atLeast(this.#store.revision());
  }

  atLeast(revision: Revision): Promise<void> | undefined {
    if (this.#revision >= revision && this.#isLoaded) return undefined;
    return new Promise((resume) => this.#waiters.push({ revision, resume }));
  }

  /** One page of keys at an older revision. */
  async rangeAt(
    folder: string,
    options: { readonly start: string; readonly limit: number; readonly revision: Revision },
  ): Promise<{
    readonly entries: readonly { key: string; object: KubeObject }[];
    readonly more: boolean;
    readonly count: number;
  }> {
    try {
      const { kvs, more, count } = await this.#store.range({
        key: options.start,
        rangeEnd: prefixEnd(folder),
        limit: options.limit,
        revision: options.revision,
      });
      return { entries: kvs.map((kv) => ({ key: kv.key, object: this.#decoded(kv) })), more, count };
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
    const startMs = timers.milliseconds();
    if (draft !== null) this.#remember(draft);
    try {
      const { succeeded, revision, results } = await this.#store.txn({
        compare: [{ key, target: "modRevision", op: "=", than: modRevision }],
        success: [draft === null ? { op: "delete", key } : { op: "put", key, value: draft.bytes }],
        failure: [{ op: "range", key }],
      });
      const [result] = results;
      const kv = !succeeded && result?.op === "range" ? result.kvs[0] : undefined;
      return { succeeded, revision, current: kv === undefined ? null : this.#decoded(kv) };
    } catch (error) {
      throw statusOfStoreError(error);
    } finally {
      if (draft !== null) this.#forget(draft);
      onWrite(operation, this.#prefixOf(key) ?? key, (timers.milliseconds() - startMs) / 1000);
    }
  }

  #prefixOf(key: string): string | null {
    return prefixOfKey(key, (candidate) => this.#caches.has(candidate));
  }

  /** Forgets, once in a while, what was older than that while ago. */
  #compactLater(revision: Revision): void {
    const { timers, compactionMs } = this.#options;
    this.#cancelCompaction = timers.after(compactionMs, () => {
      const next = this.#revision;
      // Another server may have been quicker, or the store may be away: the next round will do.
      const compacting =
        revision > 0 ? this.#store.compact(revision).catch(() => undefined) : Promise.resolve();
      void compacting.then(() => {
        if (!this.#isClosed) this.#compactLater(next);
      });
    });
  }

  #remember(draft: Draft): void {
    const drafts = this.#drafts.get(draft.key);
    if (drafts === undefined) this.#drafts.set(draft.key, [draft]);
    else drafts.push(draft);
  }

  #forget(draft: Draft): void {
    const drafts = this.#drafts.get(draft.key);
    if (drafts === undefined) return;
    if (drafts.length === 1) this.#drafts.delete(draft.key);
    else drafts.splice(drafts.indexOf(draft), 1);
  }

  /** The object of a key's revision: the one that the caches or a writer have, so that it is parsed once at most. */
  #decoded(kv: KeyValue): KubeObject {
    const prefix = this.#prefixOf(kv.key);
    const cached = prefix === null ? undefined : this.#caches.get(prefix)?.get(kv.key);
    if (cached !== undefined && revisionOf(cached) === kv.modRevision) return cached;
    const draft = this.#drafts.get(kv.key)?.find((each) => isDraftOf(each, kv));
    return draft === undefined ? parsedValue(kv) : finished(draft, kv.modRevision);
  }

  async #load(): Promise<void> {
    const revision = this.#store.revision();
    for (const cache of this.#caches.values())
      cache.load(await this.#entriesAt(cache.prefix, revision), revision);
    if (this.#isClosed) return;
    this.#revision = revision;
    this.#isLoaded = true;
    this.#watch = this.#store.watch(
      // Every key, not just the registry's: a change elsewhere moves the store's revision on, which reads wait for.
      { key: "\0", rangeEnd: "\0", startRevision: revision + 1, prevKv: false },
      {
        onEvents: (events, newest) => this.#onEvents(events, newest),
        onEnd: (error) => this.#onEnd(error),
      },
    );
    this.#resume();
  }

  async #entriesAt(prefix: string, revision: Revision) {
    const entries: { key: string; object: KubeObject }[] = [];
    let start = prefix;
    for (;;) {
      const page = await this.#store.range({
        key: start,
        rangeEnd: prefixEnd(prefix),
        limit: LOAD_PAGE,
        ...(revision === 0 ? {} : { revision }),
      });
      for (const kv of page.kvs) entries.push({ key: kv.key, object: parsedValue(kv) });
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) return entries;
      start = `${last.key}\0`;
    }
  }

  #onEvents(events: readonly StoreEvent[], newest: Revision): void {
    for (const event of events) this.#onEvent(event);
    this.#revision = newest;
    this.#resume();
  }

  #onEvent({ type, kv }: StoreEvent): void {
    const prefix = this.#prefixOf(kv.key);
    if (prefix === null) return;
    const cache = this.#caches.get(prefix) as ResourceCache;
    const previous = cache.get(kv.key) ?? null;
    const { key, modRevision: revision } = kv;
    if (type === "put") {
      const object = this.#readable(kv);
      if (object !== null) cache.apply({ revision, key, object, isDeleted: false, previous });
    } else if (previous !== null)
      cache.apply({ revision, key, object: atRevision(previous, revision), isDeleted: true, previous });
  }

  /** Null for a value that somebody else put there and that is no object: it does not exist for this server. */
  #readable(kv: KeyValue): KubeObject | null {
    try {
      return this.#decoded(kv);
    } catch (error) {
      if (isStatus(error, "InternalError")) return null;
      throw error;
    }
  }

  /** The store ended the watch: what is cached may be old, so everything is read again. */
  #onEnd(_error: StoreError | null): void {
    if (this.#isClosed) return;
    this.#isLoaded = false;
    const retry = () => {
      if (!this.#isClosed) this.#load().catch(() => this.#options.timers.after(RELOAD_DELAY_MS, retry));
    };
    retry();
  }

  #resume(): void {
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((waiter) => waiter.revision <= this.#revision);
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#revision);
    for (const { resume } of ready) resume();
  }

  #resumeAll(): void {
    for (const { resume } of this.#waiters.splice(0)) resume();
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
