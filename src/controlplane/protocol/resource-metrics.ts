// What Pods use, as metrics.k8s.io says it, for readers in this process: autoscalers.

export interface ContainerUsage {
  readonly name: string;
  /** Of one core. */
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
}

export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  /** When it was sampled, ms since 1970. */
  readonly sampledMs: number;
  /** How long the sample speaks for. */
  readonly windowMs: number;
  readonly containers: readonly ContainerUsage[];
}

export interface ResourceMetrics {
  /**
   * Running Pods of a namespace that a node reports on; those it does not know yet are left out.
   *
   * @param labelSelector as in a query: "app=web,tier in (a, b)"; "": all
   * @throws {StatusError} BadRequest for a selector that cannot be read, ServiceUnavailable before there are samples
   */
  podUsages(namespace: string, labelSelector: string): readonly PodUsage[];
}
