// Tells watchers now and then how far they have come, so that they can resume there even when nothing happened to them.
import type { KubeObject } from "../../../api/meta.js";
import type { Cancel, Timers } from "../../../base/timers.js";
import type { ApiWatchEvent } from "../../protocol/api-request.js";
import type { Revision } from "../../store/store.js";

const BOOKMARK_INTERVAL_MS = 60_000;

export interface BookmarkListener {
  bookmark(): void;
}

/** One timer for all, running while anybody listens. */
export class BookmarkClock {
  readonly #timers: Timers;
  readonly #listeners = new Set<BookmarkListener>();
  #cancel: Cancel | null = null;
  /** Bookmarks of one round are equal for all watchers of a kind. */
  #events = new Map<string, ApiWatchEvent>();
  #eventsRevision: Revision = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  add(listener: BookmarkListener): void {
    this.#listeners.add(listener);
    this.#cancel ??= this.#timers.after(BOOKMARK_INTERVAL_MS, () => this.#tick());
  }

  delete(listener: BookmarkListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.close();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  eventOf(apiVersion: string, kind: string, revision: Revision): ApiWatchEvent {
    if (revision !== this.#eventsRevision) {
      this.#events = new Map();
      this.#eventsRevision = revision;
    }
    const name = `${apiVersion}/${kind}`;
    let event = this.#events.get(name);
    if (event === undefined) {
      const metadata = {
        resourceVersion: String(revision),
        creationTimestamp: null,
      } as unknown as KubeObject["metadata"];
      event = { type: "BOOKMARK", object: { kind, apiVersion, metadata } };
      this.#events.set(name, event);
    }
    return event;
  }

  #tick(): void {
    this.#cancel = this.#timers.after(BOOKMARK_INTERVAL_MS, () => this.#tick());
    for (const listener of [...this.#listeners]) listener.bookmark();
  }
}
