// All watches of one client on one stream. A stream that breaks is opened again after a while, and every watch goes on
// from the revision after the last one it delivered, so that its listener sees each change once.
import type { Client, ClientDuplexStream } from "@grpc/grpc-js";
import type { Cancel, Timers } from "../../../base/timers.js";
import {
  type Revision,
  StoreError,
  type StoreWatch,
  type WatchListener,
  type WatchOptions,
} from "../store.js";
import { eventOf, keyBytes, rangeEndField } from "./etcd-convert.js";
import { type Sent, toNumber, type WatchRequestMessage, type WatchResponseMessage } from "./etcd-messages.js";
import { WATCH } from "./etcd-methods.js";

interface Watch {
  readonly id: number;
  readonly options: WatchOptions;
  readonly listener: WatchListener;
  /** Everything below was delivered. 0: not known yet, it starts with the server's newest. */
  next: Revision;
}

type Stream = ClientDuplexStream<Sent<WatchRequestMessage>, WatchResponseMessage>;

const RECONNECT_MS = 250;

export class EtcdWatches {
  readonly #client: Client;
  readonly #timers: Timers;
  readonly #sawRevision: (revision: Revision) => void;
  readonly #watches = new Map<number, Watch>();
  #stream: Stream | null = null;
  #cancelReconnect: Cancel | null = null;
  #lastId = 0;
  #closed = false;

  constructor(client: Client, timers: Timers, sawRevision: (revision: Revision) => void) {
    this.#client = client;
    this.#timers = timers;
    this.#sawRevision = sawRevision;
  }

  start(options: WatchOptions, listener: WatchListener): StoreWatch {
    const watch: Watch = { id: ++this.#lastId, options, listener, next: options.startRevision };
    this.#watches.set(watch.id, watch);
    if (this.#stream !== null) this.#create(this.#stream, watch);
    else if (this.#cancelReconnect === null) this.#connect();
    return {
      cancel: () => {
        if (this.#watches.delete(watch.id)) this.#stream?.write({ cancel: { watchId: watch.id } });
      },
      delivered: () => Math.max(0, watch.next - 1),
    };
  }

  close(): void {
    this.#closed = true;
    this.#cancelReconnect?.();
    this.#stream?.cancel();
    this.#stream = null;
    for (const watch of [...this.#watches.values()]) this.#end(watch, new StoreError("Closed"));
  }

  #connect(): void {
    const { path, encodeRequest, decodeResponse } = WATCH.watch;
    const stream: Stream = this.#client.makeBidiStreamRequest(path, encodeRequest, decodeResponse);
    this.#stream = stream;
    stream.on("data", (response: WatchResponseMessage) => this.#receive(response));
    stream.on("error", () => this.#broken(stream));
    stream.on("end", () => this.#broken(stream));
    for (const watch of this.#watches.values()) this.#create(stream, watch);
  }

  #create(stream: Stream, { id, options, next }: Watch): void {
    const { key, rangeEnd, prevKv } = options;
    const range = { key: keyBytes(key), ...rangeEndField(rangeEnd) };
    const create = { ...range, startRevision: next, prevKv, watchId: id };
    stream.write({ create: { ...create, progressNotify: true } });
  }

  #receive(response: WatchResponseMessage): void {
    const revision = response.header === null ? 0 : toNumber(response.header.revision);
    this.#sawRevision(revision);
    const watch = this.#watches.get(toNumber(response.watchId));
    if (watch === undefined) return;
    if (response.canceled) {
      this.#end(watch, reasonOf(response));
      return;
    }
    if (response.created) {
      // From now on "now" is this revision: a stream that breaks before the first event must not lose any.
      if (watch.next === 0) watch.next = revision + 1;
      return;
    }
    // Sent again after a reconnect to a server that overlaps.
    const events = response.events.map(eventOf).filter((event) => event.kv.modRevision >= watch.next);
    const told =
      response.events.length === 0 ? revision : toNumber(response.events.at(-1)?.kv?.modRevision ?? 0);
    watch.next = Math.max(watch.next, told + 1);
    if (events.length > 0) watch.listener.onEvents(events, told);
  }

  #broken(stream: Stream): void {
    if (this.#closed || this.#stream !== stream) return;
    this.#stream = null;
    if (this.#watches.size === 0) return;
    this.#cancelReconnect = this.#timers.after(RECONNECT_MS, () => {
      this.#cancelReconnect = null;
      if (this.#watches.size > 0) this.#connect();
    });
  }

  #end(watch: Watch, error: StoreError): void {
    if (this.#watches.delete(watch.id)) watch.listener.onEnd(error);
  }
}

function reasonOf(response: WatchResponseMessage): StoreError {
  const compactRevision = toNumber(response.compactRevision);
  if (compactRevision > 0) return new StoreError("Compacted", { compactRevision });
  return new StoreError("Unavailable", { detail: response.cancelReason || "the server ended the watch" });
}
