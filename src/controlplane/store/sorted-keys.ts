// Keys in bytewise order: a list of sorted chunks, each at most CHUNK_MAX items, found by binary search of their firsts.
// Why not a tree: a chunk is one array, so a range is a loop over neighbours and an insert is one short memmove; there
// are no nodes to balance. Each chunk counts its items that are alive, so a range can be counted by chunks.
// Cost: find O(log n); insert and remove O(log n + CHUNK_MAX + n / CHUNK_MAX); a range of k items O(log n + k).
// Twin: sorted-keys.test.ts keeps one plain sorted array.
import { assert, present } from "../../base/assert.js";

const CHUNK_MAX = 512;

interface Keyed {
  readonly key: string;
  /** Whether the newest state has the key. Changed only through `SortedKeys.setAlive`. */
  alive: boolean;
}

interface Chunk<T> {
  readonly items: T[];
  aliveCount: number;
}

/** All keys from `from` up to, without, `to`; null: to the end. */
export interface KeySpan {
  readonly from: string;
  readonly to: string | null;
}

export class SortedKeys<T extends Keyed> {
  #chunks: Chunk<T>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param item its key is not in the list yet */
  insert(item: T): void {
    this.#size++;
    const last = this.#chunks.at(-1);
    if (last === undefined || present(last.items.at(-1), "last").key < item.key) {
      // Keys that come in order need no search, and fill their chunks.
      if (last === undefined || last.items.length >= CHUNK_MAX)
        this.#chunks.push({ items: [item], aliveCount: item.alive ? 1 : 0 });
      else append(last, item);
      return;
    }
    const chunkIndex = this.#chunkOf(item.key);
    const chunk = this.#chunk(chunkIndex);
    const at = lowerBound(chunk.items, item.key);
    assert(chunk.items[at]?.key !== item.key, `key '${item.key}' is inserted twice`);
    chunk.items.splice(at, 0, item);
    if (item.alive) chunk.aliveCount++;
    if (chunk.items.length > CHUNK_MAX) this.#split(chunkIndex);
  }

  remove(item: T): void {
    const chunkIndex = this.#chunkOf(item.key);
    const chunk = this.#chunk(chunkIndex);
    const at = lowerBound(chunk.items, item.key);
    assert(chunk.items[at] === item, `key '${item.key}' is not in the list`);
    chunk.items.splice(at, 1);
    if (item.alive) chunk.aliveCount--;
    this.#size--;
    if (chunk.items.length === 0) this.#chunks.splice(chunkIndex, 1);
  }

  setAlive(item: T, alive: boolean): void {
    if (item.alive === alive) return;
    item.alive = alive;
    this.#chunk(this.#chunkOf(item.key)).aliveCount += alive ? 1 : -1;
  }

  /** In order, until `visit` returns false. The list must not change meanwhile. */
  walk(span: KeySpan, visit: (item: T) => boolean): void {
    if (this.#chunks.length === 0) return;
    let chunkIndex = this.#chunkOf(span.from);
    let at = lowerBound(this.#chunk(chunkIndex).items, span.from);
    for (; chunkIndex < this.#chunks.length; chunkIndex++, at = 0) {
      const items = this.#chunk(chunkIndex).items;
      for (; at < items.length; at++) {
        const item = items[at] as T;
        if (span.to !== null && item.key >= span.to) return;
        if (!visit(item)) return;
      }
    }
  }

  /** Items alive in the span. Cost: the chunks it covers, not their items. */
  countAlive(span: KeySpan): number {
    if (span.to !== null && span.to <= span.from) return 0;
    return this.#aliveBelow(span.to) - this.#aliveBelow(span.from);
  }

  #aliveBelow(key: string | null): number {
    let count = 0;
    for (const chunk of this.#chunks) {
      const first = present(chunk.items[0], "first of a chunk").key;
      if (key !== null && first >= key) break;
      const last = present(chunk.items.at(-1), "last of a chunk").key;
      if (key === null || last < key) count += chunk.aliveCount;
      else for (let at = lowerBound(chunk.items, key) - 1; at >= 0; at--) if (chunk.items[at]?.alive) count++;
    }
    return count;
  }

  #chunk(index: number): Chunk<T> {
    return present(this.#chunks[index], "chunk");
  }

  /** The last chunk whose first key is not above `key`, else the first. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#chunk(middle).items[0] as T).key <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #split(chunkIndex: number): void {
    const chunk = this.#chunk(chunkIndex);
    const items = chunk.items.splice(chunk.items.length >>> 1);
    const aliveCount = items.reduce((count, item) => count + (item.alive ? 1 : 0), 0);
    chunk.aliveCount -= aliveCount;
    this.#chunks.splice(chunkIndex + 1, 0, { items, aliveCount });
  }
}

function append<T extends Keyed>(chunk: Chunk<T>, item: T): void {
  chunk.items.push(item);
  if (item.alive) chunk.aliveCount++;
}

/** Index of the first item whose key is not below `key`. */
function lowerBound<T extends Keyed>(items: readonly T[], key: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle] as T).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
