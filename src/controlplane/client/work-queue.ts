// Keys to work on. Fair: in the order they came. Stingy: a key that is added many times before it is worked on is worked
// on once. A key is in one worker's hands at a time; added meanwhile, it comes again afterwards.
// Failures wait longer and longer: 5 ms, doubling, to 1000 s.
// Cost: O(1) an operation; one timer for each delayed key.
// Source: client-go util/workqueue (queue.go, delaying_queue.go, default_rate_limiters.go); its overall limit of 10
// retries a second is left out: it guards a remote server.
import { assert } from "../../base/assert.js";
import type { Cancel, Timers } from "../../base/timers.js";
import type { MetricSink } from "./metric-sink.js";

export interface WorkQueueOptions {
  /** Label `name` of the metrics. */
  readonly name: string;
  readonly timers: Timers;
  readonly retryFirstMs?: number;
  readonly retryMaxMs?: number;
  readonly metrics?: MetricSink;
}

const RETRY_FIRST_MS = 5;
const RETRY_MAX_MS = 1_000_000;

interface Delayed {
  readonly atMs: number;
  readonly cancel: Cancel;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Waiting keys from #head on; invariant: all of them are in #dirty. */
  #queue: string[] = [];
  #head = 0;
  /** Keys that must be worked on, and when they were added. */
  readonly #dirty = new Map<string, number>();
  /** Keys in workers' hands, and since when. */
  readonly #processing = new Map<string, number>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  #takers: ((key: string | null) => void)[] = [];
  #onDrained: (() => void)[] = [];
  #isShutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Waiting, not counting delayed ones. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** Neither waiting nor delayed nor in anyone's hands. */
  get isIdle(): boolean {
    return this.#dirty.size === 0 && this.#processing.size === 0 && this.#delayed.size === 0;
  }

  add(key: string): void {
    if (this.#isShutDown || this.#dirty.has(key)) return;
    this.#dirty.set(key, this.#nowMs());
    this.#count("workqueue_adds_total");
    if (!this.#processing.has(key)) this.#enqueue(key);
  }

  /** Adds it `ms` from now, or sooner when it has been asked for sooner. */
  addAfter(key: string, ms: number): void {
    if (this.#isShutDown) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const atMs = this.#nowMs() + ms;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.atMs <= atMs) return;
    earlier?.cancel();
    const cancel = this.#options.timers.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, cancel });
  }

  /** Adds it after its backoff, which doubles each time until `forget`. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#count("workqueue_retries_total");
    const { retryFirstMs = RETRY_FIRST_MS, retryMaxMs = RETRY_MAX_MS } = this.#options;
    this.addAfter(key, Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(failures, 60)));
  }

  /** It succeeded, or is given up: the next failure starts with the shortest wait. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Failures since `forget`. */
  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, when there is one; null after shutdown. The taker calls `done`. */
  take(): Promise<string | null> {
    if (this.length > 0) return Promise.resolve(this.#next());
    if (this.#isShutDown) return Promise.resolve(null);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    const startMs = this.#processing.get(key);
    assert(startMs !== undefined, `key ${key} is not in work`);
    this.#processing.delete(key);
    this.#observe("workqueue_work_duration_seconds", (this.#nowMs() - startMs) / 1000);
    if (this.#dirty.has(key)) this.#enqueue(key);
    this.#checkDrained();
  }

  /** Nothing more is taken in; what waits is still handed out, then takers get null. */
  shutDown(): void {
    this.#isShutDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    const takers = this.#takers;
    this.#takers = [];
    for (const taker of takers) taker(null);
    this.#checkDrained();
  }

  /** Resolves after shutdown, when all that waited has been worked on. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained.push(resolve);
      this.#checkDrained();
    });
  }

  #enqueue(key: string): void {
    this.#queue.push(key);
    const taker = this.#takers.shift();
    if (taker !== undefined) taker(this.#next());
    else this.#options.metrics?.set("workqueue_depth", this.#labels(), this.length);
  }

  #next(): string {
    const key = this.#queue[this.#head++] as string;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    const nowMs = this.#nowMs();
    this.#observe("workqueue_queue_duration_seconds", (nowMs - (this.#dirty.get(key) ?? nowMs)) / 1000);
    this.#options.metrics?.set("workqueue_depth", this.#labels(), this.length);
    this.#dirty.delete(key);
    this.#processing.set(key, nowMs);
    return key;
  }

  #checkDrained(): void {
    if (!this.#isShutDown || this.#processing.size > 0 || this.length > 0) return;
    const waiting = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of waiting) resolve();
  }

  #nowMs(): number {
    return this.#options.timers.milliseconds();
  }

  #labels(): Readonly<Record<string, string>> {
    return { name: this.#options.name };
  }

  #count(metric: string): void {
    this.#options.metrics?.add(metric, this.#labels(), 1);
  }

  #observe(metric: string, value: number): void {
    this.#options.metrics?.observe(metric, this.#labels(), value);
  }
}
