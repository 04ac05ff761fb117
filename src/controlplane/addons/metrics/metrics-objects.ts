// NodeMetrics and PodMetrics of metrics.k8s.io/v1beta1, and the Table that `kubectl get` shows of them.
// Source: k8s.io/metrics pkg/apis/metrics/v1beta1/types.go; metrics-server pkg/api/table.go (columns).
import type { KubeObject } from "../../../api/meta.js";
import type { PodUsage } from "../../protocol/resource-metrics.js";
import { type NodeSample, WINDOW_MS } from "./usage-samples.js";
import { cpuText, memoryText } from "./usage-text.js";

export const METRICS_API_VERSION = "metrics.k8s.io/v1beta1";

interface UsageTexts {
  readonly cpu: string;
  readonly memory: string;
}

interface Metrics extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
}

export interface NodeMetrics extends Metrics {
  readonly kind: "NodeMetrics";
  readonly usage: UsageTexts;
}

export interface PodMetrics extends Metrics {
  readonly kind: "PodMetrics";
  readonly containers: readonly { readonly name: string; readonly usage: UsageTexts }[];
}

type Labels = Readonly<Record<string, string>>;

export function nodeMetrics(node: KubeObject, { node: usage, sampledMs }: NodeSample): NodeMetrics {
  const { name, labels } = node.metadata;
  return {
    kind: "NodeMetrics",
    apiVersion: METRICS_API_VERSION,
    metadata: metadataOf(name, undefined, labels, sampledMs),
    ...sampled(sampledMs),
    usage: usageTexts(usage.cpu.usageNanoCores, usage.memory.workingSetBytes),
  };
}

export function podMetrics(usage: PodUsage, labels: Labels | undefined): PodMetrics {
  return {
    kind: "PodMetrics",
    apiVersion: METRICS_API_VERSION,
    metadata: metadataOf(usage.name, usage.namespace, labels, usage.sampledMs),
    ...sampled(usage.sampledMs),
    containers: usage.containers.map(({ name, cpuNanoCores, memoryBytes }) => ({
      name,
      usage: usageTexts(cpuNanoCores, memoryBytes),
    })),
  };
}

function usageTexts(cpuNanoCores: number, memoryBytes: number): UsageTexts {
  return { cpu: cpuText(cpuNanoCores), memory: memoryText(memoryBytes) };
}

function sampled(sampledMs: number) {
  return { timestamp: timeText(sampledMs), window: `${WINDOW_MS / 1000}s` };
}

function metadataOf(
  name: string,
  namespace: string | undefined,
  labels: Labels | undefined,
  sampledMs: number,
) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    creationTimestamp: timeText(sampledMs),
    ...(labels === undefined ? {} : { labels }),
  };
}

/** Seconds are as fine as metav1.Time is. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

export interface MetricsRow {
  readonly object: NodeMetrics | PodMetrics;
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
}

const COLUMNS = [
  { name: "Name", type: "string", format: "name", description: "Name of the resource", priority: 0 },
  { name: "cpu", type: "string", format: "quantity", description: "", priority: 0 },
  { name: "memory", type: "string", format: "quantity", description: "", priority: 0 },
  { name: "Window", type: "string", format: "duration", description: "", priority: 0 },
];

/** @param version of meta.k8s.io: "v1" */
export function metricsTable(rows: readonly MetricsRow[], version: string): object {
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: {},
    columnDefinitions: COLUMNS,
    rows: rows.map(({ object, cpuNanoCores, memoryBytes }) => ({
      cells: [object.metadata.name, cpuText(cpuNanoCores), memoryText(memoryBytes), object.window],
      object,
    })),
  };
}
