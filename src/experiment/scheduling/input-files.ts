// Which files decide what a scheduling case does: runs are comparable when their content is the same, wherever they lie.
import { PlumbError } from "../../base/errors.js";
import { resolveWorkload } from "../../workload/scheduler-perf/resolve-workload.js";
import type { SchedulingCase } from "../scenario-types.js";
import { ownWorkload } from "./load-workload.js";
import type { SchedulingSource, SchedulingSpec } from "./scheduling-types.js";
import { findWorkload, WorkloadCatalogue } from "./workload-catalogue.js";

/** Absolute paths: of the workload and its templates, or of the trace, and of the scheduler's configuration. */
export function inputFilesOf({ source, schedulerConfigPath }: SchedulingSpec): readonly string[] {
  const own = source.kind === "trace" ? [source.nodesPath, source.podsPath] : workloadFiles(source);
  return schedulerConfigPath === null ? own : [...own, schedulerConfigPath];
}

function workloadFiles(source: Extract<SchedulingSource, { kind: "workload" }>): readonly string[] {
  const { configPath, workload } = source;
  try {
    const { testCase } = new WorkloadCatalogue().find(configPath, source.testCase);
    const found =
      typeof workload === "string"
        ? findWorkload(testCase, workload)
        : ownWorkload(testCase, workload.params);
    const { ops, schedulerConfigPath } = resolveWorkload(testCase, found);
    const templates = ops.flatMap((op) => Object.entries(op).flatMap(pathsOf));
    return [
      ...new Set([configPath, ...(schedulerConfigPath === null ? [] : [schedulerConfigPath]), ...templates]),
    ];
  } catch (error) {
    // A workload that cannot be resolved has no templates to speak of; its case says why when it is run.
    if (error instanceof PlumbError) return [configPath];
    throw error;
  }
}

/** Operations name files in fields called ...TemplatePath, templatePath and templatePaths. */
function pathsOf([key, value]: readonly [string, unknown]): readonly string[] {
  if (!/templatePaths?$/i.test(key)) return [];
  return [value].flat().filter((path) => typeof path === "string");
}

/** What of a case takes part in the scenario's digest: its files by content. */
export function schedulingDigestContent(
  { id, labels, spec }: SchedulingCase,
  digests: ReadonlyMap<string, string>,
): unknown {
  const named = (path: string) => digests.get(path) ?? path;
  const { source, load, schedulerConfigPath } = spec;
  const content =
    source.kind === "trace"
      ? { ...source, nodesPath: named(source.nodesPath), podsPath: named(source.podsPath) }
      : { ...source, configPath: named(source.configPath) };
  const templates = source.kind === "trace" ? [] : workloadFiles(source).slice(1).map(named);
  const config = schedulerConfigPath === null ? null : named(schedulerConfigPath);
  return { id, labels, load, source: content, templates, schedulerConfig: config };
}
