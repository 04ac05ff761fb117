// What cycles cost: how often plugins ran and on how many nodes, exactly; how long they took, in a sample of cycles.
// Why sampled: reading the clock takes as long as a plugin's loop over a hundred nodes. One cycle in ten is timed, as
// upstream does, by a random stream of its own, so that timing never changes a decision.
import type { Prng } from "../../base/prng.js";
import type { EvaluatedPoint, MeasuredPoint, ProfileMetrics } from "../metrics/profile-metrics.js";
import type { Status } from "../framework/status.js";
import type { Framework } from "./framework.js";
import type { PodCycle } from "./pod-cycle.js";

/** Reads a monotonic clock, ms with fractions. */
export type Stopwatch = () => number;

/** One cycle in so many is timed. */
const TIMED_SHARE = 10;
const NOT_TIMED = -1;

/** Times single plugins. */
export interface PluginTimer {
  /** To be handed to pluginEnds. */
  pluginBegins(): number;
  pluginEnds(plugin: string, point: MeasuredPoint, begun: number, status?: Status | null): void;
}

/** For who only wants to know what plugins say. */
export const UNTIMED: PluginTimer = { pluginBegins: () => NOT_TIMED, pluginEnds: () => {} };

/** What one plugin has cost at one extension point. */
export interface PluginCost {
  readonly plugin: string;
  readonly point: MeasuredPoint;
  /** Cycles in which it ran. */
  cycles: number;
  /** Nodes it was asked about. */
  nodes: number;
  /** Of the cycles, those that were timed, and what they took. */
  timedCycles: number;
  timedMs: number;
}

export class CycleRecorder implements PluginTimer {
  readonly #metrics: ProfileMetrics;
  readonly #stopwatch: Stopwatch;
  readonly #prng: Prng;
  readonly #costs = new Map<MeasuredPoint, Map<string, PluginCost>>();
  /** By position in framework.filters: a recorder serves one profile. */
  #filterCosts: (PluginCost | undefined)[] = [];
  /** Cycles that plugin_evaluation_total knows of. */
  readonly #published = new Map<PluginCost, number>();
  #isTimed = false;

  constructor(metrics: ProfileMetrics, stopwatch: Stopwatch, prng: Prng) {
    this.#metrics = metrics;
    this.#stopwatch = stopwatch;
    this.#prng = prng;
  }

  get costs(): readonly PluginCost[] {
    return [...this.#costs.values()].flatMap((byPlugin) => [...byPlugin.values()]);
  }

  reset(): void {
    this.#costs.clear();
    this.#filterCosts = [];
    this.#published.clear();
  }

  beginCycle(): void {
    this.#isTimed = this.#prng.below(TIMED_SHARE) === 0;
  }

  pluginBegins(): number {
    return this.#isTimed ? this.#stopwatch() : NOT_TIMED;
  }

  pluginEnds(plugin: string, point: MeasuredPoint, begun: number, status: Status | null = null): void {
    // Filter and Score are counted with their nodes; a filter runs once per chunk of these.
    const isCounted = point === "Filter" || point === "Score";
    if (isCounted && begun === NOT_TIMED) return;
    const cost = this.#cost(plugin, point);
    if (!isCounted) cost.cycles++;
    if (begun === NOT_TIMED) return;
    const ms = this.#stopwatch() - begun;
    if (point !== "Filter") cost.timedCycles++;
    cost.timedMs += ms;
    this.#metrics.plugin(plugin, point, status, ms / 1000);
  }

  pointBegins(): number {
    return this.#stopwatch();
  }

  pointEnds(point: MeasuredPoint, begun: number, status: Status | null = null): void {
    this.#metrics.extensionPoint(point, status, (this.#stopwatch() - begun) / 1000);
  }

  /** A search is over; columns.tally holds its verdicts: a node that filter c turned down was seen by filters 1..c. */
  filtered({ columns, framework, modes }: PodCycle, evaluated: number): void {
    const { u32 } = columns.memory;
    const first = (columns.tally >> 2) + 1;
    let left = evaluated;
    for (let index = 0; index < framework.filters.length; index++) {
      if (modes[index] !== "skip") {
        const cost = this.#filterCost(framework, index);
        cost.cycles++;
        cost.nodes += left;
        if (this.#isTimed) cost.timedCycles++;
      }
      left -= u32[first + index] as number;
    }
  }

  /** A plugin gave scores for so many nodes. */
  scored(plugin: string, nodes: number): void {
    const cost = this.#cost(plugin, "Score");
    cost.cycles++;
    cost.nodes += nodes;
  }

  /** Brings plugin_evaluation_total up to date. Not done as it happens: it would be another look-up per plugin and cycle. */
  publish(): void {
    for (const cost of this.costs) {
      const { plugin, point, cycles } = cost;
      if (!isEvaluated(point)) continue;
      const fresh = cycles - (this.#published.get(cost) ?? 0);
      if (fresh > 0) this.#metrics.evaluations(plugin, point, fresh);
      this.#published.set(cost, cycles);
    }
  }

  #filterCost({ filters }: Framework, index: number): PluginCost {
    let cost = this.#filterCosts[index];
    if (cost === undefined) {
      cost = this.#cost((filters[index] as (typeof filters)[number]).name, "Filter");
      this.#filterCosts[index] = cost;
    }
    return cost;
  }

  #cost(plugin: string, point: MeasuredPoint): PluginCost {
    let byPlugin = this.#costs.get(point);
    if (byPlugin === undefined) {
      byPlugin = new Map();
      this.#costs.set(point, byPlugin);
    }
    let cost = byPlugin.get(plugin);
    if (cost === undefined) {
      cost = { plugin, point, cycles: 0, nodes: 0, timedCycles: 0, timedMs: 0 };
      byPlugin.set(plugin, cost);
    }
    return cost;
  }
}

function isEvaluated(point: MeasuredPoint): point is EvaluatedPoint {
  return point === "PreFilter" || point === "Filter" || point === "PreScore" || point === "Score";
}
