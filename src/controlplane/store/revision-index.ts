// All states of all keys between the compaction and the newest revision, and the log of changes that leads through them.
// Each key has its history: its KeyValues in order of revision, a tombstone (version 0) for a deletion. A state at
// revision r is, of every history, the last entry not above r. The log holds the same entries in order of revision: a
// watch from an old revision is a walk of it.
// Cost: put and delete O(log n); get O(1) at the newest; range O(log n + k); compaction O(changes since the last one).
// Source: etcd docs "Data model". Twin: revision-index.test.ts keeps whole copies of every state.
import { assert, present } from "../../base/assert.js";
import { spanOf } from "./key-range.js";
import { SortedKeys } from "./sorted-keys.js";
import type { KeyValue, LeaseId, RangeRequest, RangeResponse, Revision, StoreEvent } from "./store.js";

/** etcd's revision before the first change. */
export const FIRST_REVISION: Revision = 1;
export const NO_LEASE: LeaseId = "0";
const NO_VALUE = new Uint8Array(0);

interface KeyHistory {
  readonly key: string;
  alive: boolean;
  /** Never empty, revisions ascend. */
  readonly entries: KeyValue[];
}

export class RevisionIndex {
  readonly #byKey = new Map<string, KeyHistory>();
  readonly #sorted = new SortedKeys<KeyHistory>();
  /** Changes at the compaction and later, in order. */
  #log: StoreEvent[] = [];
  #newest: Revision = FIRST_REVISION;
  #compacted: Revision = 0;
  #valueBytes = 0;

  /** Of the last change. */
  get newest(): Revision {
    return this.#newest;
  }

  /** The oldest state that can be read; 0: nothing was compacted. */
  get compacted(): Revision {
    return this.#compacted;
  }

  /** Keys and values of all states. */
  get bytes(): number {
    return this.#valueBytes;
  }

  get(key: string): KeyValue | null {
    const last = this.#byKey.get(key)?.entries.at(-1);
    return last !== undefined && last.version > 0 ? last : null;
  }

  /** Change one key at `revision`, which is the newest or the next. */
  put(revision: Revision, key: string, value: Uint8Array, lease: LeaseId): StoreEvent {
    const prev = this.get(key);
    return this.append("put", {
      key,
      value,
      createRevision: prev === null ? revision : prev.createRevision,
      modRevision: revision,
      version: prev === null ? 1 : prev.version + 1,
      lease,
    });
  }

  /** @param key alive */
  delete(revision: Revision, key: string): StoreEvent {
    assert(this.get(key) !== null, `key '${key}' that is deleted does not exist`);
    return this.append("delete", tombstone(key, revision));
  }

  /** Enter a change as it was once made. */
  append(type: StoreEvent["type"], kv: KeyValue): StoreEvent {
    assert(kv.modRevision >= this.#newest, `change at ${kv.modRevision} after ${this.#newest}`);
    let history = this.#byKey.get(kv.key);
    const prevKv = history === undefined ? null : aliveOrNull(history.entries.at(-1));
    if (history === undefined) {
      history = { key: kv.key, alive: type === "put", entries: [kv] };
      this.#byKey.set(kv.key, history);
      this.#sorted.insert(history);
    } else {
      history.entries.push(kv);
      this.#sorted.setAlive(history, type === "put");
    }
    this.#newest = kv.modRevision;
    this.#valueBytes += bytesOf(kv);
    const event = { type, kv, prevKv };
    this.#log.push(event);
    return event;
  }

  /** Take back all changes above `revision`, newest first; returns them in that order. */
  undoTo(revision: Revision): StoreEvent[] {
    const undone: StoreEvent[] = [];
    for (
      let last = this.#log.at(-1);
      last !== undefined && last.kv.modRevision > revision;
      last = this.#log.at(-1)
    ) {
      this.#log.pop();
      const history = present(this.#byKey.get(last.kv.key), "history of an undone change");
      const popped = history.entries.pop();
      assert(popped === last.kv, `last change of '${last.kv.key}' is not the one undone`);
      this.#valueBytes -= bytesOf(last.kv);
      if (history.entries.length === 0) this.#forget(history);
      else this.#sorted.setAlive(history, present(history.entries.at(-1), "last").version > 0);
      undone.push(last);
    }
    this.#newest = revision;
    return undone;
  }

  /** Let revisions pass that changed nothing that is still known. */
  advanceTo(revision: Revision): void {
    this.#newest = Math.max(this.#newest, revision);
  }

  /** @param revision compacted..newest: the state to read */
  range(request: RangeRequest, revision: Revision): Pick<RangeResponse, "kvs" | "count" | "more"> {
    const span = spanOf(request);
    if (span === null) {
      const history = this.#byKey.get(request.key);
      const kv = history === undefined ? null : stateAt(history, revision);
      if (kv === null) return { kvs: [], count: 0, more: false };
      return { kvs: request.countOnly ? [] : [shown(kv, request)], count: 1, more: false };
    }
    const newest = revision >= this.#newest;
    if (newest && request.countOnly) return { kvs: [], count: this.#sorted.countAlive(span), more: false };
    const limit = request.countOnly ? 0 : request.limit || Number.POSITIVE_INFINITY;
    const kvs: KeyValue[] = [];
    let count = 0;
    this.#sorted.walk(span, (history) => {
      const kv = newest ? aliveOrNull(history.entries.at(-1)) : stateAt(history, revision);
      if (kv === null) return true;
      count++;
      if (kvs.length < limit) kvs.push(shown(kv, request));
      // The rest of the newest state is counted by chunks.
      return !(newest && count > limit);
    });
    if (newest && count > limit) count = this.#sorted.countAlive(span);
    return { kvs, count, more: !request.countOnly && count > kvs.length };
  }

  /** Keys alive in the newest state, in order. */
  keys(range: { readonly key: string; readonly rangeEnd?: string }): string[] {
    const span = spanOf(range);
    if (span === null) return this.get(range.key) === null ? [] : [range.key];
    const keys: string[] = [];
    this.#sorted.walk(span, (history) => {
      if (history.alive) keys.push(history.key);
      return true;
    });
    return keys;
  }

  /** Changes from `from` to `to`, both included, at least the first revision whole, then about `max` of them. */
  changes(from: Revision, to: Revision, max: number): readonly StoreEvent[] {
    const start = this.#logIndex(from);
    let end = this.#logIndex(to + 1);
    if (end - start > max)
      end = Math.max(
        this.#logIndex(this.#revisionOf(start + max)),
        this.#logIndex(this.#revisionOf(start) + 1),
      );
    return this.#log.slice(start, end);
  }

  /** Forget the states before `revision`. Returns the entries that no state needs any more. */
  compact(revision: Revision): KeyValue[] {
    assert(revision > this.#compacted, `compaction ${revision} is not above ${this.#compacted}`);
    const dropped: KeyValue[] = [];
    const cut = this.#logIndex(revision);
    // Only keys that changed since the last compaction can have something to forget.
    const touched = new Set<string>();
    for (let index = 0; index < this.#logIndex(revision + 1); index++)
      touched.add((this.#log[index] as StoreEvent).kv.key);
    for (const key of touched) this.#compactKey(key, revision, dropped);
    this.#log = this.#log.slice(cut);
    // What was before the oldest state cannot be read, so no event tells it either.
    const oldest = this.#logIndex(revision + 1);
    for (let index = 0; index < oldest; index++)
      this.#log[index] = { ...(this.#log[index] as StoreEvent), prevKv: null };
    this.#compacted = revision;
    return dropped;
  }

  /** Whether a state that can be read has this very entry. */
  holds(key: string, modRevision: Revision): boolean {
    const history = this.#byKey.get(key);
    return history?.entries.some((each) => each.modRevision === modRevision) ?? false;
  }

  /** A deletion at the compaction itself stays until the next one: a watch from there must tell it. */
  #compactKey(key: string, revision: Revision, dropped: KeyValue[]): void {
    const history = this.#byKey.get(key);
    if (history === undefined) return;
    const { entries } = history;
    let keepFrom = entries.findIndex((each) => each.modRevision > revision);
    if (keepFrom < 0) keepFrom = entries.length;
    const atRevision = entries[keepFrom - 1];
    if (atRevision !== undefined && (atRevision.version > 0 || atRevision.modRevision === revision))
      keepFrom--;
    for (const each of entries.splice(0, keepFrom)) {
      dropped.push(each);
      this.#valueBytes -= bytesOf(each);
    }
    if (entries.length === 0) this.#forget(history);
  }

  #forget(history: KeyHistory): void {
    this.#byKey.delete(history.key);
    this.#sorted.remove(history);
  }

  #revisionOf(logIndex: number): Revision {
    return present(this.#log[logIndex], "change").kv.modRevision;
  }

  /** Of the first change not below `revision`. */
  #logIndex(revision: Revision): number {
    const log = this.#log;
    return firstIndexFromEnd(log.length, (index) => (log[index] as StoreEvent).kv.modRevision >= revision);
  }
}

function tombstone(key: string, revision: Revision): KeyValue {
  return { key, value: NO_VALUE, createRevision: 0, modRevision: revision, version: 0, lease: NO_LEASE };
}

function stateAt(history: KeyHistory, revision: Revision): KeyValue | null {
  const { entries } = history;
  const after = firstIndexFromEnd(
    entries.length,
    (index) => (entries[index] as KeyValue).modRevision > revision,
  );
  return after === 0 ? null : aliveOrNull(entries[after - 1]);
}

/**
 * The first index for which `isAfter` holds, as it does for all that follow; `count`: for none. What is asked for was
 * mostly the newest a moment ago: the search runs from the end, in growing steps. Cost: O(log of the distance).
 */
function firstIndexFromEnd(count: number, isAfter: (index: number) => boolean): number {
  let high = count;
  let low = high - 1;
  for (let step = 1; low >= 0 && isAfter(low); step *= 2) {
    high = low;
    low -= step;
  }
  low = Math.max(low, -1);
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isAfter(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function aliveOrNull(kv: KeyValue | undefined): KeyValue | null {
  return kv !== undefined && kv.version > 0 ? kv : null;
}

function shown(kv: KeyValue, request: RangeRequest): KeyValue {
  return request.keysOnly ? { ...kv, value: NO_VALUE } : kv;
}

function bytesOf(kv: KeyValue): number {
  return kv.key.length + kv.value.length;
}
