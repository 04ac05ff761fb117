// performance-config.yaml -> test cases. Every mistake of a file is reported at once, with its place: unknown keys,
// values of the wrong kind, names that stand twice.
// Every workload is resolved while reading, since what an operation says depends on the workload's parameters. That one
// lacks a parameter, or has one too many, is held against it when it is to run, as upstream does: its own files have
// such workloads.
import {
  checked,
  either,
  type Field,
  flag,
  INVALID,
  list,
  mapped,
  optional,
  record,
  text,
  weight,
} from "../../base/document/fields.js";
import { mistakesError } from "../../base/document/mistakes.js";
import { parseSource, type Problem, type SourceNode } from "../../base/document/source-tree.js";
import {
  ANY_KEY,
  AS_WRITTEN,
  ENTRIES,
  goObject,
  LABELS,
  NO_PATH,
  orNull,
  placedObject,
  texts,
} from "./go-fields.js";
import { Parameters } from "./parameters.js";
import { FORMAT_HINT, resolveOps } from "./resolve-workload.js";
import type { MetricsCollectorConfig, TestCase, ThresholdMetricSelector, Workload } from "./test-case.js";

const FEATURE_GATES = optional(record(ANY_KEY, flag("On or off."), "Feature gates."), {});

const SELECTOR: Field<ThresholdMetricSelector> = goObject("Which number a threshold is about.", {
  name: text("Name of the metric."),
  labels: LABELS,
  dataBucket: text("Average, Perc50, ..."),
  expectLower: optional(flag("The threshold is the most allowed."), false),
});

const METRICS: Field<MetricsCollectorConfig> = goObject("Which histograms become data items.", {
  metrics: record(
    ANY_KEY,
    optional(
      either(
        mapped(AS_WRITTEN, () => []),
        (node) => node.kind === "scalar" && node.value === null,
        list(goObject("A label.", { label: text("Its name."), values: texts("Its values.") }), "Labels."),
      ),
      [],
    ),
    "Histogram -> labels.",
  ),
});

const THRESHOLD = optional(
  either(
    record(ANY_KEY, weight("A number."), "Topic -> threshold."),
    (node) => node.kind === "map",
    weight("A number."),
  ),
  0,
);

const WORKLOAD = placedObject<Workload>("A workload.", {
  name: text("Unique in the test case."),
  labels: texts("Words to select it by."),
  featureGates: FEATURE_GATES,
  params: ENTRIES,
  threshold: THRESHOLD,
  thresholdMetricSelector: orNull(SELECTOR),
});

const TEST_CASE = placedObject<TestCase>("A test case.", {
  name: text("Unique in the file."),
  labels: texts("Words to select it by."),
  featureGates: FEATURE_GATES,
  metricsCollectorConfig: orNull(METRICS),
  schedulerConfigPath: NO_PATH,
  defaultPodTemplatePath: NO_PATH,
  defaultThresholdMetricSelector: orNull(SELECTOR),
  workloadTemplate: list(AS_WRITTEN, "Operations, one after another.", 1),
  workloads: checked(list(WORKLOAD, "Values for the parameters.", 1), (workloads) => repeated(workloads)),
});

const TEST_CASES = checked(list(TEST_CASE, "Test cases.", 1), (testCases) => repeated(testCases));

export interface PerformanceConfigText {
  readonly file: string;
  readonly text: string;
  /** What relative paths in it are relative to. */
  readonly folder: string;
}

/** @throws {PlumbError} InvalidInput with one line "file:line:column field: what" for each mistake */
export function readPerformanceConfig({ file, text, folder }: PerformanceConfigText): readonly TestCase[] {
  const problems: Problem[] = [];
  const source = parseSource({ file, text, folder, expected: "a list of test cases" }, problems);
  const testCases = source === null ? INVALID : TEST_CASES.read(source, "", problems);
  if (testCases === INVALID || source === null) throw mistakesError(problems, FORMAT_HINT);
  const withLabels = testCases.map(inheritLabels);
  for (const testCase of withLabels) checkOps(testCase, problems);
  if (problems.length > 0) throw mistakesError(problems, FORMAT_HINT);
  return withLabels;
}

function inheritLabels(testCase: TestCase): TestCase {
  const workloads = testCase.workloads.map((workload) => ({
    ...workload,
    labels: [...new Set([...testCase.labels, ...workload.labels])],
  }));
  return { ...testCase, workloads };
}

function checkOps(testCase: TestCase, problems: Problem[]): void {
  for (const workload of testCase.workloads) {
    resolveOps(testCase, new Parameters(workload.params), problems);
  }
  const { name, at } = testCase;
  if (!testCase.workloadTemplate.some(collectsMetrics))
    problems.push({
      at,
      path: name,
      message: "no operation collects metrics, expected collectMetrics: true",
    });
}

function collectsMetrics(op: SourceNode): boolean {
  if (op.kind !== "map") return false;
  return [...op.entries].some(([key, { node }]) => {
    if (key.toLowerCase() === "createpodsop") return collectsMetrics(node);
    if (node.kind !== "scalar") return false;
    return key.toLowerCase() === "opcode"
      ? node.value === "stopCollectingMetrics"
      : key.toLowerCase() === "collectmetrics" && node.value === true;
  });
}

function repeated(named: readonly { readonly name: string }[]): string | null {
  const seen = new Set<string>();
  for (const { name } of named) {
    if (seen.has(name)) return `the name '${name}' stands twice, expected each name once`;
    seen.add(name);
  }
  return null;
}
