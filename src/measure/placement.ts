// How well a scheduler filled a cluster over time. Each sample holds until the next: a mean over samples would weigh
// busy moments, which are sampled often, above quiet ones; this one weighs by time. Cost: O(samples x resources).
import { assert } from "../base/assert.js";

/** The cluster from `timeMs` on. Columns are per resource, in the order of the capacities. */
export interface PlacementSample {
  readonly timeMs: number;
  /** Requests of all that is placed. */
  readonly allocated: ArrayLike<number>;
  /** Requests of all that is placed or waits. */
  readonly requested: ArrayLike<number>;
  /** Arrivals so far that found a place, gone again or not. */
  readonly placed: number;
  /** Arrivals so far that did not: they wait, or gave up. */
  readonly unplaced: number;
}

export interface PlacementSummary {
  readonly durationMs: number;
  /** Time-weighted mean of allocated / capacity, 0..1 per resource. */
  readonly utilisation: Float64Array;
  /** Time-weighted mean of requested / capacity; above 1 where more was wanted than there is. */
  readonly demand: Float64Array;
  /** Largest allocated / capacity. */
  readonly peak: Float64Array;
  /** placed / (placed + unplaced) at the end; 1 when nothing arrived. */
  readonly placementRate: number;
}

/**
 * @param samples in order of time, at least one; read once, each before the next is asked for
 * @param capacity per resource; a resource of capacity 0 counts as unused
 * @param endMs how long the last sample holds; after the first sample's time
 */
export function summarisePlacement(
  samples: Iterable<PlacementSample>,
  capacity: ArrayLike<number>,
  endMs: number,
): PlacementSummary {
  const shares = Array.from(
    { length: capacity.length },
    (_, index) => new HeldShare(capacity[index] as number),
  );
  let startMs: number | null = null;
  let placed = 0;
  let unplaced = 0;
  let timeMs = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    assert(sample.timeMs >= timeMs, `sample at ${sample.timeMs} ms follows one at ${timeMs} ms`);
    ({ timeMs, placed, unplaced } = sample);
    startMs ??= timeMs;
    for (const [index, share] of shares.entries()) {
      share.hold(timeMs, sample.allocated[index] as number, sample.requested[index] as number);
    }
  }
  assert(startMs !== null && endMs > startMs, `no time passes between ${startMs} and ${endMs} ms`);
  assert(endMs >= timeMs, `the end, ${endMs} ms, is before the last sample, ${timeMs} ms`);
  const durationMs = endMs - startMs;
  for (const share of shares) share.hold(endMs, 0, 0);
  return {
    durationMs,
    utilisation: Float64Array.from(shares, ({ allocatedMs }) => allocatedMs / durationMs),
    demand: Float64Array.from(shares, ({ requestedMs }) => requestedMs / durationMs),
    peak: Float64Array.from(shares, ({ peak }) => peak),
    placementRate: placed + unplaced === 0 ? 1 : placed / (placed + unplaced),
  };
}

/** One resource: its shares of capacity, integrated over time. */
class HeldShare {
  allocatedMs = 0;
  requestedMs = 0;
  peak = 0;
  readonly #capacity: number;
  #sinceMs = 0;
  #allocated = 0;
  #requested = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  hold(timeMs: number, allocated: number, requested: number): void {
    const heldMs = timeMs - this.#sinceMs;
    this.allocatedMs += this.#allocated * heldMs;
    this.requestedMs += this.#requested * heldMs;
    this.#sinceMs = timeMs;
    this.#allocated = this.#share(allocated);
    this.#requested = this.#share(requested);
    this.peak = Math.max(this.peak, this.#allocated);
  }

  #share(amount: number): number {
    return this.#capacity > 0 ? amount / this.#capacity : 0;
  }
}
