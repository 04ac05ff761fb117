// --set key=value laid over a scenario: a parameter by its name, or a path below spec.
import type { SourcePosition } from "../base/errors.js";
import { parseSource, type Problem, type SourceNode } from "../base/document/source-tree.js";
import { findNode, mergeSource } from "./scenario-source.js";

/** Key and YAML text of the value. */
export type Setting = readonly [key: string, value: string];

/** @param folder what a path among the values is relative to */
export function applySettings(
  source: SourceNode,
  settings: readonly Setting[],
  folder: string,
  problems: Problem[],
): SourceNode {
  let result = source;
  for (const [key, written] of settings) {
    const file = `--set ${key}`;
    // Nothing after the "=" is the empty text, not an empty file.
    const value = parseSource(
      { file, folder, text: written === "" ? '""' : written, expected: "a value" },
      problems,
    );
    if (value === null) continue;
    for (const [path, node] of targets(result, key, value)) {
      result = mergeSource(result, nest(["spec", ...path], node, value.at));
    }
  }
  return result;
}

/** Where a setting goes: a parameter's default and its axis, the mode axis, or the path as it is. */
function targets(source: SourceNode, key: string, value: SourceNode): [string[], SourceNode][] {
  const axis = ["matrix", "axes", key];
  const asAxis: SourceNode = value.kind === "list" ? value : { ...value, kind: "list", items: [value] };
  if (key === "mode") return [[axis, asAxis]];
  if (findNode(source, ["spec", "params", key]) === null) return [[key.split("."), value]];
  const isAxis = findNode(source, ["spec", ...axis]) !== null;
  const single = value.kind === "list" ? [] : [[["params", key, "default"], value] as [string[], SourceNode]];
  return isAxis || value.kind === "list" ? [...single, [axis, asAxis]] : single;
}

function nest(path: readonly string[], node: SourceNode, at: SourcePosition): SourceNode {
  const [step, ...rest] = path;
  if (step === undefined) return node;
  const below = nest(rest, node, at);
  return { kind: "map", at, folder: node.folder, entries: new Map([[step, { keyAt: at, node: below }]]) };
}
