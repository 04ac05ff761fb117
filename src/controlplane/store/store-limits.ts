// How much a store accepts. The first two are etcd's own defaults, so that a client meets the same limits everywhere.
import { assert } from "../../base/assert.js";

export interface StoreLimits {
  /** Operations of one branch of a transaction, and its conditions. */
  readonly txnOperationsMax: number;
  /** Keys and values of one transaction. */
  readonly requestBytesMax: number;
  /** Keys and values of all states that can still be read. */
  readonly storeBytesMax: number;
}

export const STORE_LIMITS: StoreLimits = {
  txnOperationsMax: 128,
  requestBytesMax: 1.5 * 1024 * 1024,
  storeBytesMax: 2 * 1024 ** 3,
};

/** Changes given to a watcher that catches up before others have their turn. */
export const REPLAY_SLICE = 1000;

/** etcd's MaxLeaseTTL, seconds. */
export const LEASE_TTL_SECONDS_MAX = 9_000_000_000;

/** Expiry is looked for on this grid, so leases that expire together cost one look. */
export const LEASE_GRID_MS = 100;

/** A lease that could not be ended, for a disk that is full, is tried again after this. */
export const LEASE_RETRY_MS = 1000;

assert(STORE_LIMITS.requestBytesMax < STORE_LIMITS.storeBytesMax, "a request must fit the store");
