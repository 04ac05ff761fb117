// The relative change that does not matter, per metric.
import type { Environment, MetricRecord } from "./run-record.js";

/** Metric name, "prefix.*" or "default" -> relative margin. */
export type MarginTable = Readonly<Record<string, number>>;

const CORE_MARGIN = 0.05;
const KERNEL_MARGIN = 0.1;

/** 0 for exact metrics; what the table says, the longest prefix first; else 5% in our core and 10% in a kernel. */
export function marginOf(
  { name, assume, provenance }: MetricRecord,
  table: MarginTable,
  noiseFloor: number,
): number {
  if (assume === "exact") return 0;
  const prefix = Object.keys(table)
    .filter((key) => key.endsWith(".*") && name.startsWith(key.slice(0, -1)))
    .sort((a, b) => b.length - a.length)[0];
  const written = table[name] ?? (prefix === undefined ? undefined : table[prefix]) ?? table["default"];
  const usual = provenance === "measured-kernel" || provenance === "imported" ? KERNEL_MARGIN : CORE_MARGIN;
  return Math.max(written ?? usual, noiseFloor);
}

/** What one fixed computation typically deviates by on the noisier of the machines: no margin is below it. */
export function noiseFloorOf(environments: readonly Environment[]): number {
  return Math.max(0, ...environments.map(({ noise }) => noise?.relativeMad ?? 0));
}
