// ${param}: the only substitution there is. No expressions and no templates, so a scenario reads as what it does.
import { describe } from "../base/document/fields.js";
import { joinPath, type MapEntry, type Problem, type SourceNode } from "../base/document/source-tree.js";
import type { LabelValue } from "./scenario-types.js";
import { suggestion } from "../base/document/suggestion.js";

const REFERENCE = /\$\{([^}]*)\}/g;

/** A parameter's value and the folder that a path in it is relative to (null: the place it is used in). */
export interface Binding {
  readonly value: LabelValue;
  readonly folder: string | null;
}

export interface Substitution {
  readonly values: ReadonlyMap<string, Binding>;
  /** Names that were used are added here. */
  readonly used: Set<string>;
  readonly problems: Problem[];
}

/** A copy with every ${name} filled in. A text that is one reference takes the value as it is, number or text. */
export function substitute(node: SourceNode, path: string, substitution: Substitution): SourceNode {
  switch (node.kind) {
    case "map": {
      const entries = [...node.entries].map(([key, entry]): [string, MapEntry] => [
        key,
        { ...entry, node: substitute(entry.node, joinPath(path, key), substitution) },
      ]);
      return { ...node, entries: new Map(entries) };
    }
    case "list":
      return {
        ...node,
        items: node.items.map((item, index) => substitute(item, `${path}[${index}]`, substitution)),
      };
    case "scalar":
      return typeof node.value === "string" && node.value.includes("${")
        ? fill(node, node.value, path, substitution)
        : node;
  }
}

function fill(node: SourceNode, text: string, path: string, substitution: Substitution): SourceNode {
  const bindings = [...text.matchAll(REFERENCE)].map((match) =>
    lookUp(match[1] ?? "", node, path, substitution),
  );
  const [first] = bindings;
  if (first !== undefined && bindings.length === 1 && /^\$\{[^}]*\}$/.test(text)) {
    return { kind: "scalar", at: node.at, folder: first.folder ?? node.folder, value: first.value };
  }
  let next = 0;
  const value = text.replace(REFERENCE, () => String(bindings[next++]?.value));
  return { kind: "scalar", at: node.at, folder: node.folder, value };
}

function lookUp(
  name: string,
  node: SourceNode,
  path: string,
  { values, used, problems }: Substitution,
): Binding {
  used.add(name);
  const binding = values.get(name);
  if (binding !== undefined) return binding;
  const known = [...values.keys()];
  const hint =
    suggestion(name, known) ||
    (known.length > 0 ? `; parameters are ${known.join(", ")}` : "; none is declared");
  problems.push({ at: node.at, path, message: `unknown parameter "${name}" in ${describe(node)}${hint}` });
  return { value: "", folder: null };
}
