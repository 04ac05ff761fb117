// Samples -> cases: one case per matrix point (and per extra label, such as a worker count), one metric record per
// metric, samples in the order taken. Where a process disagrees on something exact, the case failed.
import { Histogram } from "../measure/histogram.js";
import { labelsText } from "../measure/labels-text.js";
import { METRICS, type MetricName } from "../measure/metrics.js";
import type { CaseRecord, MetricRecord, Sample } from "../measure/run-record.js";
import { metricRecord } from "../measure/summary.js";
import type { Execution } from "./executor.js";
import type { MetricValue, SampleResult } from "./sample-types.js";
import type { Labels, Scenario, ScenarioCase } from "./scenario-types.js";

/** Times of these begin when a Pod was due, even when it could be handed over only later. */
const SINCE_SCHEDULED_START: readonly MetricName[] = ["sched.queue_ns", "sched.total_ns"];

/** Case records in matrix order; a case's extra-label children follow it. */
export function assembleCases(scenario: Scenario, execution: Execution): CaseRecord[] {
  const failures = new Map(execution.failures.map(({ caseId, reason }) => [caseId, reason]));
  return scenario.cases.flatMap((scenarioCase) => {
    const results = execution.results.filter((result) => result.caseId === scenarioCase.id);
    return caseRecords(scenarioCase, results, failures.get(scenarioCase.id) ?? null);
  });
}

function caseRecords(
  scenarioCase: ScenarioCase,
  results: readonly SampleResult[],
  failure: string | null,
): CaseRecord[] {
  const [first] = results;
  if (first === undefined) return [emptyCase(scenarioCase, failure ?? "no block of the run was finished")];
  const groups = groupByLabels(results);
  const wrong = failure ?? results.map(workloadMismatch).find((reason) => reason !== null) ?? null;
  return [...groups.values()].map(({ labels, values }) => {
    const { metrics, disagreement } = metricRecords(values);
    const reason = first.unsupported ?? wrong ?? disagreement ?? placementDisagreement(results);
    const status = first.unsupported !== null ? "unsupported" : reason === null ? "ok" : "failed";
    const all = { ...scenarioCase.labels, ...labels };
    const scheduling = partOfKind(scenarioCase, results);
    return {
      id: labelsText(all),
      labels: all,
      status,
      reason,
      workload: first.workload,
      metrics,
      ...scheduling,
    };
  });
}

function emptyCase(scenarioCase: ScenarioCase, reason: string): CaseRecord {
  const { id, labels } = scenarioCase;
  const workload = { requested: {}, applied: {} };
  return { id, labels, status: "failed", reason, workload, metrics: [], ...partOfKind(scenarioCase, []) };
}

/** What a case holds by its kind. Scheduling: of the block with the median rate, as a course of events cannot be merged. */
function partOfKind(
  { kind }: ScenarioCase,
  results: readonly SampleResult[],
): Pick<CaseRecord, "scheduling" | "controlplane"> {
  if (kind === "controlplane") return { controlplane: true };
  if (kind !== "scheduling") return {};
  const found = results.flatMap(({ scheduling }) => (scheduling === null ? [] : [scheduling]));
  const byRate = found.toSorted((a, b) => a.podsPerSecond - b.podsPerSecond);
  return { scheduling: byRate[Math.floor(byRate.length / 2)]?.record ?? null };
}

/** Placements of the pass in simulated time are exact, as counted values are. */
function placementDisagreement(results: readonly SampleResult[]): string | null {
  const records = results.flatMap(({ scheduling }) => (scheduling === null ? [] : [scheduling.record]));
  const [first] = records;
  const other = records.find(({ placementDigest }) => placementDigest !== first?.placementDigest);
  if (first === undefined || other === undefined) return null;
  return `placements are exact, yet those of block ${other.block} differ from those of block ${first.block}`;
}

interface BlockValue {
  readonly block: number;
  readonly value: MetricValue;
}

interface Group {
  readonly labels: Labels;
  readonly values: BlockValue[];
}

/** The case's own metrics come first, under no extra label, even when it has none. */
function groupByLabels(results: readonly SampleResult[]): Map<string, Group> {
  const groups = new Map<string, Group>([["", { labels: {}, values: [] }]]);
  for (const { block, values } of results) {
    for (const value of values) {
      const key = labelsText(value.labels);
      const group = groups.get(key) ?? { labels: value.labels, values: [] };
      group.values.push({ block, value });
      groups.set(key, group);
    }
  }
  return groups;
}

function metricRecords(values: readonly BlockValue[]): {
  metrics: MetricRecord[];
  disagreement: string | null;
} {
  const metrics: MetricRecord[] = [];
  let disagreement: string | null = null;
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const own = values.filter(({ value }) => value.name === name);
    const [first] = own;
    if (first === undefined) continue;
    const exact = METRICS[name].assume === "exact";
    const other = exact ? own.find(({ value }) => value.value !== first.value.value) : undefined;
    if (other)
      disagreement = `${name} is exact, yet block ${other.block} gave ${other.value.value} and block ${first.block} ${first.value.value}`;
    const samples: Sample[] = (exact ? [first] : own).map(({ block, value }) => ({
      block,
      value: value.value,
    }));
    metrics.push(metricRecord(name, samples, details(exact ? [first] : own)));
  }
  return { metrics, disagreement };
}

function details(values: readonly BlockValue[]): NonNullable<Parameters<typeof metricRecord>[2]> {
  const histograms = values.flatMap(({ value }) =>
    value.histogram ? [Histogram.fromJSON(value.histogram)] : [],
  );
  const breakdown = values[0]?.value.breakdown ?? null;
  const [merged, ...rest] = histograms;
  for (const histogram of rest) merged?.merge(histogram);
  const omission = SINCE_SCHEDULED_START.some((name) => name === values[0]?.value.name)
    ? ({ omission: "scheduled-start" } as const)
    : {};
  return { ...(merged ? { histogram: merged, ...omission } : {}), ...(breakdown ? { breakdown } : {}) };
}

function workloadMismatch({ workload }: SampleResult): string | null {
  for (const [what, requested] of Object.entries(workload.requested)) {
    const applied = workload.applied[what];
    if (applied !== requested) return `asked for ${requested} ${what}, applied ${applied ?? "none"}`;
  }
  return null;
}
