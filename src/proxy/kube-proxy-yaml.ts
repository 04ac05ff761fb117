// A YAML map read against a closed table of fields, with the place of everything that is wrong.
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type Pair,
} from "yaml";
import { PlumbError, type SourcePosition } from "../base/errors.js";
import { nearestWord } from "../base/nearest-word.js";
import { parseCidr } from "../base/ip.js";
import type { FieldTable, FieldType } from "./kube-proxy-fields.js";

/** A checked value and its place. */
export interface FieldValue {
  readonly value: unknown;
  readonly node: Node;
}

/** Collects what is wrong with one file, and says all of it at once. */
export class YamlProblems {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #found: { readonly position: SourcePosition; readonly message: string }[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** Parse, reporting syntax errors. */
  documents(text: string): Document[] {
    const documents = [
      ...parseAllDocuments(text, { lineCounter: this.#lines, prettyErrors: false }),
    ] as Document[];
    for (const document of documents) {
      const [error] = document.errors;
      // What follows the first is mostly its echo.
      if (error === undefined) continue;
      const isDeep = error.code === "RESOURCE_EXHAUSTION";
      this.#addAt(error.pos[0], isDeep ? TOO_DEEP : `${lowerFirst(error.message)}, expected YAML`);
    }
    return documents;
  }

  add(node: Node | null, message: string): void {
    this.#addAt(node?.range?.[0] ?? 0, message);
  }

  /** @throws {PlumbError} InvalidInput, one line "file:line:column: what, and what was expected" for each problem */
  throwIfAny(): void {
    const [first, ...rest] = this.#found;
    if (first === undefined) return;
    const lines = rest.map(
      ({ position: { file, line, column }, message }) => `${file}:${line}:${column}: ${message}`,
    );
    throw new PlumbError("InvalidInput", [first.message, ...lines].join("\n"), { position: first.position });
  }

  #addAt(offset: number, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.#found.push({ position: { file: this.#file, line, column: col }, message });
  }
}

/** Values by path ("iptables.masqueradeBit"). Null values count as absent, as they do in Go. */
export function readFields(root: Node, table: FieldTable, problems: YamlProblems): Map<string, FieldValue> {
  const values = new Map<string, FieldValue>();
  readMap(root, table, "", { values, problems });
  return values;
}

interface Reading {
  readonly values: Map<string, FieldValue>;
  readonly problems: YamlProblems;
}

function readMap(node: Node, table: FieldTable, path: string, reading: Reading): void {
  if (!isMap(node)) {
    reading.problems.add(
      node,
      `${path === "" ? "document" : path}: ${describe(node)}, expected a map of fields`,
    );
    return;
  }
  for (const pair of node.items) readPair(pair as Pair<Node, Node | null>, table, path, reading);
}

function readPair(pair: Pair<Node, Node | null>, table: FieldTable, path: string, reading: Reading): void {
  const name = isScalar(pair.key) ? String(pair.key.value) : "?";
  const fieldPath = path === "" ? name : `${path}.${name}`;
  const type = Object.hasOwn(table, name) ? table[name] : undefined;
  if (type === undefined) {
    const known = Object.keys(table);
    const meant = nearestWord(name, known);
    const expected = meant === null ? `expected one of ${known.join(", ")}` : `did you mean '${meant}'?`;
    reading.problems.add(pair.key, `unknown field '${fieldPath}', ${expected}`);
    return;
  }
  const node = pair.value;
  if (node === null || (isScalar(node) && node.value === null)) return;
  if (typeof type === "object") {
    readMap(node, type, fieldPath, reading);
    return;
  }
  const value = plainValue(node);
  const expected = mismatch(value, type);
  if (expected === null) reading.values.set(fieldPath, { value, node });
  else reading.problems.add(node, `${fieldPath}: ${describe(node)}, expected ${expected}`);
}

function plainValue(node: Node): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => plainValue(item as Node));
  if (isMap(node))
    return Object.fromEntries(node.items.map((pair) => [String(pair.key), plainValue(pair.value as Node)]));
  return undefined;
}

/** What was expected, or null when the value fits. */
function mismatch(value: unknown, type: FieldType): string | null {
  switch (type) {
    case "string":
      return typeof value === "string" ? null : "a string";
    case "boolean":
      return typeof value === "boolean" ? null : "true or false";
    case "integer":
      return Number.isSafeInteger(value) ? null : "a whole number";
    case "number":
      return typeof value === "number" ? null : "a number";
    case "duration":
      return isDuration(value) ? null : 'a duration such as "30s" or "1m30s"';
    case "strings":
      return isList(value, (item) => typeof item === "string") ? null : "a list of strings";
    case "cidrs":
      return isList(value, isCidr) || isPrimary(value) ? null : 'a list of CIDRs such as "10.0.0.0/8"';
    case "flags":
      return isFlags(value) ? null : "a map of names to true or false";
  }
}

/** Go's time.ParseDuration, or 0. */
function isDuration(value: unknown): boolean {
  return (
    value === 0 ||
    (typeof value === "string" && /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(value))
  );
}

function isCidr(value: unknown): boolean {
  return typeof value === "string" && value.includes("/") && parseCidr(value) !== null;
}

function isPrimary(value: unknown): boolean {
  return Array.isArray(value) && value.length === 1 && value[0] === "primary";
}

function isList(value: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}

function isFlags(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((flag) => typeof flag === "boolean")
  );
}

function describe(node: Node): string {
  if (isMap(node)) return "a map";
  if (isSeq(node)) return `a list [${node.items.map(String).join(", ")}]`;
  return isScalar(node) ? JSON.stringify(node.value) : "an alias";
}

const TOO_DEEP = "values are nested too deep to be read, expected a KubeProxyConfiguration";

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
