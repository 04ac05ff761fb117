// What flow control counts, by upstream's names: one series for each level and schema.
// Source: apiserver pkg/util/flowcontrol/metrics/metrics.go.
import type { Counter } from "../../../base/metrics/counter.js";
import type { Gauge } from "../../../base/metrics/gauge.js";
import type { Histogram } from "../../../base/metrics/histogram.js";
import { type MetricDefinition, MetricSet } from "../../../base/metrics/metric-set.js";

const LEVEL = ["priority_level"] as const;
const FLOW = ["priority_level", "flow_schema"] as const;
const SECONDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

const TABLE = {
  rejected_requests_total: {
    type: "counter",
    labels: [...FLOW, "reason"],
    help: "Requests refused by flow control.",
  },
  dispatched_requests_total: { type: "counter", labels: FLOW, help: "Requests let in by flow control." },
  current_inqueue_requests: { type: "gauge", labels: FLOW, help: "Requests that wait in queues." },
  current_inqueue_seats: { type: "gauge", labels: FLOW, help: "Seats that are waited for in queues." },
  current_executing_requests: { type: "gauge", labels: FLOW, help: "Requests being served." },
  current_executing_seats: { type: "gauge", labels: FLOW, help: "Seats taken by requests being served." },
  request_wait_duration_seconds: {
    type: "histogram",
    labels: [...FLOW, "execute"],
    buckets: SECONDS,
    help: "How long requests waited in queues.",
  },
  request_execution_seconds: {
    type: "histogram",
    labels: [...FLOW, "type"],
    buckets: SECONDS,
    help: "How long requests were served; watches until they begin.",
  },
  request_queue_length_after_enqueue: {
    type: "histogram",
    labels: FLOW,
    buckets: [0, 10, 25, 50, 100, 250, 500, 1000],
    help: "Length of the queue that a request joined, itself included.",
  },
  nominal_limit_seats: { type: "gauge", labels: LEVEL, help: "Seats that a level's shares come to." },
  current_limit_seats: { type: "gauge", labels: LEVEL, help: "Seats that a level has now." },
} as const satisfies Record<string, MetricDefinition>;

export class FlowMetrics extends MetricSet<typeof TABLE> {
  constructor() {
    super(TABLE, "apiserver_flowcontrol_");
  }

  setSeats(level: string, seats: number): void {
    this.gauge("nominal_limit_seats").with(level).set(seats);
    this.gauge("current_limit_seats").with(level).set(seats);
  }
}

/** Kept by those who count: no name is looked up for a request. */
export class FlowSeries {
  readonly #metrics: FlowMetrics;
  readonly #labels: readonly [level: string, schema: string];
  readonly #dispatched: Counter;
  readonly #waited: Histogram;
  readonly #regular: Histogram;
  readonly #requests: Gauge;
  readonly #seats: Gauge;

  constructor(metrics: FlowMetrics, level: string, schema: string) {
    this.#metrics = metrics;
    this.#labels = [level, schema];
    this.#dispatched = metrics.counter("dispatched_requests_total").with(level, schema);
    this.#waited = metrics.histogram("request_wait_duration_seconds").with(level, schema, "true");
    this.#regular = metrics.histogram("request_execution_seconds").with(level, schema, "regular");
    this.#requests = metrics.gauge("current_executing_requests").with(level, schema);
    this.#seats = metrics.gauge("current_executing_seats").with(level, schema);
  }

  entered(): void {
    this.#dispatched.add();
    this.#requests.add(1);
    this.#seats.add(1);
  }

  left(seconds: number, isWatch: boolean): void {
    this.#requests.add(-1);
    this.#seats.add(-1);
    if (isWatch)
      this.#metrics
        .histogram("request_execution_seconds")
        .with(...this.#labels, "watch")
        .observe(seconds);
    else this.#regular.observe(seconds);
  }

  rejected(reason: string): void {
    this.#metrics
      .counter("rejected_requests_total")
      .with(...this.#labels, reason)
      .add();
  }

  queued(length: number): void {
    this.#inQueue(1);
    this.#metrics
      .histogram("request_queue_length_after_enqueue")
      .with(...this.#labels)
      .observe(length);
  }

  unqueued(seconds: number, isServed: boolean): void {
    this.#inQueue(-1);
    if (isServed) this.#waited.observe(seconds);
    else
      this.#metrics
        .histogram("request_wait_duration_seconds")
        .with(...this.#labels, "false")
        .observe(seconds);
  }

  #inQueue(change: number): void {
    for (const name of ["current_inqueue_requests", "current_inqueue_seats"] as const)
      this.#metrics
        .gauge(name)
        .with(...this.#labels)
        .add(change);
  }
}
