// A workload by name, or with sizes of one's own, from its file; checked for what cannot be carried out.
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { mistakesError } from "../../base/document/mistakes.js";
import type { MapEntry, Problem } from "../../base/document/source-tree.js";
import { suggestion } from "../../base/document/suggestion.js";
import { PlumbError, type SourcePosition } from "../../base/errors.js";
import { GeneratedNames, type Making } from "../../workload/scheduler-perf/made-objects.js";
import { TemplateStore } from "../../workload/scheduler-perf/object-template.js";
import { Parameters } from "../../workload/scheduler-perf/parameters.js";
import { readPerformanceConfig } from "../../workload/scheduler-perf/performance-config.js";
import { FORMAT_HINT, resolveOps, resolveWorkload } from "../../workload/scheduler-perf/resolve-workload.js";
import type { ResolvedWorkload, TestCase, Workload } from "../../workload/scheduler-perf/test-case.js";
import { unsupportedIn } from "../../workload/scheduler-perf/unsupported.js";
import type { SchedulingSource } from "./scheduling-types.js";

type WorkloadSource = SchedulingSource & { readonly kind: "workload" };

export interface LoadedWorkload {
  readonly workload: ResolvedWorkload;
  readonly making: Making;
}

/** @throws {PlumbError} NotFound, InvalidInput; Unsupported with every part that cannot be carried out */
export function loadWorkload({
  configPath,
  testCase: caseName,
  workload: wanted,
}: WorkloadSource): LoadedWorkload {
  const testCase = named(readConfig(configPath), caseName, "test case");
  const workload =
    typeof wanted === "string"
      ? named(testCase.workloads, wanted, `workload of ${caseName}`)
      : ownWorkload(testCase, wanted.params);
  const resolved = resolveWorkload(testCase, workload);
  const making = {
    templates: new TemplateStore((path) => readFileSync(path, "utf8")),
    names: new GeneratedNames(),
  };
  checkSupported(resolved, making.templates);
  return { workload: resolved, making };
}

let lastRead: {
  readonly text: string;
  readonly path: string;
  readonly testCases: readonly TestCase[];
} | null = null;

/** A sample reads its file once per pass: a large one takes half a second. */
function readConfig(path: string): readonly TestCase[] {
  const text = readFileSync(path, "utf8");
  if (lastRead?.path !== path || lastRead.text !== text)
    lastRead = { text, path, testCases: readPerformanceConfig({ file: path, text, folder: dirname(path) }) };
  return lastRead.testCases;
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string, what: string): T {
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = all.map((each) => each.name);
  throw new PlumbError("NotFound", `Cannot find ${what} '${name}': there is none${suggestion(name, names)}`, {
    hint: `there are ${names.join(", ")}`,
  });
}

/** The case with parameters that no workload of it has. */
export function ownWorkload(
  testCase: TestCase,
  params: Readonly<Record<string, number | string | boolean>>,
): Workload {
  const { at } = testCase;
  const entries = Object.entries(params).map(([key, value]): [string, MapEntry] => [
    key,
    { keyAt: at, node: { kind: "scalar", value, at, folder: dirname(at.file) } },
  ]);
  const workload: Workload = {
    name: Object.entries(params)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    at,
    labels: testCase.labels,
    featureGates: {},
    params: new Map(entries),
    threshold: 0,
    thresholdMetricSelector: null,
  };
  const problems: Problem[] = [];
  resolveOps(testCase, new Parameters(workload.params), problems);
  if (problems.length > 0) throw mistakesError(problems, FORMAT_HINT);
  return workload;
}

function checkSupported(workload: ResolvedWorkload, templates: TemplateStore): void {
  const parts = unsupportedIn(workload, templates);
  if (parts.length === 0) return;
  const place = ({ file, line, column }: SourcePosition) => `${basename(file)}:${line}:${column}`;
  const told = parts.map(({ at, what, reason }) => `${place(at)}: ${what} ${reason}`).join(", ");
  throw new PlumbError("Unsupported", `Cannot run the workload: ${told}; choose one without it`);
}
