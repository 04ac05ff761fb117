// Scenario text -> checked scenario. Every mistake is reported at once, each with its place:
//   file:12:5 spec.threshholds: unknown field (did you mean "thresholds"?)
// Order: parse, lay over the preset it extends, lay --set over that, check the frame, expand the matrix, fill
// parameters in and check each case, then check what speaks about cases.
import { dirname } from "node:path";
import { PlumbError, type SourcePosition } from "../base/errors.js";
import { digestOf } from "../measure/canonical-json.js";
import { checkedThresholds, readCases, readFrame } from "./scenario-frame.js";
import { applySettings, type Setting } from "./scenario-settings.js";
import { INVALID } from "../base/document/fields.js";
import { extendsField } from "./scenario-schema.js";
import { mistakesError } from "../base/document/mistakes.js";
import { parseSource, type Problem, type SourceNode } from "../base/document/source-tree.js";
import { mergeSource } from "./scenario-source.js";
import { schedulingDigestContent } from "./scheduling/input-files.js";
import { NO_OVERRIDES, type SchedulingOverrides } from "./scheduling/scheduling-cases.js";
import { type Scenario, SCENARIO_API_VERSION, type ScenarioCase } from "./scenario-types.js";

export interface ScenarioText {
  readonly file: string;
  readonly text: string;
}

export interface ScenarioOptions {
  /** The text of a preset, or null when there is none of this name. */
  readonly resolvePreset: (name: string) => ScenarioText | null;
  /**
   * What the command line changes: a parameter, `mode`, or a path below spec, such as sampling.samples. A parameter
   * that is an axis collapses to the value. Values are YAML.
   */
  readonly set?: readonly Setting[];
  /** Folder that paths in `set` are relative to. */
  readonly folder?: string;
  /** Scheduler configurations and load for all that is scheduled. */
  readonly scheduling?: SchedulingOverrides;
}

/** @throws {PlumbError} InvalidInput with one line per mistake, in file order */
export function parseScenario(input: ScenarioText, options: ScenarioOptions): Scenario {
  const problems: Problem[] = [];
  const written = load(input, options.resolvePreset, [], problems);
  if (written === null) throw failure(problems);
  const settings = options.set ?? [];
  const source = applySettings(written, settings, options.folder ?? ".", problems);
  // What someone else wrote and this file, or the command line, has made pointless is dropped and not called a mistake.
  const isForgiven = (at: SourcePosition) => settings.length > 0 || at.file !== input.file;
  const frame = readFrame(source, { isForgiven, problems });
  if (frame === null) throw failure(problems);
  const cases = readCases(frame, options.scheduling ?? NO_OVERRIDES, problems);
  const thresholds = checkedThresholds(frame, cases, problems);
  if (problems.length > 0) throw failure(problems);
  const { metadata, seed, params, axes, sampling, regression } = frame;
  return {
    apiVersion: SCENARIO_API_VERSION,
    ...metadata,
    seed,
    params,
    axes,
    cases,
    sampling,
    thresholds,
    regression,
  };
}

/**
 * The cases to run, in matrix order.
 * @param only a pattern over case ids in which * stands for anything, such as "mode=ipvs *"
 * @throws {PlumbError} NotFound when no case matches
 */
export function resolveCases(scenario: Scenario, only = "*"): readonly ScenarioCase[] {
  const escaped = only.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${escaped.join(".*")}$`);
  const cases = scenario.cases.filter(({ id }) => pattern.test(id));
  if (cases.length > 0) return cases;
  const ids = scenario.cases.map(({ id }) => id);
  throw new PlumbError(
    "NotFound",
    `Cannot select cases '${only}': the scenario has ${ids.slice(0, 8).join("; ")}`,
  );
}

/**
 * What makes two runs comparable, hashed: seed, cases and how a sample is taken; not how many, nor what is judged.
 * @param inputDigests path -> digest of an input's content (inputFilesOf), put in place of the path
 */
export function scenarioDigest(
  scenario: Scenario,
  inputDigests: ReadonlyMap<string, string> = new Map(),
): string {
  const { apiVersion, seed, sampling, cases } = scenario;
  const { warmup, isolate } = sampling;
  const content = cases.map((scenarioCase) => {
    if (scenarioCase.kind === "scheduling") return schedulingDigestContent(scenarioCase, inputDigests);
    if (scenarioCase.kind === "controlplane") return { id: scenarioCase.id, controlplane: scenarioCase.spec };
    const { kind: _, ...packets } = scenarioCase;
    const { source } = packets.cluster;
    if (source.kind === "services") return packets;
    const named = { ...source, path: inputDigests.get(source.path) ?? source.path };
    return { ...packets, cluster: { ...packets.cluster, source: named } };
  });
  return digestOf({ apiVersion, seed, warmup, isolate, cases: content });
}

const EXTENDS_DEPTH_MAX = 4;

/** The file laid over what it extends; null, reported, when there is nothing to check. */
function load(
  { file, text }: ScenarioText,
  resolvePreset: ScenarioOptions["resolvePreset"],
  above: readonly string[],
  problems: Problem[],
): SourceNode | null {
  const insteadOfAlias = `use \${param} or extends`;
  const own = parseSource(
    { file, folder: dirname(file), text, expected: "a Scenario", insteadOfAlias },
    problems,
  );
  const entry = own?.kind === "map" ? own.entries.get("extends") : undefined;
  if (own?.kind !== "map" || entry === undefined) return own;
  const name = extendsField.read(entry.node, "extends", problems);
  if (name === INVALID || name === null) return null;
  const complain = (message: string) => {
    problems.push({ at: entry.node.at, path: "extends", message });
    return null;
  };
  const preset = name.replace(/^preset:/, "");
  if (above.includes(preset) || above.length >= EXTENDS_DEPTH_MAX) return complain(`${name} extends itself`);
  const below = resolvePreset(preset);
  if (below === null) return complain(`there is no preset "${preset}"; see plumb preset ls`);
  const base = load(below, resolvePreset, [...above, preset], problems);
  const rest = new Map([...own.entries].filter(([key]) => key !== "extends"));
  return base === null ? null : mergeSource(base, { ...own, entries: rest });
}

function failure(problems: readonly Problem[]): PlumbError {
  return mistakesError(problems, "plumb schema scenario prints every field");
}
