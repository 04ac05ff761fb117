// Keeps a copy of a resource's objects in step with the server: list, then watch from there; after an end, watch on from
// the last version seen; after the version has expired (410), list again.
// Bookmarks move the version on while nothing happens, so that a watch is rarely resumed from an expired one.
// Cost: one list at the start and after each 410; else one event a change.
// Source: client-go tools/cache/reflector.go.
import type { KubeObject } from "../../api/meta.js";
import { isStatus, type Status, StatusError } from "../../api/status.js";
import type { Prng } from "../../base/prng.js";
import type { Cancel, Timers } from "../../base/timers.js";
import { type ApiWatchEvent, isStatusObject } from "../protocol/api-request.js";
import { Backoff } from "./backoff.js";
import type { ResourceClient } from "./client.js";

/** What the reflector keeps in step. */
export interface ReflectorSink<Kind> {
  /** All objects as they are now; whatever else it holds is gone. */
  replace(objects: readonly Kind[]): void;
  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: Kind): void;
}

export interface ReflectorOptions<Kind extends KubeObject> {
  readonly client: ResourceClient<Kind>;
  readonly sink: ReflectorSink<Kind>;
  readonly timers: Timers;
  readonly prng: Prng;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Told of failures; the reflector goes on by itself. */
  readonly onError?: (error: Error) => void;
}

const BACKOFF = { firstMs: 800, maxMs: 30_000, jitter: 1, resetAfterMs: 120_000 };
const PAGE_OBJECTS = 500;
/** Watches end after 5 to 10 minutes, not all at once. */
const WATCH_SECONDS_MIN = 300;
/** A watch that ends sooner without an event has failed, whatever it says. */
const SHORT_WATCH_MS = 1000;

export class Reflector<Kind extends KubeObject> {
  readonly #options: ReflectorOptions<Kind>;
  readonly #backoff: Backoff;
  #cancel: Cancel | null = null;
  #isStopped = false;
  /** Of the newest event or list that the sink has seen. */
  #resourceVersion = "";
  /** Whether the next list must not come from a cache: the version we know is not known there. */
  #needsNewest = false;

  constructor(options: ReflectorOptions<Kind>) {
    this.#options = options;
    this.#backoff = new Backoff(BACKOFF, options.timers, options.prng);
  }

  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  start(): void {
    void this.#listThenWatch();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  async #listThenWatch(): Promise<void> {
    try {
      await this.#list();
    } catch (error) {
      if (this.#isStopped) return;
      if (isExpired(error)) this.#needsNewest = true;
      this.#failed(error);
      this.#later(this.#backoff.nextMs(), () => void this.#listThenWatch());
      return;
    }
    if (!this.#isStopped) this.#watch();
  }

  async #list(): Promise<void> {
    const { client, sink } = this.#options;
    const version = this.#resourceVersion === "" ? "0" : this.#resourceVersion;
    const start = this.#needsNewest ? {} : { resourceVersion: version };
    let page = await client.list({ ...this.#selectors(), ...start, limit: PAGE_OBJECTS });
    const { resourceVersion } = page.metadata;
    const objects = [page.items];
    while (page.metadata.continue) {
      const next = page.metadata.continue;
      page = await client.list({ ...this.#selectors(), limit: PAGE_OBJECTS, continue: next });
      objects.push(page.items);
    }
    if (this.#isStopped) return;
    sink.replace(objects.flat());
    this.#resourceVersion = resourceVersion;
    this.#needsNewest = false;
  }

  #watch(): void {
    const { client, timers, prng } = this.#options;
    const startMs = timers.milliseconds();
    let isProductive = false;
    let failure: Status | null = null;
    this.#cancel = client.watch(
      {
        ...this.#selectors(),
        resourceVersion: this.#resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds: WATCH_SECONDS_MIN + prng.below(WATCH_SECONDS_MIN),
      },
      {
        event: (event) => {
          failure = this.#event(event) ?? failure;
          isProductive = isProductive || failure === null;
        },
        end: (error) => {
          this.#cancel = null;
          if (this.#isStopped) return;
          const isShort = !isProductive && timers.milliseconds() - startMs < SHORT_WATCH_MS;
          this.#ended(failure === null ? error : StatusError.of(failure), isShort);
        },
      },
    );
  }

  /** @returns the Status of an ERROR event */
  #event(event: ApiWatchEvent<Kind>): Status | null {
    const { object, type } = event;
    if (type === "ERROR")
      return isStatusObject(object) ? object : new StatusError("InternalError", "").status;
    if (type !== "BOOKMARK") this.#options.sink.apply(type, object);
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    return null;
  }

  #ended(error: Error | null, isShort: boolean): void {
    if (error !== null && isExpired(error)) {
      this.#needsNewest = true;
      void this.#listThenWatch();
      return;
    }
    if (error !== null) this.#failed(error);
    if (error !== null || isShort) this.#later(this.#backoff.nextMs(), () => this.#watch());
    else this.#watch();
  }

  #later(ms: number, run: () => void): void {
    this.#cancel = this.#options.timers.after(ms, () => {
      this.#cancel = null;
      run();
    });
  }

  #failed(error: unknown): void {
    this.#options.onError?.(error instanceof Error ? error : new Error(String(error)));
  }

  #selectors(): { labelSelector?: string; fieldSelector?: string } {
    const { labelSelector, fieldSelector } = this.#options;
    return {
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }
}

/** The version is compacted, or (after the server lost its data) still to come. */
function isExpired(error: unknown): boolean {
  if (isStatus(error, "Expired") || isStatus(error, "Gone")) return true;
  if (!(error instanceof StatusError)) return false;
  const causes = error.status.details?.causes ?? [];
  return causes.some((cause) => cause.reason === "ResourceVersionTooLarge");
}
