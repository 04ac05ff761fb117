// What horizontal Pod autoscalers read: resource usage from the metrics API, in process. Custom and external metrics have
// no adapter here; an autoscaler that asks for them says so in its conditions.
// Source: kubernetes pkg/controller/podautoscaler/metrics/client.go.
import { StatusError } from "../../api/status.js";
import type { MetricsSource } from "../controllers/autoscaling/metric-proposal.js";
import type { PodMetrics } from "../controllers/autoscaling/replica-count.js";
import type { ContainerUsage, PodUsage, ResourceMetrics } from "../protocol/resource-metrics.js";

/** Nanocores and bytes, as thousandths of a core and of a byte. */
const MILLI_OF: Readonly<Record<string, (usage: ContainerUsage) => number>> = {
  cpu: ({ cpuNanoCores }) => cpuNanoCores / 1e6,
  memory: ({ memoryBytes }) => memoryBytes * 1000,
};

export function autoscalerMetrics(metrics: ResourceMetrics): MetricsSource {
  return {
    podResource: async (namespace, resource, container) => {
      const milliOf = MILLI_OF[resource];
      if (milliOf === undefined) throw noAdapter("resource", resource);
      return podMetrics(metrics.podUsages(namespace, ""), container, milliOf);
    },
    podMetric: (_namespace, name) => Promise.reject(noAdapter("custom", name)),
    external: (_namespace, name) => Promise.reject(noAdapter("external", name)),
    object: (_namespace, name) => Promise.reject(noAdapter("custom", name)),
  };
}

function podMetrics(
  usages: readonly PodUsage[],
  container: string | null,
  milliOf: (usage: ContainerUsage) => number,
): PodMetrics {
  return new Map(
    usages.map(({ name, sampledMs, windowMs, containers }) => {
      const counted = containers.filter((each) => container === null || each.name === container);
      const value = counted.reduce((sum, each) => sum + milliOf(each), 0);
      return [name, { value, timestampMs: sampledMs, windowMs }];
    }),
  );
}

function noAdapter(kind: string, name: string): StatusError {
  return new StatusError("NotFound", `no ${kind} metrics API has ${name}`);
}
