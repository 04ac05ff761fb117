// The only place that reads time. Everything else is handed a Clock.
import { performance } from "node:perf_hooks";
import { hrtime } from "node:process";

declare const unit: unique symbol;
/** A point on the monotonic clock, ns. bigint: a reading passes 2^53 after 104 days of uptime. */
export type InstantNs = bigint & { readonly [unit]: "instant_ns" };
/** A difference of two instants, ns. */
export type DurationNs = number & { readonly [unit]: "duration_ns" };

export interface Clock {
  /** Monotonic, for measuring. */
  now(): InstantNs;
  /** Monotonic, ms with fractions: half as dear as a difference of two instants, and exact to the ns for days. */
  milliseconds(): number;
  /** Wall clock in UTC, for labels only. */
  wall(): Date;
}

export const realClock: Clock = {
  now: () => hrtime.bigint() as InstantNs,
  milliseconds: () => performance.now(),
  wall: () => new Date(),
};

/** A clock that tests advance by hand. */
export class ManualClock implements Clock {
  #now = 0n;
  now(): InstantNs {
    return this.#now as InstantNs;
  }
  milliseconds(): number {
    return Number(this.#now) / 1e6;
  }
  wall(): Date {
    return new Date(Number(this.#now / 1_000_000n));
  }
  advance(ns: number): void {
    this.#now += BigInt(Math.round(ns));
  }
}

export function durationBetween(start: InstantNs, end: InstantNs): DurationNs {
  return Number(end - start) as DurationNs;
}
