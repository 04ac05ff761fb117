// YAML with positions: documents as plain values, one at a time, and where their values stand.
// The `yaml` package makes the nodes; turning them into values is done here, because it decides what is refused:
// duplicate keys, keys that are not scalars, "__proto__", deep nesting, and aliases that blow up.
// Nodes are dropped once converted, and made again from the document's slice of the text when a position is wanted.
// Cost: O(text), about 1.5 MB a second.
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
} from "yaml";
import { assert } from "../base/assert.js";
import type { Path } from "./problems.js";
import { DEPTH_MAX, type TextError } from "./source-text.js";

/** Values that aliases may stand for in one document, each counted as often as it is used. */
const ALIASED_VALUES_MAX = 100_000;

/** One document of a stream: its value and the slice of the text it was read from. */
export interface YamlDocument {
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
}

export type YamlScan =
  | { readonly ok: true; readonly documents: readonly YamlDocument[] }
  | { readonly ok: false; readonly error: TextError };

/** Read every document of a stream; those without content are left out. The first error ends the reading. */
export function scanYaml(text: string): YamlScan {
  try {
    const documents: YamlDocument[] = [];
    let start = 0;
    for (const document of compose(text)) {
      const end = document.range[2];
      const error = document.errors[0];
      if (error?.code === "RESOURCE_EXHAUSTION") throw tooDeep(start);
      if (error !== undefined)
        throw new YamlTextError(error.pos[0], syntaxMessage(error.code, error.message, text));
      const content = document.contents as Node | null;
      const value = new Converter().convert(content, 0);
      if (value !== null) documents.push({ value, start, end });
      start = end;
    }
    return { ok: true, documents };
  } catch (error) {
    if (!(error instanceof YamlTextError)) throw error;
    return { ok: false, error };
  }
}

/** Offset in `text` of the value at `path` of one document, or of the nearest above it that exists. */
export function locateYaml(text: string, document: YamlDocument, path: Path): number {
  const [parsed] = compose(text.slice(document.start, document.end));
  const root = (parsed?.contents ?? null) as Node | null;
  let node = root;
  for (const step of path) {
    const child = childOf(resolve(node, root), step);
    if (child === null) break;
    node = child;
  }
  return document.start + (node?.range?.[0] ?? 0);
}

class YamlTextError extends Error implements TextError {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

function compose(text: string): Generator<Document.Parsed> {
  // Duplicate keys are found in Converter: the package compares every key with every other.
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  return composer.compose(tokens(text), false, text.length);
}

/** The package's tokens, refusing nesting on one line that would overflow the composer's stack. */
function* tokens(
  text: string,
): Generator<ReturnType<Parser["parse"]> extends Generator<infer T> ? T : never> {
  const parser = new Parser();
  let flowDepth = 0;
  let compactDepth = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === "[" || lexeme === "{") flowDepth++;
    else if (lexeme === "]" || lexeme === "}" || lexeme === "\u0018") flowDepth = Math.max(0, flowDepth - 1);
    else if (lexeme === "-" || lexeme === "?") compactDepth++;
    else if (lexeme !== " ") compactDepth = 0;
    if (flowDepth > DEPTH_MAX || compactDepth > DEPTH_MAX) throw tooDeep(parser.offset);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

function tooDeep(offset: number): YamlTextError {
  return new YamlTextError(offset, `nested deeper than ${DEPTH_MAX} levels, expected a Kubernetes object`);
}

/** What the text should have been, for the package's codes whose message does not say. */
const EXPECTED: Readonly<Record<string, string>> = {
  BAD_ALIAS: "an anchor's name",
  BAD_DQ_ESCAPE: "an escape that YAML has",
  BAD_INDENT: "the items of one block in the same column",
  BLOCK_AS_IMPLICIT_KEY: "one 'key: value' per line",
  BLOCK_IN_FLOW: "the closing bracket first",
  MISSING_CHAR: "it before this place",
  MULTILINE_IMPLICIT_KEY: "'key: value'",
  TAB_AS_INDENT: "spaces",
  UNEXPECTED_TOKEN: "a value",
};

function syntaxMessage(code: string, message: string, text: string): string {
  const sentence = message.charAt(0).toLowerCase() + message.slice(1);
  const template = /\{\{[-\s.$\w]/.test(text) ? " (is this a template that was not rendered?)" : "";
  return `${sentence}, expected ${EXPECTED[code] ?? "YAML"}${template}`;
}

/** Turns the nodes of one document into plain values. Anchored values are shared, not copied. */
class Converter {
  readonly #anchored = new Map<string, { value: unknown; valueCount: number } | null>();
  #aliasedValues = 0;
  #valueCount = 0;

  convert(node: Node | null, depth: number): unknown {
    this.#valueCount++;
    if (node === null) return null;
    if (depth > DEPTH_MAX) throw tooDeep(offsetOf(node));
    if (isAlias(node)) return this.#alias(node.source, offsetOf(node));
    const { anchor } = node as { anchor?: string };
    const before = this.#valueCount;
    if (anchor !== undefined) this.#anchored.set(anchor, null);
    const value = this.#content(node, depth);
    if (anchor !== undefined)
      this.#anchored.set(anchor, { value, valueCount: this.#valueCount - before + 1 });
    return value;
  }

  #content(node: Node, depth: number): unknown {
    if (isMap(node)) return this.#map(node, depth);
    if (isSeq(node))
      return node.items.map((item) => this.convert(isPair(item) ? null : (item as Node), depth + 1));
    assert(isScalar(node), "a node that is neither alias, map, list nor scalar");
    return node.value;
  }

  #map(node: YAMLMap, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const merged: unknown[] = [];
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = keyOf(pair, node);
      const keyNode = pair.key as Node;
      if (seen.has(key)) {
        throw new YamlTextError(
          offsetOf(keyNode),
          `key '${key}' stands twice in one map, expected each key once`,
        );
      }
      seen.add(key);
      const value = this.convert(pair.value as Node | null, depth + 1);
      if (isMergeKey(keyNode)) merged.push(...(Array.isArray(value) ? value : [value]));
      else result[key] = value;
    }
    return merged.length === 0 ? result : mergeInto(result, merged, offsetOf(node));
  }

  #alias(anchor: string, offset: number): unknown {
    const target = this.#anchored.get(anchor);
    if (target === undefined) {
      throw new YamlTextError(offset, `alias '*${anchor}', expected an anchor '&${anchor}' before it`);
    }
    if (target === null)
      throw new YamlTextError(offset, `alias '*${anchor}' inside its own anchor, expected a value`);
    this.#aliasedValues += target.valueCount;
    this.#valueCount += target.valueCount;
    if (this.#aliasedValues <= ALIASED_VALUES_MAX) return target.value;
    throw new YamlTextError(
      offset,
      `aliases stand for more than ${ALIASED_VALUES_MAX} values, expected fewer`,
    );
  }
}

function keyOf(pair: Pair, map: YAMLMap): string {
  const { key } = pair;
  const scalar = isScalar(key) ? key.value : null;
  if (scalar === null || typeof scalar === "object") {
    const at = offsetOf((key ?? map) as Node);
    throw new YamlTextError(at, "a key that is no plain word, expected a string (is this a template?)");
  }
  if (scalar !== "__proto__") return String(scalar);
  throw new YamlTextError(offsetOf(key as Node), "key '__proto__', expected a field of a Kubernetes object");
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

/** YAML 1.1's "<<": keys of the maps in `merged`, the earlier map first, where the map has none of its own. */
function mergeInto(
  result: Record<string, unknown>,
  merged: readonly unknown[],
  offset: number,
): Record<string, unknown> {
  for (const source of merged) {
    if (typeof source !== "object" || source === null || Array.isArray(source)) {
      throw new YamlTextError(offset, "'<<' with a value that is no map, expected a map or a list of maps");
    }
    for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(result, key)) result[key] = value;
  }
  return result;
}

function childOf(node: Node | null, step: string | number): Node | null {
  if (isSeq(node) && typeof step === "number") return (node.items[step] ?? null) as Node | null;
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
  if (pair === undefined) return null;
  return (pair.value ?? pair.key) as Node | null;
}

/** The node that an alias stands for. Converter has made sure that there is one. */
function resolve(node: Node | null, root: Node | null): Node | null {
  if (!isAlias(node)) return node;
  return findAnchor(root, node.source);
}

function findAnchor(node: Node | null, anchor: string): Node | null {
  if (node === null || isAlias(node)) return null;
  if ((node as { anchor?: string }).anchor === anchor) return node;
  const children = isMap(node)
    ? node.items.map(({ value }) => value as Node | null)
    : isSeq(node)
      ? node.items
      : [];
  for (const child of children) {
    const found = findAnchor(child as Node | null, anchor);
    if (found !== null) return found;
  }
  return null;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
