// Which workloads are meant by a name and by labels.
// Names: "Case", "Case/Workload", or a pattern in which * stands for any text.
// Labels: comma-separated; "x" and "+x" must be there, "-x" must not. Source: scheduler_perf label_selector.go.
import { suggestion } from "../../base/document/suggestion.js";
import { PlumbError } from "../../base/errors.js";
import type { TestCase, Workload } from "./test-case.js";

export interface SelectedWorkload {
  readonly testCase: TestCase;
  readonly workload: Workload;
}

export interface WorkloadSelection {
  readonly name: string;
  /** "": any labels. */
  readonly labels: string;
}

/**
 * In the order of the file. Empty when names match but labels do not.
 *
 * @throws {PlumbError} NotFound when no workload has such a name
 */
export function selectWorkloads(
  testCases: readonly TestCase[],
  { name, labels }: WorkloadSelection,
): readonly SelectedWorkload[] {
  const matches = nameMatcher(name);
  const named = testCases
    .flatMap((testCase) => testCase.workloads.map((workload) => ({ testCase, workload })))
    .filter(({ testCase, workload }) => matches(testCase.name, `${testCase.name}/${workload.name}`));
  if (named.length === 0) throw notFound(testCases, name);
  return named.filter(({ workload }) => labelsMatch(workload.labels, labels));
}

/** Whether `labels` satisfy a filter such as "performance,-short". */
export function labelsMatch(labels: readonly string[], filter: string): boolean {
  return filter
    .split(",")
    .map((term) => term.trim())
    .filter((term) => term !== "")
    .every((term) => {
      const isWanted = !term.startsWith("-");
      return labels.includes(term.replace(/^[+-]/, "")) === isWanted;
    });
}

function nameMatcher(name: string): (caseName: string, fullName: string) => boolean {
  const escaped = name.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${escaped.join(".*")}$`, "s");
  return (caseName, fullName) => pattern.test(caseName) || pattern.test(fullName);
}

function notFound(testCases: readonly TestCase[], name: string): PlumbError {
  const known = testCases.flatMap((testCase) => [
    testCase.name,
    ...testCase.workloads.map((workload) => `${testCase.name}/${workload.name}`),
  ]);
  const cases = testCases.map((testCase) => testCase.name).join(", ");
  const why = `no test case or workload has this name${suggestion(name, known)}`;
  return new PlumbError("NotFound", `Cannot find workload '${name}': ${why}`, {
    hint: `the test cases are ${cases}; write CASE, CASE/WORKLOAD, or * for any text`,
  });
}
