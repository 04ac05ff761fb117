// Two passes of one sample -> what the run record keeps of them beside metrics.
import { bucketSummary, bucketSummaryMs } from "../../measure/bucket-quantile.js";
import {
  type ImportedFloor,
  isTimed,
  type SchedulingRecord,
  type Through,
  type UpstreamMetric,
} from "../../measure/scheduling-record.js";
import type { MetricFamily } from "../../base/metrics/metric-family.js";
import type { SchedulingResult, TimelinePoint } from "./scheduling-types.js";

/** A curve needs no more points than a screen has. */
const TIMELINE_POINTS_MAX = 400;
const SLOWEST_KEPT = 20;

interface Passes {
  readonly real: SchedulingResult;
  readonly simulated: SchedulingResult;
  readonly block: number;
  readonly through: Through;
  readonly floor: ImportedFloor | null;
}

export function schedulingRecord({ real, simulated, through, block, floor }: Passes): SchedulingRecord {
  return {
    ...(through === "in-process" ? {} : { through }),
    block,
    nodes: real.nodes,
    podsInitial: real.podsInitial,
    podsMeasured: real.podsMeasured,
    podsScheduled: real.podsScheduled,
    durationMs: real.durationMs,
    throughput: real.throughput,
    attempts: real.attempts,
    timeline: thinned(real.timeline).map((point) => ({ ...point, queue: { ...point.queue } })),
    pluginCosts: real.pluginCosts,
    upstreamMetrics: real.metrics.flatMap(upstreamMetrics),
    slowest: real.slowest.slice(0, SLOWEST_KEPT),
    columnBytes: real.columnBytes,
    placement: simulated.placement,
    placementDigest: simulated.placementDigest,
    floor,
  };
}

/** Every nth point, and the last. */
function thinned(timeline: readonly TimelinePoint[]): readonly TimelinePoint[] {
  const step = Math.ceil(timeline.length / TIMELINE_POINTS_MAX);
  return timeline.filter((_, index) => index % step === 0 || index === timeline.length - 1);
}

function upstreamMetrics(family: MetricFamily): readonly UpstreamMetric[] {
  const { name, type: kind } = family;
  if (family.type !== "histogram")
    return family.series.map(({ labels, value }) => ({ name, labels, kind, data: { Value: value } }));
  return family.series.flatMap(({ labels, ...histogram }): readonly UpstreamMetric[] => {
    // Some count attempts or victims.
    const data = isTimed(name) ? bucketSummaryMs(histogram) : bucketSummary(histogram, 1);
    return data === null ? [] : [{ name, labels, kind, data }];
  });
}
