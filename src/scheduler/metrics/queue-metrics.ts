// What the scheduling queue and the handling of cluster events count. As in profile-metrics.ts, no string is built per
// observation.
import type { HintResult } from "../queue/requeue-strategy.js";
import type { QueueCounts, QueueName } from "../queue/scheduling-queue.js";
import type { Gauge } from "../../base/metrics/gauge.js";
import { LazyMap } from "../../base/metrics/lazy-map.js";
import type { SchedulerMetrics } from "./scheduler-metrics.js";

export class QueueMetrics {
  readonly #incoming;
  readonly #hints;
  readonly #events;
  readonly #pending: readonly (readonly [keyof QueueCounts, Gauge])[];

  constructor(metrics: SchedulerMetrics) {
    const incoming = metrics.counter("queue_incoming_pods_total");
    this.#incoming = new LazyMap(
      (queue: QueueName) => new LazyMap((event: string) => incoming.with(queue, event)),
    );
    const hints = metrics.histogram("queueing_hint_execution_duration_seconds");
    this.#hints = new LazyMap(
      (plugin: string) =>
        new LazyMap(
          (event: string) => new LazyMap((result: HintResult) => hints.with(plugin, event, result)),
        ),
    );
    const events = metrics.histogram("event_handling_duration_seconds");
    this.#events = new LazyMap((event: string) => events.with(event));
    const pending = metrics.gauge("pending_pods");
    const queues = ["active", "backoff", "unschedulable", "gated"] as const;
    this.#pending = queues.map((queue) => [queue, pending.with(queue)] as const);
  }

  /** A Pod has entered a queue. */
  incoming(queue: QueueName, event: string): void {
    this.#incoming.get(queue).get(event).add();
  }

  /** A plugin's hint was asked. */
  hint(plugin: string, event: string, result: HintResult, seconds: number): void {
    this.#hints.get(plugin).get(event).get(result).observe(seconds);
  }

  /** A cluster event was taken in. */
  eventHandled(event: string, seconds: number): void {
    this.#events.get(event).observe(seconds);
  }

  /** So many Pods wait now. */
  pending(counts: QueueCounts): void {
    for (const [queue, gauge] of this.#pending) gauge.set(counts[queue]);
  }
}
