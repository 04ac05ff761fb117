// Entries of spec.scheduling -> cases: workloads looked up, lists of sizes and of scheduler configurations written out.
import { basename, extname, relative } from "node:path";
import { PlumbError } from "../../base/errors.js";
import { labelsText } from "../../measure/labels-text.js";
import { packageRoot } from "../../base/source-path.js";
import type { ImportedFloor, Through } from "../../measure/scheduling-record.js";
import type { LoadModel } from "../../workload/arrivals.js";
import { resolveWorkload } from "../../workload/scheduler-perf/resolve-workload.js";
import { type ResolvedWorkload, thresholdOf } from "../../workload/scheduler-perf/test-case.js";
import type { Labels, SchedulingCase } from "../scenario-types.js";
import {
  DEFAULT_CONFIG,
  type ParamValue,
  type WrittenScheduling,
  type WrittenTrace,
} from "./scheduling-fields.js";
import { ownWorkload } from "./load-workload.js";
import type { SchedulingSource, SchedulingSpec } from "./scheduling-types.js";
import { type CatalogueEntry, findWorkload, paramsOf, type WorkloadCatalogue } from "./workload-catalogue.js";

/** Names the scheduler's configuration, in cases that differ in it. */
export const CONFIG_LABEL = "config";

/** What a command line says for all entries; null and an empty list leave an entry's own. */
export interface SchedulingOverrides {
  readonly schedulerConfigs: readonly string[];
  readonly load: LoadModel | null;
  readonly through: Through | null;
}

export const NO_OVERRIDES: SchedulingOverrides = { schedulerConfigs: [], load: null, through: null };

/**
 * @throws {PlumbError} NotFound or InvalidInput, when a case, a workload or a value is not there; Unsupported for a trace
 *   through the API
 */
export function casesOf(
  entry: WrittenScheduling,
  catalogue: WorkloadCatalogue,
  overrides: SchedulingOverrides,
): readonly SchedulingCase[] {
  const configs = overrides.schedulerConfigs.length > 0 ? overrides.schedulerConfigs : entry.schedulerConfig;
  const load = entry.trace === null ? (overrides.load ?? entry.load) : null;
  const through = overrides.through ?? entry.through ?? "in-process";
  if (entry.trace !== null && through === "api")
    throw new PlumbError(
      "Unsupported",
      "a trace is replayed in process only: leave --through out, or through: api",
    );
  return sourcesOf(entry, catalogue).flatMap(({ source, labels, floor }) =>
    (configs.length > 0 ? configs : [DEFAULT_CONFIG]).map((config): SchedulingCase => {
      const spec: SchedulingSpec = {
        source,
        schedulerConfigPath: config === DEFAULT_CONFIG ? null : config,
        through,
        load,
      };
      const all = {
        ...labels,
        ...(through === "in-process" ? {} : { through }),
        ...(load === null ? {} : { load: loadText(load) }),
        ...(configs.length > 1 ? { [CONFIG_LABEL]: configName(config, configs) } : {}),
      };
      return { kind: "scheduling", id: labelsText(all), labels: all, spec, floor };
    }),
  );
}

interface LabelledSource {
  readonly source: SchedulingSource;
  readonly labels: Labels;
  readonly floor: ImportedFloor | null;
}

function sourcesOf(entry: WrittenScheduling, catalogue: WorkloadCatalogue): readonly LabelledSource[] {
  if (entry.trace !== null) return [tracedSource(entry.trace, entry.name)];
  const found = catalogue.find(entry.config, entry.case ?? "");
  return entry.params === null ? [namedSource(entry, found)] : sizedSources(entry, found, entry.params);
}

function tracedSource(trace: WrittenTrace, name: string | null): LabelledSource {
  const { format, nodes, pods, speedUp, lifetimeStretch, tile, podsMax, from, to } = trace;
  const source: SchedulingSource = {
    kind: "trace",
    format,
    nodesPath: nodes,
    podsPath: pods,
    speedUp,
    lifetimeStretch,
    tileCount: tile,
    podsMax,
    fromMs: from / 1e6,
    toMs: to === null ? null : to / 1e6,
  };
  return { source, labels: { workload: `trace/${name ?? plainName(pods)}` }, floor: null };
}

function namedSource(entry: WrittenScheduling, { path, testCase }: CatalogueEntry): LabelledSource {
  const workload = findWorkload(testCase, entry.workload ?? "");
  const resolved = resolvedOrNull(() => resolveWorkload(testCase, workload));
  return {
    source: { kind: "workload", configPath: path, testCase: testCase.name, workload: workload.name },
    labels: {
      workload: `${testCase.name}/${entry.name ?? workload.name}`,
      ...(resolved === null ? {} : nodesLabel(resolved)),
    },
    floor: resolved === null ? null : floorOf(resolved),
  };
}

/** A workload that lacks a parameter is told when it is to run, as upstream does: its own files have such workloads. */
function resolvedOrNull(resolve: () => ResolvedWorkload): ResolvedWorkload | null {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof PlumbError) return null;
    throw error;
  }
}

function sizedSources(
  entry: WrittenScheduling,
  { path, testCase }: CatalogueEntry,
  written: NonNullable<WrittenScheduling["params"]>,
): readonly LabelledSource[] {
  const base = entry.workload === null ? {} : paramsOf(findWorkload(testCase, entry.workload));
  const sizes = combinations(written).map((values) => {
    const params = { ...base, ...values };
    const { nodes } = nodesLabel(resolveWorkload(testCase, ownWorkload(testCase, params)));
    return { values, params, nodes };
  });
  // A list of node counts is what the label `nodes` says already.
  const isNodes = (key: string) => sizes.every(({ values, nodes }) => values[key] === nodes);
  const listed = Object.keys(written).filter((key) => Array.isArray(written[key]) && !isNodes(key));
  return sizes.map(({ values, params, nodes }) => ({
    source: { kind: "workload", configPath: path, testCase: testCase.name, workload: { params } },
    labels: {
      workload: entry.name === null ? testCase.name : `${testCase.name}/${entry.name}`,
      nodes,
      ...Object.fromEntries(listed.map((key) => [key, labelValue(values[key] as ParamValue)])),
    },
    floor: null,
  }));
}

/** Every choice of one value per list; the last list varies fastest. */
function combinations(
  written: Readonly<Record<string, ParamValue | readonly ParamValue[]>>,
): readonly Readonly<Record<string, ParamValue>>[] {
  let made: Readonly<Record<string, ParamValue>>[] = [{}];
  for (const [key, value] of Object.entries(written)) {
    const values = [value].flat() as readonly ParamValue[];
    made = made.flatMap((before) => values.map((one) => ({ ...before, [key]: one })));
  }
  return made;
}

function nodesLabel({ ops }: ResolvedWorkload): { readonly nodes: number } {
  return { nodes: ops.reduce((sum, op) => sum + (op.opcode === "createNodes" ? op.count : 0), 0) };
}

function floorOf({ threshold, thresholdMetricSelector, at }: ResolvedWorkload): ImportedFloor | null {
  const value = thresholdOf(threshold);
  if (value === 0) return null;
  const { name, dataBucket, expectLower } = thresholdMetricSelector;
  const file = at.file.startsWith(packageRoot) ? relative(packageRoot, at.file) : at.file;
  return { value, metric: `${name} ${dataBucket}`, isCeiling: expectLower, source: `${file}:${at.line}` };
}

function loadText(load: LoadModel): string {
  switch (load.model) {
    case "closed":
      return "closed";
    case "waves":
      return `waves ${load.waveSize} per ${load.gapMs} ms`;
    default:
      return `${load.model} ${load.ratePerSecond}/s`;
  }
}

/** The file's name without folder and extension; the whole path where that would name two. */
function configName(config: string, all: readonly string[]): string {
  const isAlone = all.filter((other) => plainName(other) === plainName(config)).length === 1;
  return isAlone ? plainName(config) : config;
}

function plainName(path: string): string {
  return basename(path, extname(path));
}

function labelValue(value: ParamValue): string | number {
  return typeof value === "boolean" ? String(value) : value;
}
