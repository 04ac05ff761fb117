// The store of this process: a revision index, its watchers and leases, and a journal that makes changes durable, if any.
//
// A transaction is carried out on the index at once, so that the next one sees it, but nobody is told before the journal
// has it: ranges read the newest committed revision, watchers and answers wait. When the journal refuses, everything
// that is not committed is taken back.
import type { Timers } from "../../base/timers.js";
import { wallMs } from "../../base/timers.js";
import { checkReadable, evaluateTxn } from "./evaluate-txn.js";
import { GroupCommit } from "./group-commit.js";
import { type Journal, type JournalEntry, NO_ENTRY } from "./journal.js";
import { acceptedTtl, type LeaseGrant, LeaseTable } from "./lease-table.js";
import { NO_LEASE, RevisionIndex } from "./revision-index.js";
import {
  type LeaseId,
  type LeaseStatus,
  type RangeRequest,
  type RangeResponse,
  type Revision,
  type Store,
  StoreError,
  type StoreEvent,
  type StoreWatch,
  type Txn,
  type TxnResponse,
  type WatchListener,
  type WatchOptions,
} from "./store.js";
import { STORE_LIMITS, type StoreLimits } from "./store-limits.js";
import { WatchHub } from "./watch-hub.js";

export interface EmbeddedStoreOptions {
  readonly timers: Timers;
  readonly limits?: Partial<StoreLimits>;
}

/** What a journal gave back when it was opened. */
export interface Recovered {
  readonly index: RevisionIndex;
  /** Their time begins again. */
  readonly leases: readonly LeaseGrant[];
  readonly journal: Journal;
}

export function memoryStore(options: EmbeddedStoreOptions): EmbeddedStore {
  return new EmbeddedStore(options, { index: new RevisionIndex(), leases: [], journal: null });
}

export class EmbeddedStore implements Store {
  readonly #timers: Timers;
  readonly #limits: StoreLimits;
  readonly #index: RevisionIndex;
  readonly #hub: WatchHub;
  readonly #leases: LeaseTable;
  readonly #journal: Journal | null;
  readonly #group: GroupCommit<JournalEntry>;
  /** Newest revision that is acknowledged. Invariant: #committed <= #index.newest. */
  #committed: Revision;
  /** The newest compaction that was begun: one that comes later must not be below it on the disk. */
  #compacting: Revision = 0;
  /** The last compaction's space is being freed; the next one waits for it. */
  #forgetting: Promise<void> = Promise.resolve();
  /** Chosen but not yet durable. */
  readonly #granting = new Set<LeaseId>();
  #leasesGranted = 0n;
  #closed = false;

  constructor(
    options: EmbeddedStoreOptions,
    from: Omit<Recovered, "journal"> & { readonly journal: Journal | null },
  ) {
    this.#timers = options.timers;
    this.#limits = { ...STORE_LIMITS, ...options.limits };
    this.#index = from.index;
    this.#committed = from.index.newest;
    this.#hub = new WatchHub(from.index);
    this.#leases = new LeaseTable(options.timers, (id) => void this.revokeLease(id).catch(() => {}));
    for (const lease of from.leases) this.#leases.add(lease);
    for (const kv of from.index.range({ key: "", rangeEnd: "\0" }, from.index.newest).kvs)
      this.#leases.changed({ type: "put", kv, prevKv: null });
    this.#journal = from.journal;
    this.#group = new GroupCommit<JournalEntry>({
      write: async (entries) => this.#journal?.write(entries, this.#committed),
      committed: (entries) => this.#commit(entries),
      failed: (entries) => this.#takeBack(entries),
    });
  }

  revision(): Revision {
    return this.#committed;
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    this.#assertOpen();
    checkReadable(this.#index, request.revision ?? 0, this.#committed);
    const found = this.#index.range(request, request.revision || this.#committed);
    return { revision: this.#committed, ...found };
  }

  async txn(txn: Txn): Promise<TxnResponse> {
    this.#assertOpen();
    const { response, changes } = evaluateTxn(this.#index, txn, {
      limits: this.#limits,
      hasLease: (id) => this.#leases.has(id),
    });
    for (const change of changes) this.#leases.changed(change);
    const acknowledged = this.#acknowledged(changes.length === 0 ? NO_ENTRY : { ...NO_ENTRY, changes });
    if (acknowledged !== null) await acknowledged;
    return response;
  }

  async compact(revision: Revision): Promise<void> {
    this.#assertOpen();
    this.#assertCompactable(revision);
    this.#compacting = revision;
    try {
      // Watchers see what they are due first: their microtask was there before this one.
      await (this.#acknowledged({ ...NO_ENTRY, compacted: revision }) ?? Promise.resolve());
    } catch (error) {
      this.#compacting = this.#index.compacted;
      throw error;
    }
    const compacted = this.#forgetting.then(() => this.#index.compact(revision));
    this.#forgetting = compacted.then((dropped) => this.#journal?.forget(dropped));
    await compacted;
  }

  watch(options: WatchOptions, listener: WatchListener): StoreWatch {
    return this.#hub.watch(options, listener);
  }

  async grantLease(ttlSeconds: number, id: LeaseId): Promise<LeaseStatus> {
    this.#assertOpen();
    const grant = { id: id === NO_LEASE ? this.#freeLeaseId() : id, ttlSeconds: acceptedTtl(ttlSeconds) };
    if (this.#leases.has(grant.id) || this.#granting.has(grant.id)) throw new StoreError("LeaseExists");
    this.#granting.add(grant.id);
    try {
      await this.#acknowledged({ ...NO_ENTRY, granted: grant });
      return this.#leases.add(grant);
    } finally {
      this.#granting.delete(grant.id);
    }
  }

  async revokeLease(id: LeaseId): Promise<void> {
    this.#assertOpen();
    const { keys } = this.#leases.status(id);
    const { ttlSeconds } = this.#leases.grant(id);
    const revision = this.#index.newest + 1;
    const changes = keys.map((key) => this.#index.delete(revision, key));
    for (const change of changes) this.#leases.changed(change);
    this.#leases.remove(id);
    await this.#acknowledged({ ...NO_ENTRY, changes, revoked: { id, ttlSeconds } });
  }

  async keepAliveLease(id: LeaseId): Promise<LeaseStatus> {
    this.#assertOpen();
    return this.#leases.renew(id);
  }

  async leaseStatus(id: LeaseId): Promise<LeaseStatus> {
    this.#assertOpen();
    return this.#leases.status(id);
  }

  async leases(): Promise<readonly LeaseId[]> {
    this.#assertOpen();
    return this.#leases.ids();
  }

  async sizeBytes(): Promise<number> {
    return this.#journal === null ? this.#index.bytes : this.#journal.sizeBytes();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#leases.stop();
    await this.#group.drained();
    this.#hub.close();
    await this.#journal?.close();
  }

  /** Null: it is already. */
  #acknowledged(entry: JournalEntry): Promise<void> | null {
    if (this.#journal === null) {
      this.#commit([entry]);
      return null;
    }
    // An answer that saw what is not committed waits for it, even if it changes nothing.
    return entry === NO_ENTRY && !this.#group.pending ? null : this.#group.add(entry);
  }

  #commit(entries: readonly JournalEntry[]): void {
    for (const { changes } of entries)
      if (changes.length > 0) this.#committed = (changes[0] as StoreEvent).kv.modRevision;
    this.#hub.publish(this.#committed);
  }

  #takeBack(entries: readonly JournalEntry[]): void {
    for (const { revoked } of entries) if (revoked !== null) this.#leases.add(revoked);
    for (const change of this.#index.undoTo(this.#committed)) this.#leases.undone(change);
  }

  #freeLeaseId(): LeaseId {
    // As etcd's: time, then a counter. Unique over restarts, 63 bits.
    let id: LeaseId;
    do id = String((BigInt(wallMs(this.#timers)) << 20n) | (++this.#leasesGranted & 0xfffffn));
    while (this.#leases.has(id) || this.#granting.has(id));
    return id;
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError("Closed");
  }

  #assertCompactable(revision: Revision): void {
    if (revision > this.#committed) throw new StoreError("FutureRevision");
    const compactRevision = Math.max(this.#index.compacted, this.#compacting);
    if (revision <= compactRevision) throw new StoreError("Compacted", { compactRevision });
  }
}
