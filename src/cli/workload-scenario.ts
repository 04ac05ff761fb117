// Workloads named on the command line as a scenario: what `plumb run scheduler_perf:CASE` stands for, written out, so
// that everything a scenario can do holds for them too.
//   scheduler_perf:NAME     workloads of the configurations that ship with the program
//   FILE[:NAME]             of a file in the format of upstream's performance-config.yaml, as it is
// NAME is CASE, CASE/WORKLOAD, or a pattern in which * stands for anything.
import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { PlumbError } from "../base/errors.js";
import type { ScenarioText } from "../experiment/scenario.js";
import { SCENARIO_API_VERSION } from "../experiment/scenario-types.js";
import { WorkloadCatalogue, type WorkloadFile } from "../experiment/scheduling/workload-catalogue.js";
import { selectWorkloads } from "../workload/scheduler-perf/select-workloads.js";

const BUILT_IN = "scheduler_perf:";
const SAMPLES = 6;

interface Named {
  readonly files: readonly WorkloadFile[];
  readonly pattern: string;
}

/**
 * The scenario that `name` stands for; null when it names no workloads.
 * @param labels as upstream's label filter: "performance,-short"; "" for any
 * @throws {PlumbError} NotFound when nothing has this name or these labels; InvalidInput for mistakes of a file
 */
export function workloadScenario(name: string, labels: string): ScenarioText | null {
  const named = builtIn(name) ?? ofFile(name);
  if (named === null) return null;
  const fileOf = new Map(named.files.flatMap(({ path, testCases }) => testCases.map((one) => [one, path])));
  const selected = selectWorkloads([...fileOf.keys()], { name: named.pattern, labels });
  if (selected.length === 0)
    throw new PlumbError("NotFound", `Cannot run '${name}': none of its workloads has labels '${labels}'`);
  const scheduling = selected.map(({ testCase, workload }) => ({
    config: fileOf.get(testCase),
    case: testCase.name,
    workload: workload.name,
  }));
  const what = named.pattern === "*" ? "all workloads" : named.pattern;
  return {
    file: name,
    text: JSON.stringify(scenario(`How fast are the Pods of ${what} scheduled?`, scheduling)),
  };
}

function scenario(purpose: string, scheduling: readonly unknown[]): unknown {
  return {
    apiVersion: SCENARIO_API_VERSION,
    kind: "Scenario",
    metadata: { name: "scheduler-perf", purpose, labels: { suite: "scheduler" } },
    spec: { scheduling, sampling: { samples: SAMPLES } },
  };
}

function builtIn(name: string): Named | null {
  if (!name.startsWith(BUILT_IN)) return null;
  return { files: new WorkloadCatalogue().builtIn(), pattern: name.slice(BUILT_IN.length) || "*" };
}

function ofFile(name: string): Named | null {
  const match = /^(.*\.ya?ml)(?::(.+))?$/s.exec(name);
  const file = match?.[1] ?? "";
  if (!existsSync(file) || !statSync(file).isFile() || !isTestCaseList(readFileSync(file, "utf8")))
    return null;
  return { files: [new WorkloadCatalogue().file(resolve(file))], pattern: match?.[2] ?? "*" };
}

/** A YAML list: of this program's inputs only a performance-config.yaml is one. */
export function isTestCaseList(text: string): boolean {
  const first = text.split("\n").find((line) => line.trim() !== "" && !/^(#|---)/.test(line));
  return first !== undefined && /^-(\s|$)/.test(first);
}
