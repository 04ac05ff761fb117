// What a hollow kubelet serves over HTTP, reached through the API server's node proxy: a row per path.
// Source: kubernetes pkg/kubelet/server/server.go, pkg/kubelet/metrics/collectors/resource_metrics.go.
import type { NodePage } from "../../protocol/node-streams.js";
import { MetricSet } from "../../../base/metrics/metric-set.js";
import type { Pod } from "../pod/pod.js";
import type { NodeAgent } from "./node-agent.js";
import { nodeSummary } from "./node-summary.js";

export interface PagesOf {
  readonly agent: NodeAgent;
  /** Of the API, bound to the node. */
  readonly pods: () => readonly Pod[];
}

const JSON_TYPE = "application/json";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN = "text/plain; charset=utf-8";

const PAGES: Readonly<Record<string, (of: PagesOf) => NodePage>> = {
  "/healthz": () => ({ contentType: PLAIN, text: "ok" }),
  "/pods": ({ pods }) => json({ kind: "PodList", apiVersion: "v1", metadata: {}, items: pods() }),
  "/stats/summary": ({ agent }) => json(nodeSummary(agent)),
  "/metrics/resource": ({ agent }) => ({ contentType: PROMETHEUS, text: resourceMetrics(agent) }),
};

/** @returns null when there is no such page. Cost: O(Pods of the node) */
export function nodePage(of: PagesOf, path: string): NodePage | null {
  return PAGES[path.replace(/\/+$/, "")]?.(of) ?? null;
}

function json(value: object): NodePage {
  return { contentType: JSON_TYPE, text: JSON.stringify(value) };
}

const OF_POD = ["namespace", "pod"] as const;
const OF_CONTAINER = ["container", ...OF_POD] as const;
const SECONDS = { type: "gauge", help: "Cumulative cpu time consumed in core-seconds" } as const;
const BYTES = { type: "gauge", help: "Current working set in bytes" } as const;
/** Counters upstream; read off anew each time here, and so set. */
const RESOURCE_METRICS = {
  node_cpu_usage_seconds_total: { ...SECONDS, labels: [] },
  node_memory_working_set_bytes: { ...BYTES, labels: [] },
  pod_cpu_usage_seconds_total: { ...SECONDS, labels: OF_POD },
  pod_memory_working_set_bytes: { ...BYTES, labels: OF_POD },
  container_cpu_usage_seconds_total: { ...SECONDS, labels: OF_CONTAINER },
  container_memory_working_set_bytes: { ...BYTES, labels: OF_CONTAINER },
  container_start_time_seconds: {
    type: "gauge",
    help: "Start time of the container since unix epoch in seconds",
    labels: OF_CONTAINER,
  },
} as const;

function resourceMetrics(agent: NodeAgent): string {
  const metrics = new MetricSet(RESOURCE_METRICS, "");
  const { node, pods } = nodeSummary(agent);
  const seconds = (nanoseconds: number) => nanoseconds / 1e9;
  metrics.gauge("node_cpu_usage_seconds_total").with().set(seconds(node.cpu.usageCoreNanoSeconds));
  metrics.gauge("node_memory_working_set_bytes").with().set(node.memory.workingSetBytes);
  for (const { podRef, cpu, memory, containers } of pods) {
    const pod = [podRef.namespace, podRef.name] as const;
    metrics
      .gauge("pod_cpu_usage_seconds_total")
      .with(...pod)
      .set(seconds(cpu.usageCoreNanoSeconds));
    metrics
      .gauge("pod_memory_working_set_bytes")
      .with(...pod)
      .set(memory.workingSetBytes);
    for (const each of containers) {
      const labels = [each.name, ...pod] as const;
      const { cpu: used, memory: held, startTime } = each;
      metrics
        .gauge("container_cpu_usage_seconds_total")
        .with(...labels)
        .set(seconds(used.usageCoreNanoSeconds));
      metrics
        .gauge("container_memory_working_set_bytes")
        .with(...labels)
        .set(held.workingSetBytes);
      metrics
        .gauge("container_start_time_seconds")
        .with(...labels)
        .set(Date.parse(startTime) / 1000);
    }
  }
  return metrics.expose();
}
