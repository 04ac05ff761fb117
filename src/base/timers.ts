// Time that passes: what waits for it is handed Timers, so that tests can make an hour pass at once.
import { assert } from "./assert.js";
import { type Clock, type InstantNs, realClock } from "./clock.js";

/** Ends a wait that is no longer wanted; harmless afterwards. */
export type Cancel = () => void;

export interface Timers extends Clock {
  /**
   * Calls back once, `ms` from now (0: as soon as the event loop turns). A pending timer keeps the process alive.
   */
  after(ms: number, run: () => void): Cancel;
}

export const realTimers: Timers = {
  ...realClock,
  after(ms, run) {
    // A timer of 0 ms waits for one: too long for who only lets others have their turn.
    if (ms <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A promise for a moment `ms` from now. */
export function delay(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => timers.after(ms, resolve));
}

/** Milliseconds since 1970 of the wall clock. */
export function wallMs(clock: Clock): number {
  return clock.wall().getTime();
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that tests let pass by hand. Callbacks run in order of their moment, then of their arrival. */
export class ManualTimers implements Timers {
  readonly #startMs: number;
  #elapsedMs = 0;
  #order = 0;
  #due: Due[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  now(): InstantNs {
    return BigInt(Math.round(this.#elapsedMs * 1e6)) as InstantNs;
  }

  milliseconds(): number {
    return this.#elapsedMs;
  }

  wall(): Date {
    return new Date(this.#startMs + this.#elapsedMs);
  }

  after(ms: number, run: () => void): Cancel {
    const due = { atMs: this.#elapsedMs + Math.max(0, ms), order: this.#order++, run };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((each) => each !== due);
    };
  }

  /** Lets time pass, and between two callbacks whatever promises they have settled. */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0, "time runs forward");
    const endMs = this.#elapsedMs + ms;
    for (;;) {
      await settled();
      const next = this.#next();
      if (next === null || next.atMs > endMs) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.run();
    }
    this.#elapsedMs = endMs;
  }

  #next(): Due | null {
    let first: Due | null = null;
    for (const each of this.#due)
      if (first === null || each.atMs < first.atMs || (each.atMs === first.atMs && each.order < first.order))
        first = each;
    return first;
  }
}

/** After all promise callbacks and I/O callbacks that are ready now. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
