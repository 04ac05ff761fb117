// Pods that wait for an event: turned down by plugins, or kept out ("gated") by a PreEnqueue plugin.
// They are indexed by the plugins that can let them go, so that an event visits only Pods whose plugins asked for it:
// 10,000 gated Pods cost nothing while other Pods come and go. A gated Pod stands under its gating plugin alone, a
// turned-down one under each plugin that turned it down and, because it may not wait forever, in a heap by age.
// Cost: add, delete O(log n + plugins); an event O(Pods visited).
import { assert } from "../../base/assert.js";
import { type QueuedPod, isTurnedDown, isTurnedDownBy } from "../framework/queued-pod.js";
import { Heap } from "./heap.js";

/** How often Pods that have waited too long are let go: at whole multiples. */
const SWEEP_INTERVAL_MS = 30_000;

export class UnschedulablePods {
  readonly #maxStayMs: number;
  readonly #byKey = new Map<string, QueuedPod>();
  readonly #byPlugin = new Map<string, Set<QueuedPod>>();
  /** Those not gated, longest waiting first. */
  readonly #byAge = new Heap<QueuedPod>((a, b) => a.timestampMs < b.timestampMs);

  constructor(maxStayMs: number) {
    this.#maxStayMs = maxStayMs;
  }

  get gatedCount(): number {
    return this.#byKey.size - this.#byAge.size;
  }

  get unschedulableCount(): number {
    return this.#byAge.size;
  }

  get(key: string): QueuedPod | undefined {
    return this.#byKey.get(key);
  }

  /** While the Pod is in here, its plugins must not change: the index hangs on them. */
  add(queued: QueuedPod): void {
    const { key } = queued.pod;
    assert(!this.#byKey.has(key), `'${key}' is already unschedulable`);
    assert(isTurnedDown(queued), `no plugin has turned down '${key}'`);
    this.#byKey.set(key, queued);
    for (const plugin of pluginsInCharge(queued)) this.#of(plugin).add(queued);
    if (queued.gatingPlugin === "") this.#byAge.add(key, queued);
  }

  delete(key: string): QueuedPod | undefined {
    const queued = this.#byKey.get(key);
    if (queued === undefined) return undefined;
    this.#byKey.delete(key);
    for (const plugin of pluginsInCharge(queued)) this.#of(plugin).delete(queued);
    this.#byAge.delete(key);
    return queued;
  }

  /** All of them, gated or not, in no order. */
  items(): IterableIterator<QueuedPod> {
    return this.#byKey.values();
  }

  /** All that are not gated, in no order. */
  turnedDown(): IterableIterator<QueuedPod> {
    return this.#byAge.items();
  }

  /** Pods that any of these plugins can let go, each once. */
  *waitingFor(plugins: readonly { readonly plugin: string }[]): IterableIterator<QueuedPod> {
    for (let index = 0; index < plugins.length; index++) {
      const { plugin } = plugins[index] as { readonly plugin: string };
      for (const queued of this.#byPlugin.get(plugin) ?? []) {
        if (!isVisited(queued, plugins, index)) yield queued;
      }
    }
  }

  /** A Pod that at the last sweep had waited too long. */
  overdue(nowMs: number): QueuedPod | undefined {
    const sweepMs = Math.floor(nowMs / SWEEP_INTERVAL_MS) * SWEEP_INTERVAL_MS;
    const oldest = this.#byAge.peek();
    return oldest !== undefined && sweepMs - oldest.timestampMs > this.#maxStayMs ? oldest : undefined;
  }

  /** The first sweep that lets a Pod go; Infinity when none waits. */
  get nextSweepMs(): number {
    const oldest = this.#byAge.peek();
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    const intervals = Math.floor((oldest.timestampMs + this.#maxStayMs) / SWEEP_INTERVAL_MS);
    return (intervals + 1) * SWEEP_INTERVAL_MS;
  }

  #of(plugin: string): Set<QueuedPod> {
    let pods = this.#byPlugin.get(plugin);
    if (pods === undefined) {
      pods = new Set();
      this.#byPlugin.set(plugin, pods);
    }
    return pods;
  }
}

/** Whether a plugin before `end` has led to this Pod already. */
function isVisited(queued: QueuedPod, plugins: readonly { readonly plugin: string }[], end: number): boolean {
  if (queued.gatingPlugin !== "") return false;
  for (let index = 0; index < end; index++) {
    if (isTurnedDownBy(queued, (plugins[index] as { readonly plugin: string }).plugin)) return true;
  }
  return false;
}

function pluginsInCharge(queued: QueuedPod): Iterable<string> {
  if (queued.gatingPlugin !== "") return [queued.gatingPlugin];
  if (queued.pendingPlugins.size === 0) return queued.unschedulablePlugins;
  return new Set([...queued.unschedulablePlugins, ...queued.pendingPlugins]);
}
