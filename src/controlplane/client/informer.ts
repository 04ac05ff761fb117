// A shared copy of a resource's objects, and whoever wants to hear of changes.
//
// What handlers may rely on:
// - The store holds the change (and no later one) when a handler is called.
// - All handlers hear of a change, in the order they were added, before any hears of the next one: also when a handler
//   causes the next change.
// - Changes of one object come in the order of its versions. Changes in between may be left out; an object that was
//   deleted and made anew in a gap comes as onDelete of the old (by uid), then onAdd.
// - A handler that is added late hears onAdd for everything that is there, before anything else.
// Handlers are quick, and do not throw: they enqueue keys.
// Source: client-go tools/cache/shared_informer.go, delta_fifo.go.
import type { KubeObject } from "../../api/meta.js";
import type { Prng } from "../../base/prng.js";
import type { Cancel, Timers } from "../../base/timers.js";
import type { ResourceClient } from "./client.js";
import { type IndexFunction, keyOf, type Lister, ObjectStore } from "./object-store.js";
import { Reflector } from "./reflector.js";

export interface InformerHandler<Kind> {
  /** @param isInInitialList it was there before the informer looked */
  onAdd?(object: Kind, isInInitialList: boolean): void;
  /** Also at a resync, with the same object twice. */
  onUpdate?(before: Kind, after: Kind): void;
  /** The last state that was seen, which may not be the last there was. */
  onDelete?(object: Kind): void;
}

export interface InformerOptions<Kind extends KubeObject> {
  readonly client: ResourceClient<Kind>;
  readonly timers: Timers;
  readonly prng: Prng;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly onError?: (error: Error) => void;
}

export class Informer<Kind extends KubeObject> {
  readonly #store = new ObjectStore<Kind>();
  readonly #handlers = new Set<InformerHandler<Kind>>();
  readonly #timers: Timers;
  readonly #reflector: Reflector<Kind>;
  readonly #resyncs = new Set<Cancel>();
  #isStarted = false;
  #isStopped = false;
  #hasSynced = false;
  #onSynced: (() => void)[] = [];
  /** Changes that arrived while handlers were being told of an earlier one. */
  #waiting: (() => void)[] = [];
  #isDelivering = false;

  constructor(options: InformerOptions<Kind>) {
    this.#timers = options.timers;
    this.#reflector = new Reflector<Kind>({
      ...options,
      sink: {
        replace: (objects) => this.#deliver(() => this.#replace(objects)),
        apply: (type, object) => this.#deliver(() => this.#apply(type, object)),
      },
    });
  }

  get lister(): Lister<Kind> {
    return this.#store;
  }

  /** Of the newest state that the store has seen. */
  get resourceVersion(): string {
    return this.#reflector.resourceVersion;
  }

  addIndex(name: string, valuesOf: IndexFunction<Kind>): void {
    this.#store.addIndex(name, valuesOf);
  }

  /**
   * @param resyncMs calls onUpdate for every object that often; absent: never
   * @returns removes it
   */
  addHandler(handler: InformerHandler<Kind>, resyncMs?: number): () => void {
    this.#deliver(() => {
      this.#handlers.add(handler);
      for (const object of this.#store.list()) handler.onAdd?.(object, true);
    });
    const stopResync = resyncMs === undefined ? null : this.#resync(handler, resyncMs);
    return () => {
      this.#handlers.delete(handler);
      stopResync?.();
    };
  }

  /** Whether the store has held everything that was there at the start. */
  hasSynced(): boolean {
    return this.#hasSynced;
  }

  synced(): Promise<void> {
    if (this.#hasSynced) return Promise.resolve();
    return new Promise((resolve) => this.#onSynced.push(resolve));
  }

  /** Starting twice does nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#reflector.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#reflector.stop();
    for (const cancel of this.#resyncs) cancel();
    this.#resyncs.clear();
  }

  #deliver(change: () => void): void {
    this.#waiting.push(change);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
    } finally {
      this.#isDelivering = false;
    }
  }

  #replace(objects: readonly Kind[]): void {
    const isInitial = !this.#hasSynced;
    const keys = new Set(objects.map(keyOf));
    for (const key of [...this.#store.keys()]) if (!keys.has(key)) this.#remove(key, undefined);
    for (const object of objects) this.#put(object, isInitial);
    this.#hasSynced = true;
    const waiting = this.#onSynced;
    this.#onSynced = [];
    for (const resolve of waiting) resolve();
  }

  #apply(type: "ADDED" | "MODIFIED" | "DELETED", object: Kind): void {
    if (type === "DELETED") this.#remove(keyOf(object), object);
    else this.#put(object, false);
  }

  #put(object: Kind, isInInitialList: boolean): void {
    const key = keyOf(object);
    const known = this.#store.get(key);
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) this.#remove(key, undefined);
    const before = this.#store.put(object);
    if (before === undefined) for (const handler of this.#handlers) handler.onAdd?.(object, isInInitialList);
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion)
      for (const handler of this.#handlers) handler.onUpdate?.(before, object);
  }

  /** @param last its last state, where the server said it */
  #remove(key: string, last: Kind | undefined): void {
    const before = this.#store.remove(key);
    if (before === undefined) return;
    for (const handler of this.#handlers) handler.onDelete?.(last ?? before);
  }

  #resync(handler: InformerHandler<Kind>, everyMs: number): Cancel {
    let cancel: Cancel = () => {};
    const stop = (): void => cancel();
    const wait = (): void => {
      cancel = this.#timers.after(everyMs, () => {
        if (this.#isStopped) return;
        this.#deliver(() => {
          for (const object of this.#store.list()) handler.onUpdate?.(object, object);
        });
        wait();
      });
    };
    wait();
    this.#resyncs.add(stop);
    return () => {
      this.#resyncs.delete(stop);
      stop();
    };
  }
}
