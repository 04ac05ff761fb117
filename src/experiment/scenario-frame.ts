// The parts of a scenario that are the same in every case, then the cases themselves.
import { LIMITS } from "../base/limits.js";
import type { SourcePosition } from "../base/errors.js";
import { labelsText } from "../measure/labels-text.js";
import type { Mode } from "../netfilter/rule-model.js";
import { type Field, INVALID, isClosedMap, readKey } from "../base/document/fields.js";
import { type Condition, meets, type WrittenPhase } from "./scenario-phases.js";
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
import { joinPath, type MapNode, type Problem, type SourceNode } from "../base/document/source-tree.js";
import { readControlPlaneCases } from "./controlplane/read-controlplane.js";
import { readSchedulingCases } from "./scheduling/read-scheduling.js";
import type { SchedulingOverrides } from "./scheduling/scheduling-cases.js";
import { findNode } from "./scenario-source.js";
import { type Binding, substitute } from "./scenario-substitute.js";
import { marginFault, resolveThreshold } from "./scenario-thresholds.js";
import type {
  Labels,
  PacketsCase,
  Phase,
  Regression,
  Sampling,
  ScenarioCase,
  Threshold,
} from "./scenario-types.js";

type Forgives = (at: SourcePosition) => boolean;

export interface Frame {
  readonly spec: MapNode;
  /** Whether what no longer applies here was written by someone else, and is dropped instead of reported. */
  readonly isForgiven: Forgives;
  readonly metadata: Metadata;
  readonly seed: number;
  readonly params: Labels;
  readonly axes: Matrix["axes"];
  readonly bindings: ReadonlyMap<string, Binding>;
  readonly combinations: readonly Labels[];
  readonly sampling: Sampling;
  readonly regression: Regression;
}

/** Phases that a ready-made ruleset leaves nothing to do. */
const NEEDS_SERVICES: readonly Phase["kind"][] = ["program", "affinity"];

const NO_SAMPLING: Sampling = { samples: 1, order: "blocked", warmup: 0, isolate: "none", timeBudget: null };

/** The sections whose values may differ from case to case. */
const CASE_SECTIONS = ["cluster", "proxy", "phases"] as const;

const SHARED_SECTIONS = ["scheduling", "controlplane", "sampling", "thresholds", "regression"] as const;

/**
 * Everything but cases and thresholds. Mistakes are reported and replaced, so that the rest is checked too; null when
 * there is nothing to go on with.
 */
export function readFrame(
  source: SourceNode,
  { isForgiven, problems }: { readonly isForgiven: Forgives; readonly problems: Problem[] },
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
  const matrix =
    params === INVALID || !sendsPackets(spec) ? null : readMatrix(spec, { isForgiven, params, problems });
  const bindings =
    params === INVALID ? new Map<string, Binding>() : bindingsOf(spec, { isForgiven, params, problems });
  const shared = { spec, bindings, problems };
  const sampling = readSection(shared, "sampling", SPEC_FIELDS.sampling);
  const regression = readSection(shared, "regression", SPEC_FIELDS.regression);
  if (regression !== INVALID) checkMargins(regression, spec, problems);
  // Without parameters every reference would look wrong; what else is wrong must not hide mistakes further on.
  if (params === INVALID) return null;
  const combinations = combinationsOf(matrix, spec, problems);
  const values = Object.fromEntries([...bindings].map(([name, { value }]) => [name, value]));
  return {
    spec,
    isForgiven,
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

interface Declared {
  readonly params: Readonly<Record<string, Parameter>>;
  readonly isForgiven: Forgives;
  readonly problems: Problem[];
}

/** Every parameter's value outside the matrix; defaults that do not fit and parameters without use are reported. */
function bindingsOf(spec: MapNode, { params, isForgiven, problems }: Declared): Map<string, Binding> {
  const used = referencesIn(spec, [...CASE_SECTIONS, ...SHARED_SECTIONS]);
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
    const forgiven = isForgiven(placeOf(spec, ["params", name])) || refersToUnknown(used, params);
    if (!used.has(name) && !isAxis && !forgiven)
      complain([], `is used nowhere; write \${${name}} or leave it out`);
    const written = findNode(spec, ["params", name, "default"]);
    bindings.set(name, { value: parameter.default, folder: written?.folder ?? null });
  }
  return bindings;
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

/** The matrix, with axes that nothing refers to reported, or dropped when forgiven. */
function readMatrix(spec: MapNode, { params, isForgiven, problems }: Declared): Matrix | null {
  const matrix = readKey(spec, "spec", "matrix", SPEC_FIELDS.matrix, problems);
  if (matrix === INVALID) return null;
  const node = spec.entries.get("matrix")?.node ?? spec;
  const used = referencesIn(spec, CASE_SECTIONS);
  const idle = Object.keys(matrix.axes).filter(
    (axis) => axis !== "mode" && axis in params && !used.has(axis),
  );
  const dropped = idle.filter((axis) => isForgiven(placeOf(node, ["axes", axis])));
  for (const axis of refersToUnknown(used, params) ? [] : idle) {
    if (dropped.includes(axis)) continue;
    const message = `the axis changes nothing: \${${axis}} is in none of ${CASE_SECTIONS.join(", ")}`;
    problems.push({ at: placeOf(node, ["axes", axis]), path: `spec.matrix.axes.${axis}`, message });
  }
  const axes = Object.fromEntries(Object.entries(matrix.axes).filter(([axis]) => !dropped.includes(axis)));
  const excludes = (rule: Condition) =>
    Object.entries(rule).every(([axis, wanted]) =>
      axes[axis]?.some((value) => [wanted].flat().includes(value)),
    );
  const exclude = matrix.exclude.filter(
    (rule, index) => excludes(rule) || !isForgiven(placeOf(node, ["exclude", index])),
  );
  return checkMatrix({ axes, exclude }, params, { node, problems });
}

/** Without a matrix that can be read the sections are still checked, with defaults, if there are any. */
function combinationsOf(matrix: Matrix | null, spec: MapNode, problems: Problem[]): Labels[] {
  if (matrix !== null) return expandChecked(matrix, spec, problems);
  return sendsPackets(spec) ? [{}] : [];
}

/** A scenario is about packets unless it says what to schedule or to do with a control plane, and nothing else. */
function sendsPackets({ entries }: MapNode): boolean {
  const isAboutOther = entries.has("scheduling") || entries.has("controlplane");
  return !isAboutOther || ["matrix", ...CASE_SECTIONS].some((key) => entries.has(key));
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
  frame: Frame,
  overrides: SchedulingOverrides,
  problems: Problem[],
): readonly ScenarioCase[] {
  const { spec, bindings } = frame;
  const written = readSection({ spec, bindings, problems }, "scheduling", SPEC_FIELDS.scheduling);
  const scheduled = written === INVALID ? [] : readSchedulingCases(written, { spec, overrides, problems });
  const benches = readSection({ spec, bindings, problems }, "controlplane", SPEC_FIELDS.controlplane);
  const planes = benches === INVALID ? [] : readControlPlaneCases(benches, { spec, problems });
  return [...readPacketsCases(frame, problems), ...scheduled, ...planes];
}

function readPacketsCases(frame: Frame, problems: Problem[]): PacketsCase[] {
  const { spec, bindings, combinations, seed, isForgiven } = frame;
  return combinations.flatMap((labels): PacketsCase[] => {
    const values = new Map(bindings);
    for (const [axis, value] of Object.entries(labels)) {
      if (values.has(axis)) values.set(axis, { value, folder: values.get(axis)?.folder ?? null });
    }
    const shared = { spec, bindings: values, problems };
    const cluster = readSection(shared, "cluster", SPEC_FIELDS.cluster);
    const proxy = readSection(shared, "proxy", SPEC_FIELDS.proxy);
    const written = readSection(shared, "phases", SPEC_FIELDS.phases);
    if (cluster === INVALID || proxy === INVALID || written === INVALID) return [];
    const located = cluster(seed);
    const hasServices = located.source.kind !== "iptablesSave" || !isForgiven(placeOf(spec, ["phases"]));
    const phases = written
      .filter(
        ({ when, phase }) => meets(labels, when) && (hasServices || !NEEDS_SERVICES.includes(phase.kind)),
      )
      .map(({ phase }) => phase);
    const mode = String(labels["mode"]) as Mode;
    const found: PacketsCase = {
      kind: "packets",
      id: labelsText(labels),
      labels,
      mode,
      cluster: located,
      proxy,
      phases,
    };
    checkConditions(written, frame, problems);
    checkRuleset(found, spec, problems);
    return [found];
  });
}

/** A phase that runs in no case is a mistake, and so is a case without a phase. */
function checkConditions(written: readonly WrittenPhase[], frame: Frame, problems: Problem[]): void {
  const { spec, combinations, isForgiven, axes } = frame;
  if (!axes["mode"]?.length) return;
  written.forEach(({ when }, index) => {
    const at = placeOf(spec, ["phases", index, "when"]);
    if (isForgiven(at) || combinations.some((labels) => meets(labels, when))) return;
    const wanted = Object.entries(when).map(([name, value]) => `${name}=${[value].flat().join(" or ")}`);
    problems.push({ at, path: `spec.phases[${index}].when`, message: `no case has ${wanted.join(" ")}` });
  });
  for (const labels of combinations) {
    if (written.some(({ when }) => meets(labels, when))) continue;
    const at = placeOf(spec, ["phases"]);
    problems.push({
      at,
      path: "spec.phases",
      message: `no phase is left for the case ${labelsText(labels)}`,
    });
  }
}

/** Rules of someone's own are iptables rules, and there is nothing to compile them from. */
function checkRuleset({ cluster, mode, phases, id }: PacketsCase, spec: MapNode, problems: Problem[]): void {
  if (cluster.source.kind !== "iptablesSave") return;
  // A case without a mode is reported as such already.
  if (mode !== undefined && mode !== "iptables") {
    const message = `mode ${mode} cannot run an iptables-save ruleset; leave only iptables (--set mode=iptables)`;
    problems.push({ at: placeOf(spec, ["matrix", "axes", "mode"]), path: "spec.matrix.axes.mode", message });
  }
  for (const { kind } of phases) {
    if (!NEEDS_SERVICES.includes(kind)) continue;
    const message = `a ${kind} phase needs Services; in case ${id} the cluster is an iptables-save ruleset`;
    problems.push({ at: placeOf(spec, ["phases"]), path: "spec.phases", message });
  }
}

function checkMargins(regression: Regression, spec: MapNode, problems: Problem[]): void {
  const fault = marginFault(regression);
  if (fault === null) return;
  const at = placeOf(spec, ["regression", "margin", fault.key]);
  problems.push({ at, path: `spec.regression.margin.${fault.key}`, message: fault.message });
}

/** Thresholds in base units. One that speaks of no case is reported, or dropped when forgiven. */
export function checkedThresholds(
  { spec, bindings, isForgiven, axes }: Frame,
  cases: readonly ScenarioCase[],
  problems: Problem[],
): Threshold[] {
  const written = readSection({ spec, bindings, problems }, "thresholds", SPEC_FIELDS.thresholds);
  const isWhole = !sendsPackets(spec) || axes["mode"]?.length;
  if (written === INVALID || cases.length === 0 || !isWhole) return [];
  return written.flatMap((threshold, index): Threshold[] => {
    const resolved = resolveThreshold(threshold, cases);
    if (!("message" in resolved)) return [resolved];
    const at = placeOf(spec, ["thresholds", index, resolved.key]);
    // A threshold on a metric that no phase is left to produce stays a mistake: it would look as if it were held.
    if (resolved.key === "where" && isForgiven(at)) return [];
    problems.push({ at, path: `spec.thresholds[${index}].${resolved.key}`, message: resolved.message });
    return [];
  });
}
