// The parameters of one workload: "$name" in a field becomes the workload's value, and every value must be used.
import {
  type MapEntry,
  type MapNode,
  joinPath,
  parseSource,
  type Problem,
  type SourceNode,
} from "../../base/document/source-tree.js";
import { suggestion } from "../../base/document/suggestion.js";
import { goEntry } from "./go-fields.js";
import type { TemplateParams } from "./ops.js";

/** Fields that may be written as NAMEParam: $parameter. */
const PARAMETER_FIELDS = ["count", "countMultiplier", "duration", "steadyState", "signatureBatchSize"];

export class Parameters {
  readonly #values: ReadonlyMap<string, MapEntry>;
  readonly #used = new Set<string>();
  readonly #missing: Problem[] = [];

  constructor(values: ReadonlyMap<string, MapEntry>) {
    this.#values = values;
  }

  /** `op` with NAMEParam replaced by NAME and its value, if there is one; also in the operation inside it. */
  fill(op: SourceNode, path: string, problems: Problem[]): SourceNode {
    if (op.kind !== "map") return op;
    const entries = new Map<string, MapEntry>();
    const filled = new Map<string, MapEntry>();
    for (const [key, entry] of op.entries) {
      const field = PARAMETER_FIELDS.find((name) => `${name}Param`.toLowerCase() === key.toLowerCase());
      if (field !== undefined && !isEmpty(entry.node)) {
        const node = this.#valueOf(entry.node, joinPath(path, key), problems);
        if (node !== null) filled.set(field, { keyAt: entry.keyAt, node });
      } else if (key.toLowerCase() === "createpodsop") {
        entries.set(key, { ...entry, node: this.fill(entry.node, joinPath(path, key), problems) });
      } else if (field === undefined) entries.set(key, entry);
    }
    // Later entries win: a parameter takes precedence over a value.
    return { ...op, entries: new Map([...entries, ...filled]) };
  }

  /** Values of `templateParams`: "$name" is a parameter, "$name|text" one with a default written in YAML. */
  templateParams(op: SourceNode, path: string): TemplateParams {
    const node = goEntry(op, "templateParams")?.node;
    if (node?.kind !== "map") return {};
    const values = [...node.entries].map(([key, entry]) => {
      return [key, this.#templateParam(entry.node, joinPath(path, key))] as const;
    });
    return Object.fromEntries(values);
  }

  /** Count every "$name" below `node` as used: it belongs to an operation that is not carried out. */
  touchAll(node: SourceNode): void {
    if (node.kind === "list") for (const item of node.items) this.touchAll(item);
    if (node.kind === "map") for (const { node: below } of node.entries.values()) this.touchAll(below);
    if (node.kind === "scalar" && typeof node.value === "string" && node.value.startsWith("$"))
      this.#used.add(String(node.value.slice(1).split("|")[0]));
  }

  /** What speaks against running the workload: parameters that it lacks, and those that nothing asked for. */
  mistakes(workload: string): readonly Problem[] {
    const missing = this.#missing.map((problem) => ({ ...problem, path: `${workload}: ${problem.path}` }));
    const unused = [...this.#values]
      .filter(([name]) => !this.#used.has(name))
      .map(([name, { keyAt }]) => ({
        at: keyAt,
        path: `${workload}: params.${name}`,
        message: "no operation of the workloadTemplate uses this parameter",
      }));
    return [...missing, ...unused];
  }

  #valueOf(reference: SourceNode, path: string, problems: Problem[]): SourceNode | null {
    const written = reference.kind === "scalar" ? reference.value : null;
    if (typeof written === "string" && /^\$.+/.test(written))
      return this.#find(written.slice(1), reference, path);
    const message = "expected the name of a parameter, such as $initNodes";
    problems.push({ at: reference.at, path, message });
    return null;
  }

  #templateParam(node: SourceNode, path: string): unknown {
    const written = node.kind === "scalar" ? node.value : null;
    if (typeof written !== "string" || !written.startsWith("$")) return plainValue(node);
    const bar = written.indexOf("|");
    const name = written.slice(1, bar < 0 ? undefined : bar);
    if (bar >= 0 && !this.#values.has(name)) return this.#defaultValue(node, written.slice(bar + 1));
    const found = this.#find(name, node, path);
    return found === null ? null : plainValue(found);
  }

  #defaultValue(node: SourceNode, text: string): unknown {
    if (text.trim() === "") return null;
    const { folder, at } = node;
    const parsed = parseSource({ file: at.file, folder, text, expected: "a default value" }, this.#missing);
    return parsed === null ? null : plainValue(parsed);
  }

  #find(name: string, { at }: SourceNode, path: string): SourceNode | null {
    this.#used.add(name);
    const found = this.#values.get(name);
    if (found !== undefined) return found.node;
    const known = [...this.#values.keys()];
    const hint = suggestion(name, known) || (known.length > 0 ? `; it has ${known.join(", ")}` : "");
    this.#missing.push({ at, path, message: `the workload has no parameter '${name}'${hint}` });
    return null;
  }
}

/** A node without its places. */
function plainValue(node: SourceNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plainValue);
  return Object.fromEntries(
    [...(node as MapNode).entries].map(([key, entry]) => [key, plainValue(entry.node)]),
  );
}

function isEmpty(node: SourceNode): boolean {
  return node.kind === "scalar" && (node.value === null || node.value === "");
}
