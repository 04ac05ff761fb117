// One of several holds a Lease and leads; it renews, and steps down when it cannot; others take over when it has expired.
// A candidate goes by when it saw the Lease change, on its own clock: clocks of others need not agree.
// Invariant: renew deadline < lease duration, so that a leader steps down before anyone takes over.
// Source: client-go tools/leaderelection/leaderelection.go, Lease of coordination.k8s.io/v1.
import { isStatus } from "../../api/status.js";
import { assert } from "../../base/assert.js";
import type { Prng } from "../../base/prng.js";
import type { Cancel, Timers } from "../../base/timers.js";
import type { Client, ResourceClient } from "./client.js";
import type { Lease } from "./object-types.js";
import { clientOf, LEASES } from "./resources.js";

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly name: string;
  /** Unique among candidates. */
  readonly identity: string;
  readonly timers: Timers;
  readonly prng: Prng;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  readonly onStartedLeading: () => void;
  /** Once after each start. */
  readonly onStoppedLeading: () => void;
  readonly onNewLeader?: (identity: string) => void;
}

const LEASE_DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_PERIOD_MS = 2_000;
const JITTER = 1.2;

export class LeaderElector {
  readonly #options: LeaderElectionOptions;
  readonly #leases: ResourceClient<Lease>;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  #observed: Lease | null = null;
  #observedMs = Number.NEGATIVE_INFINITY;
  #reportedLeader = "";
  #isLeading = false;
  #isStopped = false;
  #cancel: Cancel | null = null;
  #cancelDeadline: Cancel | null = null;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leases = clientOf(options.client, LEASES, options.namespace);
    this.#leaseDurationMs = options.leaseDurationMs ?? LEASE_DURATION_MS;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? RENEW_DEADLINE_MS;
    this.#retryPeriodMs = options.retryPeriodMs ?? RETRY_PERIOD_MS;
    assert(this.#renewDeadlineMs < this.#leaseDurationMs, "renew deadline is not below lease duration");
    assert(this.#retryPeriodMs * JITTER < this.#renewDeadlineMs, "retry period is too long to renew in time");
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Whoever holds the Lease as far as it is known; "" for nobody. */
  get leader(): string {
    return this.#observed?.spec?.holderIdentity ?? "";
  }

  start(): void {
    void this.#attempt();
  }

  /** Gives the Lease back when it holds it, so that others need not wait. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    const wasLeading = this.#isLeading;
    this.#stopLeading();
    if (wasLeading) await this.#release();
  }

  async #attempt(): Promise<void> {
    const askedMs = this.#options.timers.milliseconds();
    const isHeld = await this.#acquireOrRenew();
    if (this.#isStopped) return;
    if (isHeld) this.#renewedAt(askedMs);
    else if (this.#isLeading && this.leader !== this.#options.identity) this.#stopLeading();
    this.#reportLeader();
    const spreadMs = this.#isLeading ? 0 : JITTER * this.#options.prng.unit() * this.#retryPeriodMs;
    const waitMs = this.#retryPeriodMs + spreadMs;
    this.#cancel = this.#options.timers.after(waitMs, () => void this.#attempt());
  }

  /** Leads from now to the renew deadline, counted from when the request left: an answer may come late, or never. */
  #renewedAt(askedMs: number): void {
    const leftMs = askedMs + this.#renewDeadlineMs - this.#options.timers.milliseconds();
    this.#cancelDeadline?.();
    if (leftMs <= 0) {
      this.#stopLeading();
      return;
    }
    this.#cancelDeadline = this.#options.timers.after(leftMs, () => this.#stopLeading());
    if (this.#isLeading) return;
    this.#isLeading = true;
    this.#options.onStartedLeading();
  }

  #stopLeading(): void {
    this.#cancelDeadline?.();
    if (!this.#isLeading) return;
    this.#isLeading = false;
    this.#options.onStoppedLeading();
  }

  /** Whether the Lease is ours now. Failures of all kinds mean no; the next attempt tells. */
  async #acquireOrRenew(): Promise<boolean> {
    try {
      const lease = await this.#leases.get(this.#options.name);
      this.#observe(lease);
      if (this.#isHeldByOther()) return false;
      this.#observe(await this.#leases.update(this.#renewed(lease)));
      return true;
    } catch (error) {
      return isStatus(error, "NotFound") ? this.#createLease() : false;
    }
  }

  async #createLease(): Promise<boolean> {
    try {
      this.#observe(await this.#leases.create(this.#renewed(null)));
      return true;
    } catch {
      return false;
    }
  }

  #observe(lease: Lease): void {
    if (lease.metadata.resourceVersion === this.#observed?.metadata.resourceVersion) return;
    this.#observed = lease;
    this.#observedMs = this.#options.timers.milliseconds();
  }

  #isHeldByOther(): boolean {
    if (this.leader === "" || this.leader === this.#options.identity) return false;
    const durationMs = (this.#observed?.spec?.leaseDurationSeconds ?? 0) * 1000;
    return this.#options.timers.milliseconds() < this.#observedMs + durationMs;
  }

  #renewed(lease: Lease | null): object {
    const { identity, name, namespace, timers } = this.#options;
    const now = timers.wall().toISOString().replace("Z", "000Z");
    const spec = lease?.spec;
    const isOurs = spec?.holderIdentity === identity;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: lease?.metadata ?? { name, namespace },
      spec: {
        ...spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.round(this.#leaseDurationMs / 1000),
        acquireTime: isOurs ? (spec.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: (spec?.leaseTransitions ?? 0) + (lease === null || isOurs ? 0 : 1),
      },
    };
  }

  async #release(): Promise<void> {
    const lease = this.#observed;
    if (lease === null) return;
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 };
    try {
      await this.#leases.update({ ...lease, spec });
    } catch {
      // Someone else changed it, or the server is gone: it expires by itself.
    }
  }

  #reportLeader(): void {
    if (this.leader === this.#reportedLeader || this.leader === "") return;
    this.#reportedLeader = this.leader;
    this.#options.onNewLeader?.(this.leader);
  }
}
