// When a proxy syncs, and how much of it: a state machine that is told events and the time, and answers with the sync to
// carry out now and the time to be asked again. It has no clock and touches no kernel.
//
//   waiting for both kinds of objects -> idle -> due (a change, a retry, the hour) -> in flight -> idle
//
// full    at the start, after a failure, after a flush by others, when the node's topology changed, once an hour
// partial otherwise
// Syncs are at least minSyncPeriod apart; a failed one is repeated after syncPeriod, or when something changes.
// Source: kube-proxy pkg/proxy/iptables/proxier.go, pkg/proxy/runner/bounded_frequency_runner.go.
import type { EndpointSlice, Service } from "../api/types.js";
import { assert } from "../base/assert.js";
import type { ProxyConfig } from "./config.js";
import type { ProxyState } from "./service-port.js";
import { ChangeTracker } from "./state/change-tracker.js";
import type { SyncResult } from "./sync-result.js";

/** What a mode writes: the pair of functions that each mode exports. A mode may ignore the options. */
export interface SyncMode {
  syncFull(state: ProxyState, config: ProxyConfig, options: FullOptions): SyncResult;
  syncPartial(
    previous: ProxyState,
    next: ProxyState,
    changedServiceNames: ReadonlySet<string>,
    config: ProxyConfig,
    options: StaleOptions,
  ): SyncResult;
}

interface StaleOptions {
  /** What earlier syncs left behind. */
  readonly staleChains: ReadonlySet<string>;
  /** Whether chains that went out of use are deleted now. */
  readonly deleteStale: boolean;
}

interface FullOptions extends StaleOptions {
  /** The state that is in the kernel; null on a fresh node. */
  readonly previous: ProxyState | null;
}

interface InFlight {
  readonly state: ProxyState;
  readonly result: SyncResult;
  readonly atMs: number;
}

/** Periods in ms. Upstream: 1 s, 30 s, 1 h. */
export interface SyncTiming {
  /** Least time between two syncs; 0 for none. */
  readonly minSyncPeriodMs: number;
  /** Wait after a failure; in large clusters also the least time between two deletions of stale chains. */
  readonly syncPeriodMs: number;
  /** Most time between two full syncs. */
  readonly fullSyncPeriodMs: number;
}

export type SyncEvent =
  | { readonly kind: "upsert" | "remove"; readonly object: Service | EndpointSlice }
  /** The first list of this kind is complete. Nothing is synced before both are. */
  | { readonly kind: "listed"; readonly objects: "Service" | "EndpointSlice" }
  /** The canary chain is gone, or the node's topology labels changed: everything must be written again. */
  | { readonly kind: "full-sync-needed" }
  /** How the sync in flight ended. */
  | { readonly kind: "applied" | "failed" }
  /** Only time has passed. */
  | { readonly kind: "tick" };

export interface SyncStep {
  /** Carry this out, then report "applied" or "failed"; null: nothing to do now. */
  readonly sync: SyncResult | null;
  /** When to step again at the latest, if nothing happens before; null while a sync is in flight or lists are awaited. */
  readonly wakeAtMs: number | null;
}

/** One proxier: one node, one family, one mode. */
export class SyncRunner {
  readonly #mode: SyncMode;
  readonly #config: ProxyConfig;
  readonly #timing: SyncTiming;
  readonly #tracker: ChangeTracker;
  readonly #awaited = new Set<"Service" | "EndpointSlice">(["Service", "EndpointSlice"]);
  #needFullSync = true;
  #requested = true;
  /** What the kernel holds; null before the first success. */
  #applied: ProxyState | null = null;
  #inFlight: InFlight | null = null;
  #staleChains: ReadonlySet<string> = new Set();
  #lastSyncMs: number | null = null;
  #lastFullSyncMs: number | null = null;
  #lastCleanupMs: number | null = null;
  #retryAtMs: number | null = null;

  constructor(mode: SyncMode, config: ProxyConfig, timing: SyncTiming) {
    this.#mode = mode;
    this.#config = config;
    this.#timing = timing;
    this.#tracker = new ChangeTracker(config);
  }

  /** The state that the last successful sync wrote; null before it. */
  get applied(): ProxyState | null {
    return this.#applied;
  }

  /**
   * Take in one event at `nowMs`, a time that never goes back.
   * Cost: that of the event, and of planning a sync when one is due.
   */
  step(event: SyncEvent, nowMs: number): SyncStep {
    this.#take(event, nowMs);
    if (this.#awaited.size > 0 || this.#inFlight !== null) return { sync: null, wakeAtMs: null };
    const dueAtMs = this.#dueAtMs(nowMs);
    if (dueAtMs > nowMs) return { sync: null, wakeAtMs: dueAtMs };
    return { sync: this.#plan(nowMs), wakeAtMs: null };
  }

  #take(event: SyncEvent, nowMs: number): void {
    switch (event.kind) {
      case "upsert":
        if (this.#tracker.upsert(event.object)) this.#requested = true;
        return;
      case "remove":
        if (this.#tracker.remove(event.object)) this.#requested = true;
        return;
      case "listed":
        this.#awaited.delete(event.objects);
        return;
      case "full-sync-needed":
        this.#needFullSync = true;
        this.#requested = true;
        return;
      case "applied":
      case "failed":
        this.#finish(event.kind, nowMs);
        return;
      case "tick":
        return;
    }
  }

  #dueAtMs(nowMs: number): number {
    const { minSyncPeriodMs, fullSyncPeriodMs } = this.#timing;
    const earliest = this.#lastSyncMs === null ? nowMs : this.#lastSyncMs + minSyncPeriodMs;
    if (this.#requested) return earliest;
    const hourly = (this.#lastFullSyncMs ?? nowMs) + fullSyncPeriodMs;
    return Math.max(earliest, Math.min(hourly, this.#retryAtMs ?? hourly));
  }

  #plan(nowMs: number): SyncResult {
    const { changed } = this.#tracker.applyChanges();
    const state = this.#tracker.state();
    const deleteStale = this.#isCleanupDue(state, nowMs);
    const result = this.#write(state, changed, deleteStale, nowMs);
    this.#inFlight = { state, result, atMs: nowMs };
    this.#requested = false;
    this.#retryAtMs = null;
    this.#lastSyncMs = nowMs;
    if (deleteStale) this.#lastCleanupMs = nowMs;
    return result;
  }

  #write(state: ProxyState, changed: ReadonlySet<string>, deleteStale: boolean, nowMs: number): SyncResult {
    const previous = this.#applied;
    const stale = { staleChains: this.#staleChains, deleteStale };
    if (previous === null || this.#isFullDue(nowMs)) {
      this.#needFullSync = false;
      return this.#mode.syncFull(state, this.#config, { previous, ...stale });
    }
    return this.#mode.syncPartial(previous, state, changed, this.#config, stale);
  }

  #isFullDue(nowMs: number): boolean {
    if (this.#needFullSync || this.#lastFullSyncMs === null) return true;
    return nowMs - this.#lastFullSyncMs >= this.#timing.fullSyncPeriodMs;
  }

  /** Large clusters look for stale chains only now and then: listing all chains is slow there. */
  #isCleanupDue(state: ProxyState, nowMs: number): boolean {
    if (state.endpointsTotal <= this.#config.largeClusterEndpoints || this.#lastCleanupMs === null)
      return true;
    return nowMs - this.#lastCleanupMs >= this.#timing.syncPeriodMs;
  }

  /** After a failure the changes are already taken: only a full sync writes them all. */
  #finish(kind: "applied" | "failed", nowMs: number): void {
    assert(this.#inFlight !== null, `'${kind}' reported while no sync is in flight`);
    const { state, result, atMs } = this.#inFlight;
    this.#inFlight = null;
    if (kind === "failed") {
      this.#needFullSync = true;
      this.#retryAtMs = nowMs + this.#timing.syncPeriodMs;
      return;
    }
    this.#applied = state;
    this.#staleChains = new Set(result.staleChains);
    if (result.kind === "full") this.#lastFullSyncMs = atMs;
  }
}
