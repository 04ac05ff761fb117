// Scheduling throughput as upstream's scheduler_perf computes it, so that numbers can stand beside its thresholds.
// Readings are taken about every second. The first that sees a scheduled Pod only starts the count; an interval without
// new Pods is merged into the next, whose rate is then repeated once for each; a rate is new Pods by the time that has
// really passed. The average is the mean of these samples, not total by time: repeated rates keep percentiles honest.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/util.go, throughputCollector.
import { assert } from "../base/assert.js";

export interface ThroughputReading {
  /** Rising from reading to reading. */
  readonly timestampMs: number;
  /** Pods scheduled since the window began. */
  readonly scheduledCount: number;
}

/** Pods a second, in the order taken. Empty when scheduling was over within two readings. */
export function throughputSamples(readings: readonly ThroughputReading[]): readonly number[] {
  const samples: number[] = [];
  let last: ThroughputReading | null = null;
  let skippedCount = 0;
  for (const reading of readings) {
    if (reading.scheduledCount === 0) continue;
    if (last === null) {
      last = reading;
      continue;
    }
    const newCount = reading.scheduledCount - last.scheduledCount;
    if (newCount === 0) {
      skippedCount++;
      continue;
    }
    const elapsedMs = reading.timestampMs - last.timestampMs;
    assert(
      elapsedMs > 0,
      `throughput readings ${last.timestampMs} and ${reading.timestampMs} ms do not rise`,
    );
    const rate = newCount / (elapsedMs / 1000);
    for (let sample = 0; sample <= skippedCount; sample++) samples.push(rate);
    last = reading;
    skippedCount = 0;
  }
  return samples;
}

export interface ThroughputSummary {
  readonly Average: number;
  readonly Perc50: number;
  readonly Perc90: number;
  readonly Perc95: number;
  readonly Perc99: number;
}

/** null without samples: the run was too short to be measured so. */
export function throughputSummary(samples: readonly number[]): ThroughputSummary | null {
  if (samples.length === 0) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  const percentile = (percent: number) => sorted[Math.ceil((sorted.length * percent) / 100) - 1] as number;
  return {
    Average: sorted.reduce((total, rate) => total + rate, 0) / sorted.length,
    Perc50: percentile(50),
    Perc90: percentile(90),
    Perc95: percentile(95),
    Perc99: percentile(99),
  };
}
