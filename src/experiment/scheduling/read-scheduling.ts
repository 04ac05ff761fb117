// spec.scheduling of a scenario file -> cases; what cannot be found or stands twice is reported at its entry.
import { readFileSync, statSync } from "node:fs";
import { type ErrorCode, PlumbError } from "../../base/errors.js";
import type { MapNode, Problem } from "../../base/document/source-tree.js";
import { LIMITS } from "../../base/limits.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import { placeOf } from "../scenario-matrix.js";
import type { SchedulingCase } from "../scenario-types.js";
import type { WrittenScheduling } from "./scheduling-fields.js";
import { casesOf, type SchedulingOverrides } from "./scheduling-cases.js";
import type { SchedulingSpec } from "./scheduling-types.js";
import { WorkloadCatalogue } from "./workload-catalogue.js";

interface Place {
  readonly spec: MapNode;
  readonly overrides: SchedulingOverrides;
  readonly problems: Problem[];
}

/** @throws {PlumbError} InvalidInput for a performance-config.yaml with mistakes: each is named with its own place */
export function readSchedulingCases(
  entries: readonly WrittenScheduling[],
  { spec, overrides, problems }: Place,
): readonly SchedulingCase[] {
  const catalogue = new WorkloadCatalogue();
  const cases: SchedulingCase[] = [];
  const taken = new Set<string>();
  entries.forEach((entry, index) => {
    const complain = (message: string) => {
      const at = placeOf(spec, ["scheduling", index]);
      problems.push({ at, path: `spec.scheduling[${index}]`, message });
    };
    const make = () => casesOf(entry, catalogue, overrides);
    for (const one of orFault(make, complain) ?? []) {
      orFault(() => checkFiles(one.spec), complain);
      if (taken.has(one.id)) complain(`the case ${one.id} is there twice; give the entry a name`);
      taken.add(one.id);
      cases.push(one);
    }
  });
  if (cases.length > LIMITS.CASES_MAX) {
    const message = `makes ${cases.length} cases, limit CASES_MAX=${LIMITS.CASES_MAX}`;
    problems.push({ at: placeOf(spec, ["scheduling"]), path: "spec.scheduling", message });
  }
  return cases;
}

/** Files are read when a sample needs them: a mistake is better told before the first. */
function checkFiles({ source, schedulerConfigPath }: SchedulingSpec): void {
  if (source.kind === "trace") for (const path of [source.nodesPath, source.podsPath]) assertFile(path);
  if (schedulerConfigPath === null) return;
  assertFile(schedulerConfigPath);
  parseSchedulerConfiguration({ file: schedulerConfigPath, text: readFileSync(schedulerConfigPath, "utf8") });
}

function assertFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  throw new PlumbError("NotFound", `there is no file '${path}'`);
}

/** Mistakes that say nothing of their place. */
const TOLD_AT_ENTRY: ReadonlySet<ErrorCode> = new Set(["NotFound", "Unsupported"]);

function orFault<T>(make: () => T, complain: (message: string) => void): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PlumbError) || !TOLD_AT_ENTRY.has(error.code)) throw error;
    complain(error.message);
    return null;
  }
}
