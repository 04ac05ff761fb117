// The caches of all resources, kept as the store is by one watch of everything below it. When the store ends the watch,
// what is cached may be old: all is read again, and readers wait until it is.
// Source: apiserver pkg/storage/cacher (cacher.go, reflector); here one reflector feeds all caches, so that they stand at
// one revision.
import type { KubeObject } from "../../../api/meta.js";
import type { Timers } from "../../../base/timers.js";
import { prefixEnd, type Revision, type Store, type StoreEvent, type StoreWatch } from "../../store/store.js";
import { ObjectDecoder } from "./object-decoder.js";
import { atRevision } from "./object-value.js";
import { ResourceCache } from "./resource-cache.js";
import type { StoredEntry } from "./sorted-objects.js";
import { prefixOfKey, REGISTRY } from "./storage-key.js";

/** Keys read at once while a cache is filled. */
const LOAD_PAGE = 10_000;
const RELOAD_DELAY_MS = 1000;

interface Waiter {
  readonly revision: Revision;
  readonly resume: () => void;
}

export class CacheReflector {
  readonly decoder = new ObjectDecoder((key) => this.#cached(key));
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #caches = new Map<string, ResourceCache>();
  #watch: StoreWatch | null = null;
  #revision: Revision = 0;
  #waiters: Waiter[] = [];
  #isClosed = false;
  #isLoaded = false;

  private constructor(store: Store, timers: Timers, prefixes: ReadonlySet<string>) {
    this.#store = store;
    this.#timers = timers;
    const pods = `${REGISTRY}pods/`;
    for (const prefix of prefixes)
      this.#caches.set(prefix, new ResourceCache(prefix, { isFoundByNode: prefix === pods }));
  }

  /** @param prefixes of all resources that will be asked for */
  static async open(store: Store, timers: Timers, prefixes: ReadonlySet<string>): Promise<CacheReflector> {
    const reflector = new CacheReflector(store, timers, prefixes);
    await reflector.#load();
    return reflector;
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.cancel();
    for (const cache of this.#caches.values()) cache.load([], 0);
    for (const { resume } of this.#waiters.splice(0)) resume();
  }

  /** Everything up to this revision is in the caches and was told to the watchers. */
  get revision(): Revision {
    return this.#revision;
  }

  /** False while all is read again. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  cache(prefix: string): ResourceCache | undefined {
    return this.#caches.get(prefix);
  }

  caches(): Iterable<ResourceCache> {
    return this.#caches.values();
  }

  /** Null for a key that belongs to no resource. */
  prefixOf(key: string): string | null {
    return prefixOfKey(key, (candidate) => this.#caches.has(candidate));
  }

  /** Resolves when the caches have come to this revision; undefined: they have. */
  atLeast(revision: Revision): Promise<void> | undefined {
    if (this.#revision >= revision && this.#isLoaded) return undefined;
    return new Promise((resume) => this.#waiters.push({ revision, resume }));
  }

  #cached(key: string): KubeObject | undefined {
    const prefix = this.prefixOf(key);
    return prefix === null ? undefined : this.#caches.get(prefix)?.get(key);
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
      { onEvents: (events, newest) => this.#onEvents(events, newest), onEnd: () => this.#onEnd() },
    );
    this.#resume();
  }

  async #entriesAt(prefix: string, revision: Revision): Promise<readonly StoredEntry[]> {
    const entries: StoredEntry[] = [];
    let start = prefix;
    for (;;) {
      const page = await this.#store.range({
        key: start,
        rangeEnd: prefixEnd(prefix),
        limit: LOAD_PAGE,
        ...(revision === 0 ? {} : { revision }),
      });
      for (const kv of page.kvs) {
        const object = this.decoder.decodeIfObject(kv);
        if (object !== null) entries.push({ key: kv.key, object });
      }
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
    const prefix = this.prefixOf(kv.key);
    if (prefix === null) return;
    const cache = this.#caches.get(prefix) as ResourceCache;
    const previous = cache.get(kv.key) ?? null;
    const { key, modRevision: revision } = kv;
    const object = type === "put" ? this.decoder.decodeIfObject(kv) : null;
    if (object !== null) cache.apply({ revision, key, object, isDeleted: false, previous });
    else if (previous !== null)
      cache.apply({ revision, key, object: atRevision(previous, revision), isDeleted: true, previous });
  }

  #onEnd(): void {
    if (this.#isClosed) return;
    this.#isLoaded = false;
    const retry = () => {
      if (!this.#isClosed) this.#load().catch(() => this.#timers.after(RELOAD_DELAY_MS, retry));
    };
    retry();
  }

  #resume(): void {
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((waiter) => waiter.revision <= this.#revision);
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#revision);
    for (const { resume } of ready) resume();
  }
}
