// Numbers of a range that objects hold: addresses, ports. Nothing is given back by hand: a number is free when the object
// that took it does not hold it (any more), which is looked up when the number is wanted again.
// Why: a write can fail after a number was taken, a deletion can be long in coming, and both can happen in another
// process; upstream repairs such leaks every three minutes, here there are none.
// Cost: O(1) expected per number, until the range is nearly full.
// Source: pkg/registry/core/service/{ipallocator,portallocator} (static band, order of search).
import type { Clock } from "../../../base/clock.js";
import type { Prng } from "../../../base/prng.js";
import { wallMs } from "../../../base/timers.js";

/** Longer than a write takes from admission to the watch cache. */
const PENDING_MS = 60_000;

export interface Claimant {
  readonly namespace: string;
  readonly name: string;
}

interface Claim extends Claimant {
  /** When it was taken; -Infinity: only what the object says counts. */
  readonly sinceMs: number;
}

export interface ClaimsOptions {
  /** Numbers are 0..size-1. */
  readonly size: number;
  /** The first so many are left to those who ask for a certain one, as long as others are free. */
  readonly staticCount: number;
  readonly clock: Clock;
  readonly prng: Prng;
  /** Whether the stored object of this name holds the number. */
  readonly isHeld: (number: number, claimant: Claimant) => boolean;
}

export class NumberClaims {
  readonly #options: ClaimsOptions;
  readonly #claims = new Map<number, Claim>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Of objects that are stored, at the start. */
  restore(number: number, claimant: Claimant): void {
    const { namespace, name } = claimant;
    this.#claims.set(number, { namespace, name, sinceMs: Number.NEGATIVE_INFINITY });
  }

  /** @returns false: another object holds it */
  take(number: number, claimant: Claimant): boolean {
    const claim = this.#claims.get(number);
    const isOwn = claim?.name === claimant.name && claim.namespace === claimant.namespace;
    if (!isOwn && this.#isTaken(number)) return false;
    this.#claim(number, claimant);
    return true;
  }

  /** Any that is free; null: none is. */
  takeAny(claimant: Claimant): number | null {
    const { size, staticCount } = this.#options;
    const number = this.#freeWithin(staticCount, size) ?? this.#freeWithin(0, staticCount);
    if (number !== null) this.#claim(number, claimant);
    return number;
  }

  /** The object is about to go: from then on the number is free when it is gone. */
  letGo(number: number): void {
    const claim = this.#claims.get(number);
    if (claim !== undefined) this.restore(number, claim);
  }

  #claim(number: number, { namespace, name }: Claimant): void {
    this.#claims.set(number, { namespace, name, sinceMs: wallMs(this.#options.clock) });
  }

  /** From a random place onwards, around. */
  #freeWithin(from: number, to: number): number | null {
    const count = to - from;
    if (count <= 0) return null;
    const start = this.#options.prng.below(count);
    for (let step = 0; step < count; step++) {
      const number = from + ((start + step) % count);
      if (!this.#isTaken(number)) return number;
    }
    return null;
  }

  #isTaken(number: number): boolean {
    const claim = this.#claims.get(number);
    if (claim === undefined) return false;
    return this.#options.isHeld(number, claim) || wallMs(this.#options.clock) - claim.sinceMs < PENDING_MS;
  }
}
