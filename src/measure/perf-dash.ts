// Results in the form that Kubernetes' perf-dash reads: {"version":"v1","dataItems":[{data, unit, labels}]}.
// perf-dash only shows items that have every label chosen, so an item without a label that another has gets
// "not applicable". Keys are sorted and the text is indented, as upstream's encoder does.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/util.go, dataItems2JSONFile.

export interface DataItem {
  /** Bucket ("Average", "Perc99", ...) -> number. */
  readonly data: Readonly<Record<string, number>>;
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
}

const NOT_APPLICABLE = "not applicable";

export function perfDashJson(items: readonly DataItem[]): string {
  const names = new Set(items.flatMap((item) => Object.keys(item.labels)));
  const missing = Object.fromEntries([...names].map((name) => [name, NOT_APPLICABLE]));
  const dataItems = items.map(({ data, unit, labels }) => ({
    data: sorted(data),
    unit,
    labels: sorted({ ...missing, ...labels }),
  }));
  return JSON.stringify({ version: "v1", dataItems }, null, 2);
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
