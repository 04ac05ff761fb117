// Where clients and controllers put what they count; whoever serves /metrics implements it. Names are upstream's.

export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricSink {
  /** A counter. */
  add(name: string, labels: MetricLabels, by: number): void;
  /** A gauge. */
  set(name: string, labels: MetricLabels, value: number): void;
  /** A histogram. */
  observe(name: string, labels: MetricLabels, value: number): void;
}
