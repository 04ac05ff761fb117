// How long to wait before the next try: 10 s after the first failure, doubling to 5 min, forgotten after a quiet while.
// Source: client-go util/flowcontrol Backoff; kubelet MaxContainerBackOff, image pull back-off.

export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
  /** Quiet for this long: the next failure is a first one again. */
  readonly forgetAfterMs: number;
}

/** Of containers that end, and of images that cannot be pulled. */
export const RESTART_BACKOFF: BackoffLimits = {
  firstMs: 10_000,
  longestMs: 300_000,
  forgetAfterMs: 600_000,
};

/** Of volumes that cannot be mounted yet. */
export const MOUNT_BACKOFF: BackoffLimits = { firstMs: 500, longestMs: 122_000, forgetAfterMs: 244_000 };

export interface Backoff {
  readonly delayMs: number;
  /** When the last try began. */
  readonly sinceMs: number;
}

/** How long a thing that failed at `eventMs` still has to wait. 0: try now. */
export function backoffLeftMs(
  before: Backoff | null,
  eventMs: number,
  nowMs: number,
  limits: BackoffLimits,
): number {
  if (before === null || isForgotten(before, eventMs, limits)) return 0;
  return Math.max(0, eventMs + before.delayMs - nowMs);
}

/** After one more try at `nowMs`, of what failed at `eventMs`. */
export function nextBackoff(
  before: Backoff | null,
  eventMs: number,
  nowMs: number,
  limits: BackoffLimits,
): Backoff {
  if (before === null || isForgotten(before, eventMs, limits))
    return { delayMs: limits.firstMs, sinceMs: nowMs };
  return { delayMs: Math.min(before.delayMs * 2, limits.longestMs), sinceMs: nowMs };
}

function isForgotten(before: Backoff, eventMs: number, limits: BackoffLimits): boolean {
  return eventMs - before.sinceMs > limits.forgetAfterMs;
}

/** "10s", "1m20s", "5m0s": as Go prints durations of whole seconds. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${seconds % 60}s`;
}

/** "0s", "345ms", "1.2s", "1m2.5s": as Go prints durations, cut to ms. */
export function millisecondsText(ms: number): string {
  const whole = Math.floor(ms);
  if (whole > 0 && whole < 1000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${durationText(minutes * 60_000).replace(/0s$/, "")}${seconds}`;
}
