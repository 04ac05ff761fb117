// A CPU profile of this very process while a measured window is open, and of nothing else: what makes nodes and Pods is
// not in it. V8's sampling profiler by way of node:inspector; garbage of the time before is collected first.
// A session of the same thread answers post at once, so that the profile starts and ends with the window. Starting and
// stopping take a while themselves, which the profiler sees, and which is taken out again.
import { type Profiler, Session } from "node:inspector";
import { PlumbError } from "../../base/errors.js";
import { present } from "../../base/assert.js";
import type { CpuProfile } from "../../measure/cpu-profile.js";

export class WindowProfiler {
  readonly #session = new Session();
  #profile: Profiler.Profile | null = null;

  /** @param intervalUs between samples */
  constructor(intervalUs: number) {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.setSamplingInterval", { interval: intervalUs });
  }

  /** To be told of every edge of the window. Of several windows the last one's profile stays. */
  onWindow(isOpen: boolean): void {
    if (isOpen) {
      this.#session.post("HeapProfiler.collectGarbage");
      this.#session.post("Profiler.start");
    } else this.#session.post("Profiler.stop", (error, { profile }) => this.#stopped(error, profile));
  }

  /** @throws {PlumbError} Unsupported when no window was ever open */
  end(): CpuProfile {
    this.#session.disconnect();
    if (this.#profile === null)
      throw new PlumbError("Unsupported", "Cannot profile the workload: it measures nothing", {
        hint: "an operation with collectMetrics, or startCollectingMetrics, opens the window that is profiled",
      });
    const { samples = [], timeDeltas = [] } = this.#profile;
    return { ...this.#profile, samples, timeDeltas };
  }

  #stopped(error: Error | null, profile: Profiler.Profile): void {
    if (error !== null) throw error;
    this.#profile = withoutModule(present(profile, "a profile"), import.meta.url);
  }
}

/** Without the samples that were taken in functions of this module, and in what they call. */
function withoutModule(profile: Profiler.Profile, url: string): Profiler.Profile {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  const inside = new Set<number>();
  // A node stands after the one that calls it.
  for (const { id, callFrame, children = [] } of nodes)
    if (inside.has(id) || callFrame.url === url) for (const called of [id, ...children]) inside.add(called);
  const isKept = (_: unknown, index: number) => !inside.has(samples[index] as number);
  return { ...profile, samples: samples.filter(isKept), timeDeltas: timeDeltas.filter(isKept) };
}
