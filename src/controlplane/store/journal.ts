// What an embedded store asks of a disk.
import type { LeaseGrant } from "./lease-table.js";
import type { KeyValue, Revision, StoreEvent } from "./store.js";

/** What one call of the store made durable. */
export interface JournalEntry {
  /** All of one revision. */
  readonly changes: readonly StoreEvent[];
  readonly granted: LeaseGrant | null;
  readonly revoked: LeaseGrant | null;
  /** 0: none. */
  readonly compacted: Revision;
}

export const NO_ENTRY: JournalEntry = { changes: [], granted: null, revoked: null, compacted: 0 };

export interface Journal {
  /**
   * All or nothing, and on the disk when it resolves. One call at a time.
   *
   * @param committed the newest revision that was acknowledged; anything above it was taken back
   * @throws {StoreError} Unwritable; the next call tries again
   */
  write(entries: readonly JournalEntry[], committed: Revision): Promise<void>;
  /**
   * Free the space of entries that no state needs. May be lost, and never rejects. Until it resolves, the index must not
   * be compacted again.
   */
  forget(dropped: readonly KeyValue[]): Promise<void>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}
