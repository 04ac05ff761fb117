// How long to wait before the next attempt: doubling, with jitter, forgotten after a quiet time.
// Source: client-go tools/cache/reflector.go (800 ms to 30 s, jitter 1.0, reset after 2 min).
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Up to this share is added by chance: 1 waits up to twice as long. */
  readonly jitter: number;
  /** Starts anew when the last attempt is longer ago. */
  readonly resetAfterMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #timers: Timers;
  readonly #prng: Prng;
  #stepMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions, timers: Timers, prng: Prng) {
    this.#options = options;
    this.#timers = timers;
    this.#prng = prng;
    this.#stepMs = options.firstMs;
  }

  nextMs(): number {
    const { firstMs, maxMs, jitter, resetAfterMs } = this.#options;
    const nowMs = this.#timers.milliseconds();
    if (nowMs - this.#lastMs > resetAfterMs) this.#stepMs = firstMs;
    this.#lastMs = nowMs;
    const waitMs = this.#stepMs;
    this.#stepMs = Math.min(maxMs, this.#stepMs * 2);
    return waitMs * (1 + jitter * this.#prng.unit());
  }
}
