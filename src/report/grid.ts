// A run's cases seen as a grid: one series per mode, one column per size. What every table and curve is drawn from.
import { METRICS, type MetricName } from "../measure/metrics.js";
import type { CaseRecord, MetricRecord } from "../measure/run-record.js";

/** Cases that share every label except the mode and the size. */
export interface Grid {
  /** The labels they share, "traffic=zipf"; "" when there are none. */
  readonly title: string;
  /** In the order of the record. */
  readonly modes: readonly string[];
  /** Rising; [0] when the cases have no size. */
  readonly sizes: readonly number[];
  /** What the sizes count: "Services"; "" when the cases have no size. */
  readonly sizeNoun: string;
  readonly cases: readonly CaseRecord[];
  at(mode: string, size: number): CaseRecord | undefined;
}

const MODE_LABEL = "mode";
const SIZE_LABEL = "services";
export const WORKERS_LABEL = "workers";

/** Grids in the order of their first case. Cases of the worker scaling phase, that schedule Pods, or of a control plane are left out. */
export function gridsOf(cases: readonly CaseRecord[]): readonly Grid[] {
  const members = cases.filter(
    (one) => !(WORKERS_LABEL in one.labels) && one.scheduling === undefined && one.controlplane === undefined,
  );
  const sizeLabel = sizeLabelOf(members);
  const groups = new Map<string, CaseRecord[]>();
  for (const one of members) {
    const title = otherLabels(one, sizeLabel);
    const group = groups.get(title);
    if (group) group.push(one);
    else groups.set(title, [one]);
  }
  return [...groups].map(([title, group]) => gridOf(title, group, sizeLabel));
}

/** The metric when the case finished and has it. */
export function metricOf(one: CaseRecord | undefined, name: MetricName): MetricRecord | undefined {
  return one?.status === "ok" ? one.metrics.find((metric) => metric.name === name) : undefined;
}

/** The metric's value in base units, or null. */
export function metricValue(one: CaseRecord | undefined, name: MetricName): number | null {
  return metricOf(one, name)?.summary.median ?? null;
}

/** The largest size at which at least two modes (or the only one) have the metric. */
export function largestSizeWith(grid: Grid, name: MetricName): number | null {
  const wanted = Math.min(2, grid.modes.length);
  const has = (size: number) =>
    grid.modes.filter((mode) => metricValue(grid.at(mode, size), name) !== null).length;
  return grid.sizes.findLast((size) => has(size) >= wanted) ?? null;
}

/** Names of the metrics that some case of the list holds, in the order of the table of metrics. */
export function metricNamesIn(cases: readonly CaseRecord[]): readonly MetricName[] {
  const held = new Set(cases.flatMap((one) => one.metrics.map((metric) => metric.name)));
  return (Object.keys(METRICS) as MetricName[]).filter((name) => held.has(name));
}

function gridOf(title: string, cases: readonly CaseRecord[], sizeLabel: string | null): Grid {
  const sizeOf = (one: CaseRecord) => (sizeLabel === null ? 0 : Number(one.labels[sizeLabel] ?? 0));
  const byKey = new Map(cases.map((one) => [`${modeOf(one)}\n${sizeOf(one)}`, one]));
  return {
    title,
    cases,
    modes: [...new Set(cases.map(modeOf))],
    sizes: [...new Set(cases.map(sizeOf))].sort((a, b) => a - b),
    sizeNoun: sizeLabel === null ? "" : nounOf(sizeLabel),
    at: (mode, size) => byKey.get(`${mode}\n${size}`),
  };
}

function modeOf(one: CaseRecord): string {
  return String(one.labels[MODE_LABEL] ?? "all");
}

/**
 * What an object holds, by name: a record in memory has its keys as they were set, one read from a file has them
 * sorted, and both must give the same page.
 */
export function pairsByName<Value>(held: Readonly<Record<string, Value>>): readonly [string, Value][] {
  return Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1));
}

function otherLabels(one: CaseRecord, sizeLabel: string | null): string {
  return pairsByName(one.labels)
    .filter(([label]) => label !== MODE_LABEL && label !== sizeLabel)
    .map(([label, value]) => `${label}=${value}`)
    .join(" ");
}

/** "services" where it is used; otherwise the numeric label with the most values. */
function sizeLabelOf(cases: readonly CaseRecord[]): string | null {
  const values = new Map<string, Set<number>>();
  for (const one of cases) {
    for (const [label, value] of pairsByName(one.labels)) {
      if (typeof value !== "number") continue;
      values.set(label, (values.get(label) ?? new Set()).add(value));
    }
  }
  if (values.has(SIZE_LABEL)) return SIZE_LABEL;
  const ranked = [...values].sort(([, a], [, b]) => b.size - a.size);
  return ranked[0]?.[0] ?? null;
}

/** What a numeric label counts, as people write it. */
export function nounOf(label: string): string {
  return label === SIZE_LABEL ? "Services" : label;
}
