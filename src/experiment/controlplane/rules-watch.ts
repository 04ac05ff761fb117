// What the rules of one kube-proxy lead to, looked at whenever it has synced: is this address in place, is that one out?
import type { MeasuredProxy, PlaneOptions } from "../../controlplane/plane-options.js";
import type { Plane } from "../../controlplane/plane.js";
import type { Mode } from "../../netfilter/rule-model.js";
import { Histogram } from "../../measure/histogram.js";
import { timers } from "./bench-plane.js";

/** One address that is awaited: when that began, and whether it is to come or to go. */
interface Awaited {
  readonly sinceMs: number;
  readonly change: "in" | "out";
}

export class RulesWatch {
  /** From the beginning of each wait to the rules that ended it, ns. */
  readonly latency = new Histogram(1000);
  /** The same as kube-proxy itself reports it. */
  reported = new Histogram(1000);
  syncs = new Histogram(1000);
  lastMs = 0;
  readonly #serviceNames: ReadonlySet<string>;
  readonly #waiting = new Map<string, Awaited>();
  #plane: Plane | null = null;
  #isLookDue = false;

  /** @param serviceNames whose endpoints are looked at */
  constructor(serviceNames: Iterable<string>) {
    this.#serviceNames = new Set(serviceNames);
  }

  /** Options of the plane that this watches. */
  options(mode: Mode, node: string, minSyncPeriodMs: number): Partial<PlaneOptions> {
    return {
      proxies: [{ mode, node }],
      proxyTiming: { minSyncPeriodMs, syncPeriodMs: 30_000, fullSyncPeriodMs: 3_600_000 },
      onSync: (_: MeasuredProxy, { tookMs, programmingMs }) => {
        this.syncs.record(tookMs * 1e6);
        for (const ms of programmingMs) this.reported.record(ms * 1e6);
        this.#lookSoon();
      },
    };
  }

  bind(plane: Plane): void {
    this.#plane = plane;
  }

  /** Forgets what was measured before the workload. */
  begin(): void {
    this.reported = new Histogram(1000);
    this.syncs = new Histogram(1000);
  }

  /** Since now. Waiting anew for the same address keeps the first beginning. */
  await(address: string, change: Awaited["change"]): void {
    const before = this.#waiting.get(address);
    if (before?.change === change) return;
    this.#waiting.set(address, { sinceMs: timers.milliseconds(), change });
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Addresses that rules lead to. */
  reachable(): ReadonlySet<string> {
    const found = new Set<string>();
    for (const { port, reachable } of this.#plane?.proxies[0]?.applied?.entries ?? [])
      if (this.#serviceNames.has(port.serviceName)) for (const { ip } of reachable) found.add(ip);
    return found;
  }

  /** The proxy says what is in place once it has been told that it is. */
  #lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    const syncedMs = timers.milliseconds();
    queueMicrotask(() => {
      this.#isLookDue = false;
      this.#look(syncedMs);
    });
  }

  #look(syncedMs: number): void {
    if (this.#waiting.size === 0) return;
    const inPlace = this.reachable();
    for (const [address, { sinceMs, change }] of this.#waiting) {
      if (inPlace.has(address) !== (change === "in")) continue;
      this.#waiting.delete(address);
      this.lastMs = syncedMs;
      this.latency.record(Math.max(0, syncedMs - sinceMs) * 1e6);
    }
  }
}
