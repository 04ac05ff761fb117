// Watches: the state as ADDED events or the changes since a revision, then every change that the selection sees.
// An object that begins to match is ADDED, one that no longer does is DELETED, whatever happened to it in truth.
// Events are made once for all watchers of a version, so that what is written to the wire can be shared too.
import { toVersion } from "../object-codec.js";
import { apiVersionOf } from "../../../api/kinds/kinds.js";
import type { KubeObject } from "../../../api/meta.js";
import { StatusError } from "../../../api/status.js";
import type { Counter } from "../../../base/metrics/counter.js";
import type { Gauge } from "../../../base/metrics/gauge.js";
import { scopeOf as scopeLabel } from "../metrics/api-metrics.js";
import type { Cancel } from "../../../base/timers.js";
import type { ApiResponse, ApiWatchEvent, ApiWatchSink } from "../../protocol/api-request.js";
import { isTrue } from "../request-info.js";
import { atRevision } from "../storage/object-value.js";
import type { CacheEvent, CacheWatcher, WatchScope } from "../storage/resource-cache.js";
import { badRequest } from "./api-failures.js";
import type { BookmarkListener } from "./bookmark-clock.js";
import { checkWatchOptions } from "./list-options.js";
import { type Selection, scopeOf, selectedEntries, selectionOf } from "./list-selection.js";
import type { ResourceCall } from "./resource-call.js";
import { revisionAsked } from "./resource-version.js";

/** A watch without a timeout lasts this long, and up to twice as long, so that not all begin anew at once. */
const DEFAULT_TIMEOUT_MS = 1_800_000;
const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

export async function watchObjects(call: ResourceCall): Promise<ApiResponse> {
  const { query } = call.request;
  checkWatchOptions(call);
  const selection = selectionOf(call);
  const plan: WatchPlan = {
    since: revisionAsked(query.get("resourceVersion")),
    wantsBookmarks: isTrueParameter(query, "allowWatchBookmarks"),
    wantsInitialEvents: initialEventsAsked(query),
    timeoutMs: timeoutAsked(call),
  };
  const waiting = call.registry.objects.fresh();
  if (waiting !== undefined) await waiting;
  return {
    kind: "watch",
    contentType: "application/json",
    start: (sink) => new WatchStream(call, selection, plan, sink).start(),
  };
}

interface WatchPlan {
  /** null or 0: from the current state on. */
  readonly since: number | null;
  readonly wantsBookmarks: boolean;
  /** null: not said. */
  readonly wantsInitialEvents: boolean | null;
  readonly timeoutMs: number;
}

function isTrueParameter(query: URLSearchParams, name: string): boolean {
  return query.has(name) && isTrue(query.get(name));
}

function initialEventsAsked(query: URLSearchParams): boolean | null {
  if (!query.has("sendInitialEvents")) return null;
  return isTrueParameter(query, "sendInitialEvents");
}

function timeoutAsked(call: ResourceCall): number {
  const seconds = Number(call.request.query.get("timeoutSeconds") ?? 0);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw badRequest("timeoutSeconds must be a number of seconds");
  return seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT_MS * (1 + call.registry.prng.unit());
}

class WatchStream implements CacheWatcher, BookmarkListener {
  readonly scope: WatchScope;
  readonly #call: ResourceCall;
  readonly #selection: Selection;
  readonly #plan: WatchPlan;
  readonly #sink: ApiWatchSink;
  readonly #sent: Counter;
  readonly #open: Gauge;
  #isOver = false;
  #cancelTimeout: Cancel = () => undefined;
  readonly #onAbort = () => this.#end();

  constructor(call: ResourceCall, selection: Selection, plan: WatchPlan, sink: ApiWatchSink) {
    this.#call = call;
    this.#selection = selection;
    this.#plan = plan;
    this.#sink = sink;
    this.scope = scopeOf(call, selection);
    const { group, plural } = call.kind;
    const { metrics } = call.registry;
    this.#sent = metrics.counter("apiserver_watch_events_total").with(group, call.version, plural);
    this.#open = metrics
      .gauge("apiserver_longrunning_requests")
      .with("WATCH", group, call.version, plural, "", scopeLabel(call.info), "apiserver");
  }

  start(): void {
    const { request, registry, prefix } = this.#call;
    if (request.signal.aborted || !this.#sendPast()) {
      this.#sink.end();
      return;
    }
    request.signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#cancelTimeout = registry.timers.after(this.#plan.timeoutMs, () => this.#end());
    if (this.#plan.wantsBookmarks) registry.bookmarks.add(this);
    registry.objects.cache(prefix).watch(this);
    this.#open.add(1);
  }

  event(event: CacheEvent): void {
    const { test, namespace } = this.#selection;
    if (namespace !== "" && event.object.metadata.namespace !== namespace) return;
    const versions = versionedEvents(this.#call, event);
    const did = event.previous !== null && (test === null || test(event.previous));
    const does = !event.isDeleted && (test === null || test(event.object));
    if (does) this.#send(did ? versions.modified() : versions.added());
    else if (did) this.#send(versions.deleted());
  }

  #send(event: ApiWatchEvent): void {
    this.#sent.add();
    this.#sink.event(event);
  }

  lost(): void {
    this.#stop();
    this.#sink.end();
  }

  bookmark(): void {
    const { kind, version, registry } = this.#call;
    this.#sink.event(
      registry.bookmarks.eventOf(apiVersionOf(kind.group, version), kind.kind, registry.objects.revision),
    );
  }

  /** False: the past is no longer known, which the client has been told. */
  #sendPast(): boolean {
    const { since, wantsInitialEvents } = this.#plan;
    const { registry, prefix } = this.#call;
    if (since === null || since === 0 || wantsInitialEvents === true) {
      if (wantsInitialEvents !== false) this.#sendState();
      return true;
    }
    const past = registry.objects.cache(prefix).since(since);
    if (past === null) {
      this.#sink.event({ type: "ERROR", object: expired(since, registry.objects.revision) });
      return false;
    }
    for (const event of past) this.event(event);
    return true;
  }

  #sendState(): void {
    const { registry, kind, version } = this.#call;
    for (const { object } of [...selectedEntries(this.#call, this.#selection)])
      this.#send({ type: "ADDED", object: toVersion(object, kind, version) });
    if (this.#plan.wantsInitialEvents !== true || !this.#plan.wantsBookmarks) return;
    const { object } = registry.bookmarks.eventOf(
      apiVersionOf(kind.group, version),
      kind.kind,
      registry.objects.revision,
    );
    this.#sink.event({
      type: "BOOKMARK",
      object: { ...object, metadata: { ...object.metadata, annotations: INITIAL_EVENTS_END } },
    });
  }

  #end(): void {
    if (this.#isOver) return;
    this.#stop();
    this.#call.registry.objects.cache(this.#call.prefix).unwatch(this);
    this.#sink.end();
  }

  #stop(): void {
    this.#isOver = true;
    this.#open.add(-1);
    this.#cancelTimeout();
    this.#call.registry.bookmarks.delete(this);
    this.#call.request.signal.removeEventListener("abort", this.#onAbort);
  }
}

/** The sink's type says object; a Status is one. */
function expired(since: number, current: number): KubeObject {
  const { status } = new StatusError("Expired", `too old resource version: ${since} (${current})`);
  return status as unknown as KubeObject;
}

/** The three ways in which watchers may see one change, made when first asked for. */
class VersionedEvents {
  readonly #call: ResourceCall;
  readonly #event: CacheEvent;
  #added: ApiWatchEvent | null = null;
  #modified: ApiWatchEvent | null = null;
  #deleted: ApiWatchEvent | null = null;

  constructor(call: ResourceCall, event: CacheEvent) {
    this.#call = call;
    this.#event = event;
  }

  added(): ApiWatchEvent {
    this.#added ??= { type: "ADDED", object: this.#versioned(this.#event.object) };
    return this.#added;
  }

  modified(): ApiWatchEvent {
    this.#modified ??= { type: "MODIFIED", object: this.#versioned(this.#event.object) };
    return this.#modified;
  }

  /** Of an object that no longer matches: as it was when it did, at the revision of the change. */
  deleted(): ApiWatchEvent {
    const { isDeleted, object, previous, revision } = this.#event;
    this.#deleted ??= {
      type: "DELETED",
      object: this.#versioned(isDeleted || previous === null ? object : atRevision(previous, revision)),
    };
    return this.#deleted;
  }

  #versioned(object: KubeObject): KubeObject {
    const { kind, version } = this.#call;
    return toVersion(object, kind, version);
  }
}

/** By change, then by the version that is watched; they live as long as the change is remembered. */
const EVENTS = new WeakMap<CacheEvent, Map<string, VersionedEvents>>();

function versionedEvents(call: ResourceCall, event: CacheEvent): VersionedEvents {
  let versions = EVENTS.get(event);
  if (versions === undefined) {
    versions = new Map();
    EVENTS.set(event, versions);
  }
  const name = `${call.kind.group}/${call.version}`;
  let events = versions.get(name);
  if (events === undefined) {
    events = new VersionedEvents(call, event);
    versions.set(name, events);
  }
  return events;
}
