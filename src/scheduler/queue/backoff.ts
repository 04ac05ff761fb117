// How long a Pod that failed waits before it may be tried again.
// The wait doubles with each failure, up to a limit: 1, 2, 4, 8, 10, 10 s by default. Ends of waits are cut to whole
// seconds when Pods may be popped early: all Pods of one such window are then ordered by priority.
// Source: kube-scheduler backend/queue/backoff_queue.go; KEP-5142.
import type { QueuedPod } from "../framework/queued-pod.js";

/** Also how often waits that ended are flushed: at whole seconds, so that a window leaves as a whole. */
const BACKOFF_WINDOW_MS = 1000;

/** End of the wait of a Pod that need not wait: before every window. */
const NO_BACKOFF_MS = Number.NEGATIVE_INFINITY;

export interface BackoffOptions {
  readonly initialMs: number;
  /** 0 switches backoff off. */
  readonly maxMs: number;
  /** Whether ends of waits are cut to windows. */
  readonly isWindowed: boolean;
}

/** The start of the window that holds this instant. */
export function windowStartMs(instantMs: number): number {
  return Math.floor(instantMs / BACKOFF_WINDOW_MS) * BACKOFF_WINDOW_MS;
}

export class Backoff {
  readonly #options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The wait after `count` failures. */
  durationMs(count: number): number {
    const { initialMs, maxMs } = this.#options;
    return count === 0 ? 0 : Math.min(initialMs * 2 ** (count - 1), maxMs);
  }

  /** When the wait ends; kept in the Pod until it fails again. */
  expirationMs(queued: QueuedPod): number {
    if (queued.backoffExpirationMs !== null) return queued.backoffExpirationMs;
    // Errors in a row count by themselves: a broken API server says nothing about the Pod.
    const count = queued.consecutiveErrors > 0 ? queued.consecutiveErrors : queued.unschedulableCount;
    if (count === 0 || this.#options.maxMs === 0) return NO_BACKOFF_MS;
    const endMs = queued.timestampMs + this.durationMs(count);
    queued.backoffExpirationMs = this.#options.isWindowed ? windowStartMs(endMs) : endMs;
    return queued.backoffExpirationMs;
  }

  /** A wait that ends in the current window is not over. */
  isBackingOff(queued: QueuedPod, nowMs: number): boolean {
    return this.expirationMs(queued) >= (this.#options.isWindowed ? windowStartMs(nowMs) : nowMs);
  }

  /** The first flush that frees the Pod. */
  flushMs(queued: QueuedPod): number {
    return windowStartMs(this.expirationMs(queued)) + BACKOFF_WINDOW_MS;
  }
}
