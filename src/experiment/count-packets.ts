// Packets sent one at a time, with the counters read after each: exact distributions of counted work and modelled time.
// Slow on purpose (one boundary crossing per packet); nothing is timed here.
import type { Calibration } from "../calibration/calibration.js";
import { modelKernelNs, PATH_OF_MODE } from "../dataplane/cost-model.js";
import type { Evaluator } from "../dataplane/evaluator.js";
import { COUNTER_NAMES, type Counts, zeroCounts } from "../netfilter/counters.js";
import { Histogram } from "../measure/histogram.js";

/** Counters that are one look into a table. */
const LOOKUPS = ["setProbes", "mapProbes", "ctLookups", "ipvsServiceLookups", "ipvsConnLookups"] as const;
/** Modelled times are kept to a quarter of a nanosecond. */
const NS_RESOLUTION = 0.25;

export interface CountedPackets {
  readonly packets: number;
  readonly rules: Tally;
  readonly lookups: Tally;
  readonly kernelNs: Tally;
  /** Counter -> mean per packet; counters that stayed 0 are left out. */
  readonly meanCounts: Readonly<Record<string, number>>;
  /** Part of the modelled time -> mean ns per packet. */
  readonly meanParts: Readonly<Record<string, number>>;
}

export interface Tally {
  readonly mean: number;
  readonly histogram: Histogram;
}

export interface CountOptions {
  readonly packet: "first" | "established";
  readonly distinctTargets: number;
  readonly packetsMax: number;
  readonly calibration: Calibration;
}

/** Evaluate the loaded packets one by one, up to packetsMax of them. */
export function countPackets(evaluator: Evaluator, options: CountOptions): CountedPackets {
  const packets = Math.min(evaluator.loaded, options.packetsMax);
  const rules = new TallyBuilder(1);
  const lookups = new TallyBuilder(1);
  const kernelNs = new TallyBuilder(NS_RESOLUTION);
  const totals = zeroCounts();
  const parts = new Map<string, number>();
  for (let index = 0; index < packets; index++) {
    evaluator.resetCounters();
    evaluator.evaluate(index, 1);
    const counts = evaluator.counters();
    const cost = modelKernelNs({
      path: PATH_OF_MODE[evaluator.mode],
      counts,
      packet: options.packet,
      distinctTargets: options.distinctTargets,
      calibration: options.calibration,
    });
    rules.add(counts.rulesEvaluated);
    lookups.add(LOOKUPS.reduce((sum, name) => sum + counts[name], 0));
    kernelNs.add(cost.ns);
    for (const name of COUNTER_NAMES) totals[name] += counts[name];
    for (const [part, ns] of Object.entries(cost.parts)) parts.set(part, (parts.get(part) ?? 0) + ns);
  }
  return {
    packets,
    rules: rules.done(packets),
    lookups: lookups.done(packets),
    kernelNs: kernelNs.done(packets),
    meanCounts: meanCounts(totals, packets),
    meanParts: Object.fromEntries([...parts].map(([part, ns]) => [part, ns / packets])),
  };
}

function meanCounts(totals: Counts, packets: number): Record<string, number> {
  const used = COUNTER_NAMES.filter((name) => totals[name] > 0);
  return Object.fromEntries(used.map((name) => [name, totals[name] / packets]));
}

class TallyBuilder {
  readonly #histogram: Histogram;
  #sum = 0;

  constructor(resolution: number) {
    this.#histogram = new Histogram(resolution);
  }

  add(value: number): void {
    this.#sum += value;
    this.#histogram.record(value);
  }

  done(count: number): Tally {
    return { mean: count === 0 ? 0 : this.#sum / count, histogram: this.#histogram };
  }
}
