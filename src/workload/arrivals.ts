// Load models of a scheduler: when each of n Pods is due, as a schedule that is drawn before anything is measured.
// Why beforehand: a generator that waits for the system under test asks less of it the slower it gets, and the worst
// latencies are never seen (coordinated omission). Latency therefore counts from the scheduled start, also when the
// Pod could be handed over only later.
// Source: Schroeder et al., "Open Versus Closed: A Cautionary Tale", NSDI 2006; G. Tene, "How NOT to Measure Latency".
import { assert } from "../base/assert.js";
import type { Prng } from "../base/prng.js";
import { drawExponential } from "./distributions.js";

export type LoadModel =
  /** All at once: measures capacity. A Pod's latency is mostly the time behind the others in the queue. */
  | { readonly model: "closed" }
  /** One every 1/rate seconds: steady load, no bursts. */
  | { readonly model: "fixed"; readonly ratePerSecond: number }
  /** Independent users: exponential gaps of mean 1/rate, so bursts that queue even below capacity. */
  | { readonly model: "poisson"; readonly ratePerSecond: number }
  /** `waveSize` at once every `gapMs`: jobs of many Pods, or rising priorities that preempt each other. */
  | { readonly model: "waves"; readonly waveSize: number; readonly gapMs: number };

/**
 * Scheduled start of each Pod, in ms since the start of the load, never falling. The first is due at 0, save in
 * "poisson", where it follows the first gap.
 *
 * @param prng drawn from by "poisson" only, two values of next32 per Pod
 */
export function scheduledStarts(load: LoadModel, podCount: number, prng: Prng): Float64Array {
  const startMs = new Float64Array(podCount);
  switch (load.model) {
    case "closed":
      return startMs;
    case "fixed": {
      const rate = positive(load.ratePerSecond, "rate");
      return startMs.map((_, index) => (index * 1000) / rate);
    }
    case "poisson": {
      const gapMs = 1000 / positive(load.ratePerSecond, "rate");
      let atMs = 0;
      return startMs.map(() => {
        atMs += drawExponential(prng, gapMs);
        return atMs;
      });
    }
    case "waves": {
      const size = positive(load.waveSize, "wave size");
      return startMs.map((_, index) => Math.floor(index / size) * load.gapMs);
    }
  }
}

function positive(value: number, what: string): number {
  assert(value > 0, `${what} ${value} is not above 0`);
  return value;
}
