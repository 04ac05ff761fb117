// What scheduling cycles of a window took, by extension point and by plugin. Pure.
// Points are timed in every cycle, plugins in a sample of cycles: a plugin's share of the cycle is its share of what was
// sampled at its point, times the point's exact share. Reading the clock makes sampled times longer, but all alike.
import { Histogram } from "../../measure/histogram.js";
import type { MetricFamily } from "../../base/metrics/metric-family.js";
import type { PluginCostRow, SchedulingResult } from "./scheduling-types.js";

export interface CycleCosts {
  readonly attempts: number;
  /** Of one attempt, to the decision. null without attempts. */
  readonly attemptUs: { readonly mean: number; readonly p50: number; readonly p99: number } | null;
  /** Most time first. */
  readonly points: readonly PointCost[];
  /** Of the attempts' time, 0..1: what no extension point took. */
  readonly restShare: number;
}

export interface PointCost {
  readonly point: string;
  /** Cycles that came to it. */
  readonly cycles: number;
  readonly usPerCycle: number;
  /** Of the attempts' time, 0..1. */
  readonly share: number;
  /** Most time first; empty where plugins are not timed one by one. */
  readonly plugins: readonly PluginShare[];
}

export interface PluginShare {
  readonly plugin: string;
  /** Its own point: PreScore is timed as a part of Score. */
  readonly point: string;
  /** Exact: cycles in which it had a say, and nodes it was asked about; counted at Filter and Score only. */
  readonly cycles: number;
  readonly nodes: number;
  /** Sampled. */
  readonly timedCycles: number;
  readonly usPerTimedCycle: number;
  readonly share: number;
}

/** What of a result is needed. */
type Timed = Pick<SchedulingResult, "metrics" | "pluginCosts"> & {
  readonly latency: Pick<SchedulingResult["latency"], "attempt">;
};

/** Points whose time is a part of another's. */
const PART_OF: Readonly<Record<string, string>> = { PreScore: "Score" };
const POINT_TIMES = "scheduler_framework_extension_point_duration_seconds";

export function cycleCosts({ latency, metrics, pluginCosts }: Timed): CycleCosts {
  const attempt = Histogram.fromJSON(latency.attempt);
  const allNs = latency.attempt.buckets.reduce((sum, [ns, count]) => sum + ns * count, 0);
  const points = pointTimes(metrics).map(({ point, cycles, ns }): PointCost => {
    const share = allNs === 0 ? 0 : ns / allNs;
    const ofPoint = pluginCosts.filter((cost) => (PART_OF[cost.point] ?? cost.point) === point);
    return {
      point,
      cycles,
      usPerCycle: ns / cycles / 1000,
      share,
      plugins: pluginShares(ofPoint, share),
    };
  });
  const { count } = attempt;
  return {
    attempts: count,
    attemptUs:
      count === 0
        ? null
        : {
            mean: allNs / count / 1000,
            p50: (attempt.percentile(50) ?? 0) / 1000,
            p99: (attempt.percentile(99) ?? 0) / 1000,
          },
    points: points.sort((a, b) => b.share - a.share),
    restShare: Math.max(0, 1 - points.reduce((sum, { share }) => sum + share, 0)),
  };
}

function pluginShares(costs: readonly PluginCostRow[], pointShare: number): readonly PluginShare[] {
  const sampledMs = costs.reduce((sum, { timedMs }) => sum + timedMs, 0);
  return costs
    .map(({ plugin, point, cycles, nodes, timedCycles, timedMs }) => ({
      plugin,
      point,
      cycles,
      nodes,
      timedCycles,
      usPerTimedCycle: timedCycles === 0 ? 0 : (timedMs / timedCycles) * 1000,
      share: sampledMs === 0 ? 0 : (timedMs / sampledMs) * pointShare,
    }))
    .sort((a, b) => b.share - a.share || (a.plugin < b.plugin ? -1 : 1));
}

interface PointTime {
  readonly point: string;
  readonly cycles: number;
  readonly ns: number;
}

/** Over all profiles and statuses. */
function pointTimes(metrics: readonly MetricFamily[]): readonly PointTime[] {
  const times = new Map<string, PointTime>();
  for (const family of metrics) {
    if (family.name !== POINT_TIMES || family.type !== "histogram") continue;
    for (const { labels, count, sum } of family.series) {
      const point = labels["extension_point"] ?? "";
      const before = times.get(point) ?? { point, cycles: 0, ns: 0 };
      if (count > 0) times.set(point, { point, cycles: before.cycles + count, ns: before.ns + sum * 1e9 });
    }
  }
  return [...times.values()];
}
