// What is to happen when, for all nodes and Pods together: a binary heap and one timer, armed for the earliest entry.
// Why: thousands of nodes with a timer each cost more than what they do; an entry here is one small object.
// Cost: O(log n) to add or cancel, one timer whatever n. Entries of one moment run in the order they were added.
import type { Cancel, Timers } from "../../base/timers.js";

/** A place in the heap; hand it back to cancel it. */
export interface DueEntry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  /** Where in the heap; -1: not in it any more. */
  index: number;
}

export class DueTimes {
  readonly #timers: Timers;
  readonly #heap: DueEntry[] = [];
  #order = 0;
  #armedAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: Cancel | null = null;
  #isRunning = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Entries that wait. */
  get count(): number {
    return this.#heap.length;
  }

  /** Monotonic, ms. */
  now(): number {
    return this.#timers.milliseconds();
  }

  after(ms: number, run: () => void): DueEntry {
    return this.at(this.now() + Math.max(0, ms), run);
  }

  /** @param atMs of the monotonic clock; a moment that has passed counts as now */
  at(atMs: number, run: () => void): DueEntry {
    const entry: DueEntry = { atMs, order: this.#order++, run, index: this.#heap.length };
    this.#heap.push(entry);
    this.#up(entry.index);
    this.#arm();
    return entry;
  }

  /** Harmless for what has run or is null. */
  cancel(entry: DueEntry | null): void {
    if (entry === null || entry.index < 0) return;
    this.#remove(entry.index);
  }

  /** A promise for a moment `ms` from now; resolved already when ms is 0. */
  wait(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Nothing runs any more. */
  stop(): void {
    for (const entry of this.#heap) entry.index = -1;
    this.#heap.length = 0;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#armedAtMs = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (this.#isRunning || first === undefined || first.atMs >= this.#armedAtMs) return;
    this.#cancelTimer?.();
    this.#armedAtMs = first.atMs;
    this.#cancelTimer = this.#timers.after(Math.max(0, first.atMs - this.now()), () => this.#runDue());
  }

  #runDue(): void {
    this.#armedAtMs = Number.POSITIVE_INFINITY;
    this.#cancelTimer = null;
    this.#isRunning = true;
    try {
      // A timer may fire a fraction of a millisecond early: what is due within it is due.
      const untilMs = this.now() + 0.5;
      for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
        this.#remove(0);
        first.run();
      }
    } finally {
      this.#isRunning = false;
      this.#arm();
    }
  }

  #remove(index: number): void {
    const heap = this.#heap;
    const removed = heap[index] as DueEntry;
    const last = heap.pop() as DueEntry;
    removed.index = -1;
    if (last === removed) return;
    heap[index] = last;
    last.index = index;
    this.#down(index);
    this.#up(last.index);
  }

  #up(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] as DueEntry;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as DueEntry;
      if (!isBefore(entry, parent)) break;
      heap[index] = parent;
      parent.index = index;
      index = parentIndex;
    }
    heap[index] = entry;
    entry.index = index;
  }

  #down(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] as DueEntry;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && isBefore(right, heap[childIndex] as DueEntry)) childIndex++;
      const child = heap[childIndex] as DueEntry;
      if (!isBefore(child, entry)) break;
      heap[index] = child;
      child.index = index;
      index = childIndex;
    }
    heap[index] = entry;
    entry.index = index;
  }
}

function isBefore(a: DueEntry, b: DueEntry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
