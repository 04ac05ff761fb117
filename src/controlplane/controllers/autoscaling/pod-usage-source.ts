// What kubelets report of Pods, as autoscalers ask for it. There are no custom metrics.
import type { PodUsage, ResourceMetrics } from "../../protocol/resource-metrics.js";
import type { MetricsSource } from "./metric-proposal.js";
import type { PodMetric } from "./replica-count.js";

/** Thousandths of a unit. */
const MILLI_OF: Readonly<Record<string, (usage: PodUsage["containers"][number]) => number>> = {
  cpu: ({ cpuNanoCores }) => Math.ceil(cpuNanoCores / 1e6),
  memory: ({ memoryBytes }) => memoryBytes * 1000,
};

export function podUsageSource(metrics: ResourceMetrics): MetricsSource {
  return {
    podResource: async (namespace, resource, container) => {
      const milliOf = MILLI_OF[resource];
      if (milliOf === undefined)
        throw new Error(`unable to get metrics for resource ${resource}: no such resource`);
      const found = new Map<string, PodMetric>();
      for (const { name, sampledMs, windowMs, containers } of metrics.podUsages(namespace, "")) {
        const counted = containers.filter((each) => container === null || each.name === container);
        if (counted.length === 0) continue;
        const value = counted.reduce((sum, each) => sum + milliOf(each), 0);
        found.set(name, { value, timestampMs: sampledMs, windowMs });
      }
      if (found.size === 0)
        throw new Error(
          `unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`,
        );
      return found;
    },
    podMetric: (_, name) => Promise.reject(absent(name, "custom")),
    object: (_, name) => Promise.reject(absent(name, "custom")),
    external: (_, name) => Promise.reject(absent(name, "external")),
  };
}

function absent(name: string, api: string): Error {
  return new Error(`unable to get metric ${name}: no metrics returned from ${api} metrics API`);
}
