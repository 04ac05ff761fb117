// Pods that wait in Permit: they have a node and everything reserved there, and go on to PreBind when every plugin that
// said Wait has let them go. Each plugin has its own deadline; the first word that ends a wait stands.
//
//   add ──► pending plugins ── allow (the last one) ────────────► decided: null
//                 │   │ reject, a deadline ─────────────────────► decided: Unschedulable   takeDecided
//                 │   └ preempt ────────────────────────────────► decided: Error
//                 └── allow (others are left): waits on
//
// Plugins decide in the middle of somebody else's attempt, so here is only written down what they say: the owner takes
// it when that is over. Time is handed in: the owner calls expire when nextDeadlineMs says so.
// Cost: all O(1), but the deadlines O(waiting Pods x plugins) once a wait has changed.
// Source: kube-scheduler framework/runtime/waiting_pods_map.go.
import type { PodInfo } from "./cache/pod-info.js";
import { writeGoDuration } from "./config/go-duration.js";
import type { WaitingPod, WaitingPods } from "./framework/handle.js";
import { failure, type Status, unschedulable } from "./framework/status.js";

/** Plugin -> how long it may keep the Pod, ms; in the order in which plugins ran. */
export type PermitTimeouts = ReadonlyMap<string, number>;

/** The node that a Pod waits for, and since when. */
interface WaitBegun {
  readonly pod: PodInfo;
  readonly nodeName: string;
  /** Wall clock. */
  readonly sinceMs: number;
}

export class PermitWait implements WaitingPod {
  readonly pod: PodInfo;
  readonly nodeName: string;
  readonly sinceMs: number;
  readonly #pending: Map<string, number>;
  readonly #onChange: (wait: PermitWait) => void;
  /** undefined: undecided; null: allowed. */
  #verdict: Status | null | undefined;

  /** @param onChange told when a deadline is gone: a plugin has let the Pod go, or the wait is over */
  constructor(
    { pod, nodeName, sinceMs }: WaitBegun,
    timeouts: PermitTimeouts,
    onChange: (wait: PermitWait) => void,
  ) {
    this.pod = pod;
    this.nodeName = nodeName;
    this.sinceMs = sinceMs;
    this.#pending = new Map(timeouts);
    this.#onChange = onChange;
  }

  get isDecided(): boolean {
    return this.#verdict !== undefined;
  }

  /** null: allowed. Only once decided. */
  get verdict(): Status | null {
    return this.#verdict ?? null;
  }

  /** The first of its deadlines; infinite once decided. */
  get deadlineMs(): number {
    return this.isDecided ? Number.POSITIVE_INFINITY : this.sinceMs + this.#shortestMs();
  }

  pendingPlugins(): readonly string[] {
    return [...this.#pending.keys()];
  }

  allow(plugin: string): void {
    if (this.isDecided || !this.#pending.delete(plugin)) return;
    if (this.#pending.size === 0) this.#decide(null);
    else this.#onChange(this);
  }

  reject(plugin: string, message: string): boolean {
    return this.#decide(unschedulable(plugin, message));
  }

  preempt(plugin: string, message: string): boolean {
    return this.#decide(failure(plugin, `waiting on permit for pod: ${message}`));
  }

  /** The plugin whose deadline it is rejects; of several the one that runs first. */
  expire(): void {
    const timeoutMs = this.#shortestMs();
    const plugin = this.pendingPlugins().find((each) => this.#pending.get(each) === timeoutMs);
    if (plugin === undefined) return;
    const waited = writeGoDuration(timeoutMs * 1e6);
    this.reject(plugin, `rejected due to timeout after waiting ${waited} at plugin ${plugin}`);
  }

  #shortestMs(): number {
    return Math.min(...this.#pending.values());
  }

  #decide(verdict: Status | null): boolean {
    if (this.isDecided) return false;
    this.#verdict = verdict;
    this.#onChange(this);
    return true;
  }
}

export class WaitingPodsMap implements WaitingPods {
  readonly #byUid = new Map<string, PermitWait>();
  /** In the order in which they were decided. */
  readonly #decided: PermitWait[] = [];
  /** Of all waits; null when it must be worked out anew. */
  #deadlineMs: number | null = null;

  get size(): number {
    return this.#byUid.size;
  }

  /** Whether takeDecided has something to give. */
  get hasDecided(): boolean {
    return this.#decided.length > 0;
  }

  /** A Pod that is decided but not taken is still here. */
  get(uid: string): PermitWait | undefined {
    return this.#byUid.get(uid);
  }

  [Symbol.iterator](): IterableIterator<PermitWait> {
    return this.#byUid.values();
  }

  /** @param timeouts at least one */
  add(begun: WaitBegun, timeouts: PermitTimeouts): void {
    const wait = new PermitWait(begun, timeouts, (changed) => {
      this.#deadlineMs = null;
      if (changed.isDecided) this.#decided.push(changed);
    });
    this.#byUid.set(begun.pod.uid, wait);
    this.#deadlineMs = null;
  }

  reject(uid: string): boolean {
    return this.#byUid.get(uid)?.reject("", "removed") ?? false;
  }

  /** Ends the waits whose time is up, the earliest first. */
  expire(nowMs: number): void {
    if (this.nextDeadlineMs() > nowMs) return;
    const overdue = [...this.#byUid.values()].filter(({ deadlineMs }) => deadlineMs <= nowMs);
    overdue.sort((a, b) => a.deadlineMs - b.deadlineMs);
    for (const wait of overdue) wait.expire();
  }

  /** When expire must next be called; infinite when nothing waits. */
  nextDeadlineMs(): number {
    if (this.#byUid.size === 0) return Number.POSITIVE_INFINITY;
    if (this.#deadlineMs === null) {
      this.#deadlineMs = Number.POSITIVE_INFINITY;
      for (const { deadlineMs } of this.#byUid.values())
        this.#deadlineMs = Math.min(this.#deadlineMs, deadlineMs);
    }
    return this.#deadlineMs;
  }

  /** The Pod that was decided first waits no longer; undefined when none is decided. */
  takeDecided(): PermitWait | undefined {
    const wait = this.#decided.shift();
    if (wait !== undefined) this.#byUid.delete(wait.pod.uid);
    return wait;
  }
}
