// Everything that is measured between two moments of a case: upstream's throughput readings, latencies, attempts, what
// plugins cost, points over time. A case may open it several times; sums then run on.
// What it costs the case: two look-ups, three clock readings and six histogram counts per Pod, about 1 us, and per point
// over time one pass over the nodes.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/util.go (throughputCollector), executor.go.
import { getHeapStatistics } from "node:v8";
import type { Pod } from "../../api/types.js";
import { assert } from "../../base/assert.js";
import { type ThroughputReading, throughputSamples } from "../../measure/scheduler-throughput.js";
import type { Attempt } from "../../scheduler/attempt.js";
import type { MetricFamily } from "../../base/metrics/metric-family.js";
import type { NodeInfo } from "../../scheduler/cache/node-info.js";
import { objectKey } from "../../scheduler/objects.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import type { Agenda } from "./agenda.js";
import { resourcesOf, utilisation } from "./cluster-use.js";
import { isBound } from "./pod-objects.js";
import { PodLatencies } from "./pod-latencies.js";
import { isInScope, type PodScope } from "./pod-scope.js";
import type { PodChange, PodSource } from "./pod-source.js";
import { SampledTimeline } from "./sampled-timeline.js";
import type { PluginCostRow, TimelinePoint } from "./scheduling-types.js";
import { SlowestAttempts } from "./slowest-attempts.js";
import type { Timeline } from "./timeline.js";

export interface MeasuredWindowParts {
  readonly scheduler: Scheduler;
  readonly source: PodSource;
  readonly agenda: Agenda;
  readonly timeline: Timeline;
  /** Of what is free; null where nothing is scarce. */
  readonly fragmentation: () => number | null;
  /** What has happened before belongs to nobody's window. */
  readonly bringUpToDate: () => void;
  /** Whether throughput is read every second; a trace of months is measured by its points alone. */
  readonly readsThroughput: boolean;
  readonly onEdge: (isOpen: boolean) => void;
  /** Runs the garbage collector, if the process lets us. */
  readonly collectGarbage: () => void;
}

const READING_INTERVAL_MS = 1000;

export class MeasuredWindow {
  readonly latencies = new PodLatencies();
  readonly slowest = new SlowestAttempts();
  readonly attempts = { scheduled: 0, unschedulable: 0, error: 0 };
  readonly samples: number[] = [];
  nodesEvaluated = 0;
  nodesScored = 0;
  podsMeasured = 0;
  podsScheduled = 0;
  /** How things stood when it first opened. */
  podsInitial = 0;
  nodesInitial = 0;
  durationMs = 0;
  openings = 0;
  heapBytesMax = 0;
  pluginCosts: readonly PluginCostRow[] = [];
  metrics: readonly MetricFamily[] = [];
  readonly #parts: MeasuredWindowParts;
  readonly #points: SampledTimeline<TimelinePoint>;
  /** Of `#nodes`, the list they were last read from. */
  #resources: readonly string[] = [];
  #nodes: readonly NodeInfo[] = [];
  #readings: ThroughputReading[] = [];
  /** Pods that are to come, by key. */
  readonly #starts = new Map<string, number>();
  /** What ends the window's watches; empty while it is closed. */
  #watches: (() => void)[] = [];
  #scope: PodScope = { namespaces: null, labels: {} };
  #openedMs = 0;

  constructor(parts: MeasuredWindowParts) {
    this.#parts = parts;
    this.#points = new SampledTimeline(parts.agenda, (nowMs) => this.#point(nowMs));
  }

  get isOpen(): boolean {
    return this.#watches.length > 0;
  }

  get points(): readonly TimelinePoint[] {
    return this.#points.points;
  }

  /** @param expectedMs how long it will last at least; 0 when nobody knows */
  open(scope: PodScope, expectedMs = 0): void {
    assert(!this.isOpen, "a window of measurement is open already");
    const { source, agenda, timeline, scheduler, readsThroughput, onEdge } = this.#parts;
    this.#parts.bringUpToDate();
    if (this.openings++ === 0) this.#begin();
    this.#scope = scope;
    this.#readings = [];
    // Pods that wait already are measured, too.
    for (const pod of source.pods()) if (!isBound(pod) && isInScope(pod, scope)) this.podsMeasured++;
    this.#parts.collectGarbage();
    scheduler.resetMetrics();
    onEdge(true);
    this.#openedMs = timeline.now();
    this.#watches = [source.onPod((change) => this.#podChanged(change))];
    if (readsThroughput)
      this.#watches.push(agenda.every(this.#openedMs, READING_INTERVAL_MS, (nowMs) => this.#read(nowMs)));
    this.#points.begin(this.#openedMs, expectedMs);
  }

  close(): void {
    assert(this.isOpen, "no window of measurement is open");
    const { scheduler, timeline, onEdge } = this.#parts;
    const nowMs = timeline.now();
    onEdge(false);
    this.#points.end(nowMs);
    for (const end of this.#watches) end();
    this.#watches = [];
    this.#starts.clear();
    this.durationMs += nowMs - this.#openedMs;
    for (const sample of throughputSamples(this.#readings)) this.samples.push(sample);
    scheduler.updateGauges();
    this.metrics = scheduler.metrics.snapshot();
    this.pluginCosts = scheduler.pluginCosts().map((cost) => ({ ...cost }));
  }

  /**
   * When a measured Pod should come, told before it does; without this, the moment that it is seen counts. What was told
   * first stays.
   *
   * @param key namespace/name
   */
  startsAt(key: string, startMs: number): void {
    if (this.isOpen && !this.#starts.has(key)) this.#starts.set(key, startMs);
  }

  attempted(attempt: Attempt, time: { readonly begunMs: number; readonly decidedMs: number }): void {
    if (!this.isOpen || attempt.result === "skipped") return;
    const { result, pod, evaluatedNodes, feasibleNodes } = attempt;
    this.attempts[result]++;
    this.nodesEvaluated += evaluatedNodes;
    // A single candidate is taken without scores.
    if (feasibleNodes > 1) this.nodesScored += feasibleNodes;
    this.latencies.attempted(time);
    this.slowest.add(attempt, time.decidedMs - time.begunMs);
    if (result === "scheduled" && isInScope(pod.pod, this.#scope)) this.latencies.decided(pod.uid, time);
  }

  #begin(): void {
    const { source, scheduler } = this.#parts;
    for (const pod of source.pods()) if (isBound(pod)) this.podsInitial++;
    this.nodesInitial = scheduler.cache.nodes.length;
  }

  #podChanged({ before, after, wasBound, isBound }: PodChange): void {
    const pod = after ?? before;
    if (pod === null || !isInScope(pod, this.#scope)) return;
    const uid = pod.metadata.uid ?? "";
    if (after === null) {
      this.latencies.gone(uid);
      return;
    }
    if (before === null) {
      this.podsMeasured++;
      if (!isBound) this.latencies.starts(uid, this.#startOf(pod));
    }
    // A Pod that comes with its node is none of the scheduler's.
    if (before === null || wasBound || !isBound) return;
    this.podsScheduled++;
    this.latencies.bound(uid, this.#parts.timeline.now(), this.#openedMs);
  }

  #startOf(pod: Pod): number {
    // Most windows are told of no Pod, and a key is not for free.
    const key = this.#starts.size === 0 ? "" : objectKey(pod);
    const startMs = this.#starts.get(key) ?? this.#parts.timeline.now();
    this.#starts.delete(key);
    return startMs;
  }

  #read(nowMs: number): boolean {
    this.#readings.push({ timestampMs: nowMs, scheduledCount: this.podsScheduled });
    return true;
  }

  #point(nowMs: number): TimelinePoint {
    const { scheduler, fragmentation } = this.#parts;
    const { scheduled, unschedulable, error } = this.attempts;
    const { nodes, columns } = scheduler.cache;
    if (nodes !== this.#nodes) this.#resources = resourcesOf(nodes);
    this.#nodes = nodes;
    this.heapBytesMax = Math.max(this.heapBytesMax, getHeapStatistics().used_heap_size);
    return {
      atMs: this.durationMs + nowMs - this.#openedMs,
      scheduled: this.podsScheduled,
      attempts: scheduled + unschedulable + error,
      queue: scheduler.queueCounts(),
      utilisation: utilisation(columns, this.#resources),
      fragmentation: fragmentation(),
    };
  }
}
