// What nodes say they use, asked at most once in a window: a sample is taken when somebody asks for it, and stands until
// the window is over. Nobody asks, nothing is done; metrics-server scrapes all nodes all the time instead.
// Cost: one summary for each node and window in which it is asked for; a Pod's look-up O(1).
import { type Timers, wallMs } from "../../../base/timers.js";

/** As long as metrics-server's resolution. */
export const WINDOW_MS = 15_000;

interface Usage {
  readonly cpu: { readonly usageNanoCores: number };
  readonly memory: { readonly workingSetBytes: number };
}

/** The parts of a kubelet's /stats/summary that are read. */
export interface NodeSummary {
  readonly node: Usage;
  readonly pods: readonly PodSummary[];
}

export interface PodSummary {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly containers: readonly (Usage & { readonly name: string })[];
}

/** null: there is no such node, or it does not answer. */
export type StatsOf = (nodeName: string) => NodeSummary | null;

export interface NodeSample {
  readonly sampledMs: number;
  readonly node: Usage;
  /** By uid. */
  readonly pods: ReadonlyMap<string, PodSummary>;
}

export class UsageSamples {
  readonly #statsOf: StatsOf;
  readonly #timers: Timers;
  readonly #samples = new Map<string, NodeSample | null>();
  /** Of the window that #samples belong to. */
  #startedMs = Number.NEGATIVE_INFINITY;

  constructor(statsOf: StatsOf, timers: Timers) {
    this.#statsOf = statsOf;
    this.#timers = timers;
  }

  of(nodeName: string): NodeSample | null {
    const nowMs = this.#timers.milliseconds();
    if (nowMs - this.#startedMs >= WINDOW_MS) {
      this.#samples.clear();
      this.#startedMs = nowMs;
    }
    const known = this.#samples.get(nodeName);
    if (known !== undefined) return known;
    const sample = this.#sample(nodeName);
    this.#samples.set(nodeName, sample);
    return sample;
  }

  #sample(nodeName: string): NodeSample | null {
    const summary = this.#statsOf(nodeName);
    if (summary === null) return null;
    return {
      sampledMs: wallMs(this.#timers),
      node: summary.node,
      pods: new Map(summary.pods.map((pod) => [pod.podRef.uid, pod])),
    };
  }
}
