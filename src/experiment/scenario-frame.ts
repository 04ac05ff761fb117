// The parts of a scenario that are the same in every case, then the cases themselves.
import { LIMITS } from "../base/limits.js";
import type { Mode } from "../netfilter/rule-model.js";
import { type Field, INVALID, isClosedMap, readKey } from "./scenario-fields.js";
import { checkMatrix, expandMatrix, parameterFault, placeOf } from "./scenario-matrix.js";
import {
  FILE_FIELDS,
  FILE_KEYS,
  type Matrix,
  type Metadata,
  metadataField,
  type Parameter,
  SPEC_FIELDS,
} from "./scenario-schema.js";
import { findNode, joinPath, type MapNode, type Problem, type SourceNode } from "./scenario-source.js";
import { type Binding, substitute } from "./scenario-substitute.js";
import { marginFault, resolveThreshold } from "./scenario-thresholds.js";
import type { Labels, LabelValue, Regression, Sampling, ScenarioCase, Threshold } from "./scenario-types.js";

export interface Frame {
  readonly spec: MapNode;
  /** Whether the command line changed something: what no longer applies is then dropped, not reported. */
  readonly relaxed: boolean;
  readonly metadata: Metadata;
  readonly seed: number;
  readonly params: Labels;
  readonly axes: Matrix["axes"];
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly combinations: readonly Labels[];
  readonly sampling: Sampling;
  readonly regression: Regression;
}

const NO_SAMPLING: Sampling = { samples: 1, order: "blocked", warmup: 0, isolate: "none", timeBudget: null };

/** The sections whose values may differ from case to case. */
const CASE_SECTIONS = ["cluster", "proxy", "phases"] as const;

/**
 * Everything but cases and thresholds. Mistakes are reported and replaced, so that the rest is checked too; null when
 * there is nothing to go on with.
 */
export function readFrame(
  source: SourceNode,
  { relaxed, problems }: { readonly relaxed: boolean; readonly problems: Problem[] },
): Frame | null {
  if (!isClosedMap(source, "", FILE_KEYS, problems)) return null;
  readKey(source, "", "apiVersion", FILE_FIELDS.apiVersion, problems);
  readKey(source, "", "kind", FILE_FIELDS.kind, problems);
  const metadata = readKey(source, "", "metadata", metadataField, problems);
  const spec = source.entries.get("spec")?.node;
  if (spec === undefined) problems.push({ at: source.at, path: "spec", message: "is missing" });
  if (spec === undefined || !isClosedMap(spec, "spec", Object.keys(SPEC_FIELDS), problems)) return null;
  const params = readKey(spec, "spec", "params", SPEC_FIELDS.params, problems);
  const seed = readKey(spec, "spec", "seed", SPEC_FIELDS.seed, problems);
  const matrix = readMatrix(spec, { relaxed, params: params === INVALID ? null : params, problems });
  const bindings = params === INVALID ? new Map<string, Binding>() : bindingsOf(spec, params, problems);
  const shared = { spec, bindings, problems };
  const sampling = readSection(shared, "sampling", SPEC_FIELDS.sampling);
  const regression = readSection(shared, "regression", SPEC_FIELDS.regression);
  if (regression !== INVALID) checkMargins(regression, spec, problems);
  // Without parameters every reference would look wrong; what else is wrong must not hide mistakes further on.
  if (params === INVALID) return null;
  const combinations = matrix === null ? [{}] : expandChecked(matrix, spec, problems);
  const values = Object.fromEntries([...bindings].map(([name, { value }]) => [name, value]));
  return {
    spec,
    relaxed,
    metadata: orWhenReported(metadata, { name: "", purpose: "", labels: {} }),
    seed: orWhenReported(seed, 0),
    params: values,
    axes: matrix?.axes ?? {},
    bindings,
    combinations,
    sampling: orWhenReported(sampling, NO_SAMPLING),
    regression: orWhenReported(regression, { margin: {}, policy: "likely" }),
  };
}

/** A value that lets the checking go on after the mistake has been reported; it never gets out of parseScenario. */
function orWhenReported<T>(value: T | typeof INVALID, placeholder: T): T {
  return value === INVALID ? placeholder : value;
}

interface Shared {
  readonly spec: MapNode;
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly problems: Problem[];
}

/** A section of spec with its parameters filled in. */
function readSection<T>(
  { spec, bindings, problems }: Shared,
  name: string,
  field: Field<T>,
): T | typeof INVALID {
  const entry = spec.entries.get(name);
  if (entry === undefined) return readKey(spec, "spec", name, field, problems);
  const before = problems.length;
  const node = substitute(entry.node, joinPath("spec", name), {
    values: bindings,
    used: new Set(),
    problems,
  });
  return problems.length > before ? INVALID : field.read(node, joinPath("spec", name), problems);
}

/** Every parameter's value outside the matrix; defaults that do not fit and parameters without use are reported. */
function bindingsOf(
  spec: MapNode,
  params: Readonly<Record<string, Parameter>>,
  problems: Problem[],
): Map<string, Binding> {
  const used = referencesIn(spec, ["cluster", "proxy", "phases", "sampling", "thresholds", "regression"]);
  const forgiven = hasOwnSource(spec) || refersToUnknown(used, params);
  const bindings = new Map<string, Binding>();
  for (const [name, parameter] of Object.entries(params)) {
    const complain = (path: readonly string[], message: string) =>
      problems.push({
        at: placeOf(spec, ["params", name, ...path]),
        path: ["spec.params", name, ...path].join("."),
        message,
      });
    const fault = parameterFault(parameter, parameter.default);
    if (fault !== null) complain(["default"], fault);
    // An axis without use is reported as an axis.
    const isAxis = findNode(spec, ["matrix", "axes", name]) !== null;
    if (!used.has(name) && !isAxis && !forgiven)
      complain([], `is used nowhere; write \${${name}} or leave it out`);
    const written = findNode(spec, ["params", name, "default"]);
    bindings.set(name, { value: parameter.default, folder: written?.folder ?? null });
  }
  return bindings;
}

/** Whether a cluster was put in from the command line, which leaves the generator's parameters without use. */
function hasOwnSource(spec: MapNode): boolean {
  const cluster = spec.entries.get("cluster")?.node;
  return (
    cluster?.kind === "map" &&
    [...cluster.entries.values()].some(({ keyAt }) => keyAt.file.startsWith("--set "))
  );
}

/** A misspelt reference is reported where it stands; the parameter it meant is then not called unused. */
function refersToUnknown(used: ReadonlySet<string>, params: Readonly<Record<string, Parameter>>): boolean {
  return [...used].some((name) => !(name in params));
}

function referencesIn(spec: MapNode, sections: readonly string[]): Set<string> {
  const used = new Set<string>();
  for (const name of sections) {
    const entry = spec.entries.get(name);
    if (entry) substitute(entry.node, name, { values: new Map(), used, problems: [] });
  }
  return used;
}

/** The matrix, with axes that nothing refers to reported, or dropped when relaxed. */
function readMatrix(
  spec: MapNode,
  options: {
    readonly relaxed: boolean;
    readonly params: Readonly<Record<string, Parameter>> | null;
    readonly problems: Problem[];
  },
): Matrix | null {
  const { relaxed, params, problems } = options;
  const matrix = readKey(spec, "spec", "matrix", SPEC_FIELDS.matrix, problems);
  if (matrix === INVALID || params === null) return null;
  const used = referencesIn(spec, CASE_SECTIONS);
  const dropped = Object.keys(matrix.axes).filter(
    (axis) => axis !== "mode" && axis in params && !used.has(axis),
  );
  const node = spec.entries.get("matrix")?.node ?? spec;
  if (!relaxed && !refersToUnknown(used, params)) {
    for (const axis of dropped) {
      const message = `the axis changes nothing: \${${axis}} is in none of ${CASE_SECTIONS.join(", ")}`;
      problems.push({ at: placeOf(node, ["axes", axis]), path: `spec.matrix.axes.${axis}`, message });
    }
  }
  const kept = relaxed ? withoutAxes(matrix, dropped) : matrix;
  return checkMatrix(kept, params, { node, problems });
}

/** Without these axes, and without exclusions that no longer exclude anything. */
function withoutAxes({ axes, exclude }: Matrix, dropped: readonly string[]): Matrix {
  const kept = Object.fromEntries(Object.entries(axes).filter(([axis]) => !dropped.includes(axis)));
  const still = exclude.filter((rule) =>
    Object.entries(rule).every(([axis, wanted]) =>
      (kept[axis] ?? []).some((value) => [wanted].flat().includes(value)),
    ),
  );
  return { axes: kept, exclude: still };
}

function expandChecked(matrix: Matrix, spec: MapNode, problems: Problem[]): Labels[] {
  const combinations = expandMatrix(matrix);
  const at = spec.entries.get("matrix")?.node.at ?? spec.at;
  // An axis of which no value fits has been reported; the sections are still checked, with defaults.
  if (Object.values(matrix.axes).some((values) => values.length === 0)) return [{}];
  if (combinations.length === 0)
    problems.push({ at, path: "spec.matrix", message: "every combination is excluded" });
  if (combinations.length > LIMITS.CASES_MAX) {
    problems.push({
      at,
      path: "spec.matrix",
      message: `makes ${combinations.length} cases, limit CASES_MAX=${LIMITS.CASES_MAX}`,
    });
  }
  return combinations.slice(0, LIMITS.CASES_MAX);
}

/** Every case with its parameters filled in; one that has problems is left out. */
export function readCases(
  { spec, bindings, combinations, seed }: Frame,
  problems: Problem[],
): ScenarioCase[] {
  return combinations.flatMap((labels): ScenarioCase[] => {
    const own = new Map(bindings);
    for (const [axis, value] of Object.entries(labels)) {
      if (own.has(axis)) own.set(axis, { value, folder: own.get(axis)?.folder ?? null });
    }
    const shared = { spec, bindings: own, problems };
    const cluster = readSection(shared, "cluster", SPEC_FIELDS.cluster);
    const proxy = readSection(shared, "proxy", SPEC_FIELDS.proxy);
    const phases = readSection(shared, "phases", SPEC_FIELDS.phases);
    if (cluster === INVALID || proxy === INVALID || phases === INVALID) return [];
    const mode = String(labels["mode"]) as Mode;
    const found: ScenarioCase = { id: caseId(labels), labels, mode, cluster: cluster(seed), proxy, phases };
    checkRuleset(found, spec, problems);
    return [found];
  });
}

/** Rules of someone's own are iptables rules, and there is nothing to compile them from. */
function checkRuleset({ cluster, mode, phases }: ScenarioCase, spec: MapNode, problems: Problem[]): void {
  if (cluster.source.kind !== "iptablesSave") return;
  if (mode !== "iptables") {
    const message = `mode ${mode} cannot run an iptables-save ruleset; leave only iptables`;
    problems.push({ at: placeOf(spec, ["matrix", "axes", "mode"]), path: "spec.matrix.axes.mode", message });
  }
  phases.forEach((phase, index) => {
    if (phase.kind !== "program" && phase.kind !== "affinity") return;
    const message = `a ${phase.kind} phase needs Services; the cluster is an iptables-save ruleset`;
    problems.push({ at: placeOf(spec, ["phases", index]), path: `spec.phases[${index}]`, message });
  });
}

function caseId(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]: [string, LabelValue]) => `${name}=${value}`)
    .join(" ");
}

function checkMargins(regression: Regression, spec: MapNode, problems: Problem[]): void {
  const fault = marginFault(regression);
  if (fault === null) return;
  const at = placeOf(spec, ["regression", "margin", fault.key]);
  problems.push({ at, path: `spec.regression.margin.${fault.key}`, message: fault.message });
}

/** Thresholds in base units. One that speaks of no case is reported, or dropped when relaxed. */
export function checkedThresholds(
  { spec, bindings, relaxed, axes }: Frame,
  cases: readonly ScenarioCase[],
  problems: Problem[],
): Threshold[] {
  const written = readSection({ spec, bindings, problems }, "thresholds", SPEC_FIELDS.thresholds);
  if (written === INVALID || cases.length === 0 || !axes["mode"]?.length) return [];
  return written.flatMap((threshold, index): Threshold[] => {
    const resolved = resolveThreshold(threshold, cases);
    if (!("message" in resolved)) return [resolved];
    if (relaxed && resolved.key === "where") return [];
    const at = placeOf(spec, ["thresholds", index, resolved.key]);
    problems.push({ at, path: `spec.thresholds[${index}].${resolved.key}`, message: resolved.message });
    return [];
  });
}
