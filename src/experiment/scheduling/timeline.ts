// The time that a scheduling case runs in: the machine's, or one that is simulated. Milliseconds with fractions since the
// case began: small numbers keep nanoseconds apart. As timestamps of objects they fall into 1970.
// Simulated: an attempt costs ATTEMPT_MS, nothing else costs anything, and waiting takes no time. The same case then
// gives the same numbers on every machine, and hours of a trace pass in seconds.
import { assert } from "../../base/assert.js";
import type { Clock } from "../../base/clock.js";

export interface Timeline {
  now(): number;
  /** An attempt has been made. */
  attempted(): void;
  /** null: the time is there already, or so near that asking again is better than a timer. */
  waitUntil(ms: number): Promise<void> | null;
}

/** What an attempt takes in simulated time. Of the order of a real one; a power of two, so that sums of it are exact. */
const ATTEMPT_MS = 1 / 8;

/** A timer may come so much late: the last of a wait is spent asking the clock. */
const TIMER_SLACK_MS = 2;
/** Longest sleep in one piece, so that an interruption is noticed. */
const SLEEP_MS_MAX = 250;

export class RealTimeline implements Timeline {
  readonly #clock: Clock;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #startedMs: number;

  constructor(clock: Clock, sleep: (ms: number) => Promise<void>) {
    this.#clock = clock;
    this.#sleep = sleep;
    this.#startedMs = clock.milliseconds();
  }

  now(): number {
    return this.#clock.milliseconds() - this.#startedMs;
  }

  attempted(): void {}

  waitUntil(ms: number): Promise<void> | null {
    const leftMs = ms - this.now() - TIMER_SLACK_MS;
    return leftMs <= 0 ? null : this.#sleep(Math.min(leftMs, SLEEP_MS_MAX));
  }
}

export class SimulatedTimeline implements Timeline {
  #nowMs = 0;

  now(): number {
    return this.#nowMs;
  }

  attempted(): void {
    this.#nowMs += ATTEMPT_MS;
  }

  waitUntil(ms: number): null {
    assert(ms < Number.POSITIVE_INFINITY, "simulated time waits for an event that never comes");
    this.#nowMs = Math.max(this.#nowMs, ms);
    return null;
  }
}
