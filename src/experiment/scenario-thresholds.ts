// Thresholds and margins: what is written, held against the metrics and the cases it speaks of.
import { labelsText } from "../measure/labels-text.js";
import { METRICS, type MetricName, type MetricRow, type Unit } from "../measure/metrics.js";
import { parseQuantity, type QuantityKind, quantityExample } from "../base/document/quantities.js";
import { metricsOf } from "./scenario-phases.js";
import { controlPlaneMetrics } from "./controlplane/controlplane-metrics.js";
import { SCHEDULING_METRICS } from "./scheduling/scheduling-metrics.js";
import type { WrittenThreshold } from "./scenario-schema.js";
import {
  type Labels,
  OPERATORS,
  type Operator,
  type Regression,
  type ScenarioCase,
  type Threshold,
} from "./scenario-types.js";
import { suggestion } from "../base/document/suggestion.js";

const KINDS: Readonly<Record<Exclude<Unit, "1">, QuantityKind>> = {
  ns: "duration",
  B: "size",
  "1/s": "rate",
};

/** The threshold with its limit in base units, or what is wrong with it, and under which key. */
export function resolveThreshold(
  written: WrittenThreshold,
  cases: readonly ScenarioCase[],
): Threshold | { readonly key: keyof WrittenThreshold; readonly message: string } {
  const { metric, where, must } = written;
  if (!cases.some((scenarioCase) => metricsOfCase(scenarioCase).includes(metric))) {
    return { key: "metric", message: `no phase of this scenario produces ${metric}` };
  }
  const fault = whereFault(where, cases);
  if (fault !== null) return { key: "where", message: fault };
  const match = /^(<=|>=|==|<|>)\s*(\S+)$/.exec(must.trim());
  const operator = OPERATORS.find((each) => each === match?.[1]);
  const limit = match ? parseLimit(match[2] ?? "", metric) : null;
  if (operator === undefined || limit === null) return { key: "must", message: expectation(metric, must) };
  return { ...written, operator: operator satisfies Operator, limit };
}

function parseLimit(text: string, metric: MetricName): number | null {
  const { unit }: MetricRow = METRICS[metric];
  if (unit !== "1") return parseQuantity(KINDS[unit], text);
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseQuantity("share", text);
}

function expectation(metric: MetricName, must: string): string {
  const { unit }: MetricRow = METRICS[metric];
  const limit =
    unit === "1" ? "a bare number or a share" : `a ${KINDS[unit]} such as ${quantityExample(KINDS[unit])}`;
  return `expected ${OPERATORS.join(", ")} and ${limit} (${metric} is in ${unit === "1" ? "plain numbers" : unit}), got ${JSON.stringify(must)}`;
}

function metricsOfCase(scenarioCase: ScenarioCase): readonly MetricName[] {
  switch (scenarioCase.kind) {
    case "scheduling":
      return SCHEDULING_METRICS;
    case "controlplane":
      return controlPlaneMetrics(scenarioCase.spec.bench);
    case "packets":
      return scenarioCase.phases.flatMap(metricsOf);
  }
}

/** Labels a phase adds to those of the matrix. */
function labelsOf(scenarioCase: ScenarioCase): Labels[] {
  if (scenarioCase.kind !== "packets") return [scenarioCase.labels];
  const workers = scenarioCase.phases.flatMap((phase) => (phase.kind === "workers" ? phase.counts : []));
  return [scenarioCase.labels, ...workers.map((count) => ({ ...scenarioCase.labels, workers: count }))];
}

function whereFault(where: Labels, cases: readonly ScenarioCase[]): string | null {
  const all = cases.flatMap(labelsOf);
  const names = [...new Set(all.flatMap((labels) => Object.keys(labels)))];
  for (const name of Object.keys(where)) {
    if (!names.includes(name))
      return `no case has a label "${name}"${suggestion(name, names) || `; labels are ${names.join(", ")}`}`;
  }
  const holds = all.some((labels) => Object.entries(where).every(([name, value]) => labels[name] === value));
  return holds ? null : `no case has ${labelsText(where)}`;
}

/** The first key of regression.margin that names no metric, with what to say; null when all do. */
export function marginFault({
  margin,
}: Regression): { readonly key: string; readonly message: string } | null {
  const names = Object.keys(METRICS);
  for (const key of Object.keys(margin)) {
    const known =
      key === "default" ||
      (key.endsWith(".*") ? names.some((name) => name.startsWith(key.slice(0, -1))) : names.includes(key));
    if (!known) return { key, message: `no metric has this name${suggestion(key, [...names, "default"])}` };
  }
  return null;
}
