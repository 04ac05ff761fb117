// One etcd watch stream on a store: any number of watches, told apart by their id.
//
// Nothing is kept for a client that reads slowly. When its stream is full, the watches on it are paused: the store is
// not asked further, and when the stream has drained they go on from the revision they had come to. A client that
// compaction overtakes meanwhile is told so, as one that starts at a compacted revision is.
// Source: etcd server/etcdserver/api/v3rpc/watch.go.
import type { Cancel, Timers } from "../../../base/timers.js";
import type { Revision, Store, StoreError, StoreEvent, StoreWatch, WatchOptions } from "../store.js";
import { eventMessage, headerOf, keyText, rangeEndOf } from "./etcd-convert.js";
import { REQUEST_STATUSES, statusOf } from "./etcd-errors.js";
import {
  type Sent,
  toNumber,
  type WatchCreateMessage,
  type WatchRequestMessage,
  type WatchResponseMessage,
} from "./etcd-messages.js";

interface WatchCall {
  on(event: "data", listen: (request: WatchRequestMessage) => void): unknown;
  on(event: "end" | "cancelled" | "drain" | "error", listen: () => void): unknown;
  write(response: Sent<WatchResponseMessage>): boolean;
  end(): void;
}

interface ServedWatch {
  readonly id: number;
  readonly options: WatchOptions;
  /** Types of events that are left out. */
  readonly without: ReadonlySet<StoreEvent["type"]>;
  readonly progressNotify: boolean;
  /** Everything below was sent. */
  next: Revision;
  /** Null while paused. */
  running: StoreWatch | null;
  sentSinceProgress: boolean;
}

/** By number of the filter. */
const FILTERED: readonly StoreEvent["type"][] = ["put", "delete"];
/** etcd's interval of progress notifications. */
const PROGRESS_MS = 10 * 60 * 1000;
/** How often a progress request looks whether all watches have caught up. */
const PROGRESS_RETRY_MS = 20;
/** A message of events ends after the revision that passes this. */
const MESSAGE_BYTES = 1024 * 1024;
/** The id of an answer to a progress request, which concerns all watches of the stream. */
const ALL_WATCHES = -1;

export function serveWatch(store: Store, timers: Timers, call: WatchCall): void {
  const stream = new WatchStream(store, timers, call);
  call.on("data", (request) => stream.receive(request));
  call.on("drain", () => stream.resume());
  call.on("cancelled", () => stream.close());
  call.on("error", () => stream.close());
  call.on("end", () => {
    stream.close();
    call.end();
  });
}

class WatchStream {
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #call: WatchCall;
  readonly #watches = new Map<number, ServedWatch>();
  #lastId = 0;
  #full = false;
  #closed = false;
  #cancelProgress: Cancel | null = null;
  #cancelRetry: Cancel | null = null;

  constructor(store: Store, timers: Timers, call: WatchCall) {
    this.#store = store;
    this.#timers = timers;
    this.#call = call;
  }

  receive({ create, cancel, progress }: WatchRequestMessage): void {
    if (create !== null) this.#create(create);
    else if (cancel !== null) this.#cancel(toNumber(cancel.watchId));
    else if (progress !== null) this.#answerProgress();
  }

  resume(): void {
    this.#full = false;
    for (const watch of this.#watches.values()) if (watch.running === null) this.#start(watch);
  }

  close(): void {
    this.#closed = true;
    this.#cancelProgress?.();
    this.#cancelRetry?.();
    for (const watch of this.#watches.values()) watch.running?.cancel();
    this.#watches.clear();
  }

  #create(request: WatchCreateMessage): void {
    const revision = this.#store.revision();
    const asked = toNumber(request.watchId);
    const id = asked === 0 ? this.#freeId() : asked;
    if (request.key.length === 0 || this.#watches.has(id)) {
      const cancelReason =
        request.key.length === 0 ? REQUEST_STATUSES.emptyKey.details : "mvcc: duplicate watch ID";
      this.#send({
        watchId: request.key.length === 0 ? id : -1,
        created: true,
        canceled: true,
        cancelReason,
      });
      return;
    }
    const startRevision = Math.max(0, toNumber(request.startRevision)) || revision + 1;
    const watch: ServedWatch = {
      id,
      options: {
        key: keyText(request.key),
        ...rangeEndOf(request.rangeEnd),
        prevKv: request.prevKv,
        startRevision,
      },
      without: new Set(request.filters.map((each) => FILTERED[each]).filter((type) => type !== undefined)),
      progressNotify: request.progressNotify,
      next: startRevision,
      running: null,
      sentSinceProgress: false,
    };
    this.#watches.set(id, watch);
    this.#send({ watchId: id, created: true });
    if (!this.#full) this.#start(watch);
    if (watch.progressNotify) this.#scheduleProgress();
  }

  #start(watch: ServedWatch): void {
    watch.running = this.#store.watch(
      { ...watch.options, startRevision: watch.next },
      {
        onEvents: (events, revision) => this.#tell(watch, events, revision),
        onEnd: (error) => this.#ended(watch, error),
      },
    );
  }

  #tell(watch: ServedWatch, events: readonly StoreEvent[], revision: Revision): void {
    const told = watch.without.size === 0 ? events : events.filter((each) => !watch.without.has(each.type));
    for (const part of partsOf(told)) {
      // Filled by the part before: the rest is told from the next revision on.
      if (this.#full) return;
      watch.sentSinceProgress = true;
      watch.next = (part.at(-1)?.kv.modRevision ?? revision) + 1;
      this.#send({ watchId: watch.id, events: part.map(eventMessage) });
    }
    if (!this.#full) watch.next = revision + 1;
  }

  #ended(watch: ServedWatch, error: StoreError | null): void {
    this.#watches.delete(watch.id);
    const compactRevision = error?.compactRevision ?? 0;
    const cancelReason = error === null ? "" : statusOf(error).details;
    this.#send({ watchId: watch.id, canceled: true, compactRevision, cancelReason });
  }

  #cancel(id: number): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    watch.running?.cancel();
    this.#watches.delete(id);
    this.#send({ watchId: id, canceled: true });
  }

  /** True of every watch at once, so it waits for those that are still catching up. */
  #answerProgress(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    const revision = this.#store.revision();
    const behind = [...this.#watches.values()].some((watch) => !isCaughtUp(watch, revision));
    if (!behind) this.#send({ watchId: ALL_WATCHES });
    else this.#cancelRetry = this.#timers.after(PROGRESS_RETRY_MS, () => this.#answerProgress());
  }

  #scheduleProgress(): void {
    if (this.#cancelProgress !== null || this.#closed) return;
    this.#cancelProgress = this.#timers.after(PROGRESS_MS, () => {
      this.#cancelProgress = null;
      const revision = this.#store.revision();
      for (const watch of this.#watches.values()) {
        if (watch.progressNotify && !watch.sentSinceProgress && isCaughtUp(watch, revision))
          this.#send({ watchId: watch.id });
        watch.sentSinceProgress = false;
      }
      this.#scheduleProgress();
    });
  }

  #send(response: Sent<WatchResponseMessage>): void {
    if (this.#closed) return;
    const accepted = this.#call.write({ header: headerOf(this.#store.revision()), ...response });
    if (!accepted && !this.#full) this.#pause();
  }

  #pause(): void {
    this.#full = true;
    for (const watch of this.#watches.values()) {
      watch.running?.cancel();
      watch.running = null;
    }
  }

  #freeId(): number {
    do this.#lastId++;
    while (this.#watches.has(this.#lastId));
    return this.#lastId;
  }
}

function isCaughtUp({ running }: ServedWatch, revision: Revision): boolean {
  return running !== null && running.delivered() >= revision;
}

/** Whole revisions, in messages that any client takes: gRPC's own limit is 4 MB. */
function partsOf(events: readonly StoreEvent[]): StoreEvent[][] {
  const parts: StoreEvent[][] = [];
  let part: StoreEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    if (bytes > MESSAGE_BYTES && event.kv.modRevision !== part.at(-1)?.kv.modRevision) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += event.kv.key.length + event.kv.value.length + (event.prevKv?.value.length ?? 0);
  }
  return part.length === 0 ? parts : [...parts, part];
}
