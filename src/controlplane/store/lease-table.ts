// Leases: how long each lives and which keys end with it. Time is looked at on a grid of LEASE_GRID_MS, so one timer
// serves them all and leases that end together cost one walk of the table.
// Cost: grant, keep alive, attach O(1); a walk O(leases), at most one per grid step, only when one may be over.
import type { Cancel, Timers } from "../../base/timers.js";
import { NO_LEASE } from "./revision-index.js";
import { type KeyValue, type LeaseId, type LeaseStatus, StoreError, type StoreEvent } from "./store.js";
import { LEASE_GRID_MS, LEASE_RETRY_MS, LEASE_TTL_SECONDS_MAX } from "./store-limits.js";

interface Lease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  expiresAtMs: number;
  readonly keys: Set<string>;
}

/** What outlives the process of a lease. */
export interface LeaseGrant {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
}

/** setTimeout's own limit; a longer wait is looked at again on the way. */
const WAIT_MS_MAX = 2 ** 31 - 1;

export class LeaseTable {
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #timers: Timers;
  readonly #expired: (id: LeaseId) => void;
  #cancelLook: Cancel = () => {};
  #lookAtMs = Number.POSITIVE_INFINITY;

  /** @param expired is told again each LEASE_RETRY_MS until the lease is removed or renewed */
  constructor(timers: Timers, expired: (id: LeaseId) => void) {
    this.#timers = timers;
    this.#expired = expired;
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  ids(): LeaseId[] {
    return [...this.#leases.keys()];
  }

  /** Its time begins now. */
  add({ id, ttlSeconds }: LeaseGrant): LeaseStatus {
    const lease = { id, ttlSeconds, expiresAtMs: this.#expiryOf(ttlSeconds), keys: new Set<string>() };
    this.#leases.set(id, lease);
    this.#lookBy(lease.expiresAtMs);
    return this.#statusOf(lease);
  }

  renew(id: LeaseId): LeaseStatus {
    const lease = this.#get(id);
    lease.expiresAtMs = this.#expiryOf(lease.ttlSeconds);
    this.#lookBy(lease.expiresAtMs);
    return this.#statusOf(lease);
  }

  status(id: LeaseId): LeaseStatus {
    return this.#statusOf(this.#get(id));
  }

  grant(id: LeaseId): LeaseGrant {
    return this.#get(id);
  }

  remove(id: LeaseId): void {
    this.#leases.delete(id);
  }

  changed({ kv, prevKv }: StoreEvent): void {
    this.#move(prevKv, kv);
  }

  undone({ kv, prevKv }: StoreEvent): void {
    this.#move(kv, prevKv);
  }

  stop(): void {
    this.#cancelLook();
    this.#lookAtMs = Number.POSITIVE_INFINITY;
  }

  #move(from: KeyValue | null, to: KeyValue | null): void {
    if (from !== null && from.lease !== NO_LEASE) this.#leases.get(from.lease)?.keys.delete(from.key);
    if (to !== null && to.lease !== NO_LEASE) this.#leases.get(to.lease)?.keys.add(to.key);
  }

  #get(id: LeaseId): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new StoreError("LeaseNotFound");
    return lease;
  }

  #statusOf(lease: Lease): LeaseStatus {
    const leftMs = lease.expiresAtMs - this.#timers.milliseconds();
    return {
      id: lease.id,
      grantedTtlSeconds: lease.ttlSeconds,
      ttlSeconds: leftMs < 0 ? -1 : Math.floor(leftMs / 1000),
      keys: [...lease.keys].sort(),
    };
  }

  #expiryOf(ttlSeconds: number): number {
    return Math.ceil((this.#timers.milliseconds() + ttlSeconds * 1000) / LEASE_GRID_MS) * LEASE_GRID_MS;
  }

  #lookBy(atMs: number): void {
    if (atMs >= this.#lookAtMs) return;
    this.#cancelLook();
    this.#lookAtMs = atMs;
    const waitMs = Math.min(WAIT_MS_MAX, atMs - this.#timers.milliseconds());
    this.#cancelLook = this.#timers.after(waitMs, () => this.#look());
  }

  #look(): void {
    this.#lookAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#timers.milliseconds();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const lease of [...this.#leases.values()]) {
      const over = lease.expiresAtMs <= nowMs;
      if (over) this.#expired(lease.id);
      nextMs = Math.min(nextMs, over ? nowMs + LEASE_RETRY_MS : lease.expiresAtMs);
    }
    if (this.#leases.size > 0) this.#lookBy(nextMs);
  }
}

/** @throws {StoreError} TooLarge; a time below a second becomes one */
export function acceptedTtl(ttlSeconds: number): number {
  if (ttlSeconds > LEASE_TTL_SECONDS_MAX) throw new StoreError("TooLarge", { detail: "lease TTL" });
  return Math.max(1, Math.floor(ttlSeconds));
}
