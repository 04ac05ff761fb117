// A binary heap whose items are also found by key, so that an item may change its order or leave from the middle.
// Why not a sorted list: Pods enter and leave by the thousand per second in no order. Why a number of arrival: wall
// clocks here tick in milliseconds, so many Pods are equal under `less`, and equals must leave first in, first out.
// Cost: add, update, delete, pop O(log n); get, peek O(1).
import { assert } from "../../base/assert.js";

interface Entry<T> {
  readonly key: string;
  readonly item: T;
  /** Number of arrival. */
  readonly arrival: number;
  /** Where it stands; invariant: entries[index] === this. */
  index: number;
}

export class Heap<T> {
  readonly #less: (a: T, b: T) => boolean;
  readonly #entries: Entry<T>[] = [];
  readonly #byKey = new Map<string, Entry<T>>();
  #arrivals = 0;

  constructor(less: (a: T, b: T) => boolean) {
    this.#less = less;
  }

  get size(): number {
    return this.#entries.length;
  }

  get(key: string): T | undefined {
    return this.#byKey.get(key)?.item;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** The key must be new. */
  add(key: string, item: T): void {
    const entry = { key, item, arrival: this.#arrivals++, index: this.#entries.length };
    this.#byKey.set(key, entry);
    this.#entries.push(entry);
    assert(this.#byKey.size === this.#entries.length, `heap already holds '${key}'`);
    this.#rise(entry);
  }

  /** To be called when what `less` compares has changed in the item under this key. */
  update(key: string): void {
    const entry = this.#byKey.get(key);
    if (entry !== undefined) this.#place(entry);
  }

  delete(key: string): T | undefined {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return undefined;
    this.#remove(entry);
    return entry.item;
  }

  peek(): T | undefined {
    return this.#entries[0]?.item;
  }

  pop(): T | undefined {
    const first = this.#entries[0];
    if (first === undefined) return undefined;
    this.#remove(first);
    return first.item;
  }

  /** In no order. */
  *items(): IterableIterator<T> {
    for (const { item } of this.#entries) yield item;
  }

  #remove(entry: Entry<T>): void {
    this.#byKey.delete(entry.key);
    const last = this.#entries.pop() as Entry<T>;
    if (last === entry) return;
    last.index = entry.index;
    this.#place(last);
  }

  /** Lets the entry find its place, from its index up, else down. */
  #place(entry: Entry<T>): void {
    if (!this.#rise(entry)) this.#sink(entry);
  }

  #rise(entry: Entry<T>): boolean {
    const entries = this.#entries;
    let index = entry.index;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = entries[above] as Entry<T>;
      if (!this.#before(entry, parent)) break;
      this.#put(parent, index);
      index = above;
    }
    const hasRisen = index !== entry.index;
    this.#put(entry, index);
    return hasRisen;
  }

  /**
   * All the way down along the lesser children, then up to its place: what sinks comes from the bottom and mostly
   * belongs there, so this compares once a level instead of twice.
   */
  #sink(entry: Entry<T>): void {
    const entries = this.#entries;
    let index = entry.index;
    for (let below = 2 * index + 1; below < entries.length; below = 2 * index + 1) {
      const right = below + 1;
      if (right < entries.length && this.#before(entries[right] as Entry<T>, entries[below] as Entry<T>))
        below = right;
      this.#put(entries[below] as Entry<T>, index);
      index = below;
    }
    this.#put(entry, index);
    this.#rise(entry);
  }

  #put(entry: Entry<T>, index: number): void {
    this.#entries[index] = entry;
    entry.index = index;
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    if (this.#less(a.item, b.item)) return true;
    return a.arrival < b.arrival && !this.#less(b.item, a.item);
  }
}
