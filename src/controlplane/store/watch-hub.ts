// Watchers of one index. Nothing is kept per watcher but the revision it is at: what it has not seen yet is in the
// index's log, so a watcher that starts from an old revision, or in the middle of a storm, costs no memory, and one
// that compaction overtakes ends with Compacted.
// Watchers of the same range that have caught up are one group: a change is matched once per range, not per watcher.
// Listeners are called in a microtask of their own, never inside a call of the store.
// Cost per delivery: O(changes x ranges + events x watchers).
import { rangeHolds } from "./key-range.js";
import type { RevisionIndex } from "./revision-index.js";
import {
  type Revision,
  StoreError,
  type StoreEvent,
  type StoreWatch,
  type WatchListener,
  type WatchOptions,
} from "./store.js";
import { REPLAY_SLICE } from "./store-limits.js";

interface Watcher {
  readonly options: WatchOptions;
  readonly listener: WatchListener;
  /** Where it began, and while it catches up: everything below was delivered. */
  next: Revision;
  over: boolean;
}

interface Group {
  readonly options: WatchOptions;
  readonly watchers: Set<Watcher>;
}

export class WatchHub {
  readonly #index: RevisionIndex;
  /** Caught up to #delivered, by what they see. */
  readonly #groups = new Map<string, Group>();
  /** Groups of a single key, by key. */
  readonly #groupsOfKey = new Map<string, Set<Group>>();
  readonly #groupsOfRange = new Set<Group>();
  /** Behind #delivered, or ahead of the newest revision. */
  readonly #waiting = new Set<Watcher>();
  /** Committed changes up to here are with the groups. */
  #delivered: Revision;
  #committed: Revision;
  #scheduled = false;
  #closed = false;

  constructor(index: RevisionIndex) {
    this.#index = index;
    this.#delivered = index.newest;
    this.#committed = index.newest;
  }

  get watcherCount(): number {
    let count = this.#waiting.size;
    for (const group of this.#groups.values()) count += group.watchers.size;
    return count;
  }

  /** Changes up to here may be told. */
  publish(committed: Revision): void {
    this.#committed = committed;
    if (this.#groups.size > 0 || this.#waiting.size > 0) this.#schedule();
    else this.#delivered = committed;
  }

  watch(options: WatchOptions, listener: WatchListener): StoreWatch {
    const next = options.startRevision > 0 ? options.startRevision : this.#committed + 1;
    const watcher: Watcher = { options, listener, next, over: this.#closed };
    if (this.#closed) queueMicrotask(() => listener.onEnd(new StoreError("Closed")));
    else if (next === this.#delivered + 1) this.#join(watcher);
    else {
      this.#waiting.add(watcher);
      this.#schedule();
    }
    return { cancel: () => this.#remove(watcher), delivered: () => this.#deliveredTo(watcher) };
  }

  #deliveredTo(watcher: Watcher): Revision {
    // A watcher in a group has seen what the groups have; one that began above that is up to date as well.
    return this.#waiting.has(watcher) ? Math.min(watcher.next - 1, this.#delivered) : this.#delivered;
  }

  close(): void {
    this.#closed = true;
    const all = [...this.#waiting, ...[...this.#groups.values()].flatMap((group) => [...group.watchers])];
    for (const watcher of all) this.#end(watcher, new StoreError("Closed"));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    const from = this.#delivered + 1;
    if (this.#committed >= from && this.#groups.size > 0) this.#tellGroups(from, this.#committed);
    else this.#delivered = this.#committed;
    let behind = false;
    for (const watcher of [...this.#waiting]) behind = this.#replay(watcher) || behind;
    // One slice each, then whatever else the process has to do.
    if (behind && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#deliver());
    }
  }

  #tellGroups(from: Revision, to: Revision): void {
    this.#delivered = to;
    const eventsOf = new Map<Group, StoreEvent[]>();
    for (const change of this.#index.changes(from, to, Number.POSITIVE_INFINITY)) {
      for (const group of this.#groupsOfKey.get(change.kv.key) ?? []) collect(eventsOf, group, change);
      for (const group of this.#groupsOfRange)
        if (rangeHolds(group.options, change.kv.key)) collect(eventsOf, group, change);
    }
    // One that a listener has just started begins after these.
    for (const [group, events] of eventsOf)
      for (const watcher of [...group.watchers])
        if (!watcher.over && watcher.next <= to) watcher.listener.onEvents(events, to);
  }

  /** @returns whether there is more to replay */
  #replay(watcher: Watcher): boolean {
    if (watcher.over) return false;
    const { compacted } = this.#index;
    if (watcher.next < compacted) {
      this.#end(watcher, new StoreError("Compacted", { compactRevision: compacted }));
      return false;
    }
    if (watcher.next <= this.#delivered) {
      const changes = this.#index.changes(watcher.next, this.#delivered, REPLAY_SLICE);
      const told = changes.at(-1)?.kv.modRevision ?? this.#delivered;
      watcher.next = told + 1;
      const events = changes.filter((each) => rangeHolds(watcher.options, each.kv.key));
      if (events.length > 0)
        watcher.listener.onEvents(
          events.map((each) => eventFor(watcher.options, each)),
          told,
        );
    }
    if (watcher.over) return false;
    if (watcher.next === this.#delivered + 1) {
      this.#waiting.delete(watcher);
      this.#join(watcher);
    }
    return watcher.next <= this.#delivered;
  }

  #join(watcher: Watcher): void {
    const id = groupId(watcher.options);
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { options: watcher.options, watchers: new Set() };
      this.#groups.set(id, group);
      if (group.options.rangeEnd) this.#groupsOfRange.add(group);
      else
        this.#groupsOfKey.set(
          group.options.key,
          (this.#groupsOfKey.get(group.options.key) ?? new Set()).add(group),
        );
    }
    group.watchers.add(watcher);
  }

  #end(watcher: Watcher, error: StoreError | null): void {
    if (watcher.over) return;
    this.#remove(watcher);
    watcher.listener.onEnd(error);
  }

  #remove(watcher: Watcher): void {
    watcher.over = true;
    this.#waiting.delete(watcher);
    const id = groupId(watcher.options);
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.watchers.delete(watcher);
    if (group.watchers.size > 0) return;
    this.#groups.delete(id);
    this.#groupsOfRange.delete(group);
    const ofKey = this.#groupsOfKey.get(group.options.key);
    ofKey?.delete(group);
    if (ofKey?.size === 0) this.#groupsOfKey.delete(group.options.key);
  }
}

function groupId({ key, rangeEnd, prevKv }: WatchOptions): string {
  return JSON.stringify([key, rangeEnd ?? "", prevKv]);
}

function collect(eventsOf: Map<Group, StoreEvent[]>, group: Group, change: StoreEvent): void {
  const event = eventFor(group.options, change);
  const events = eventsOf.get(group);
  if (events === undefined) eventsOf.set(group, [event]);
  else events.push(event);
}

function eventFor(options: WatchOptions, change: StoreEvent): StoreEvent {
  return options.prevKv || change.prevKv === null ? change : { ...change, prevKv: null };
}
