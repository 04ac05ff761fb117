// A YAML or JSON file as a tree in which every node knows its place, so that any later message can point at it.
// Plain YAML only: no anchors, aliases, tags or merge keys.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLParseError } from "yaml";
import type { SourcePosition } from "../errors.js";

export type ScalarValue = string | number | boolean | null;

interface Placed {
  readonly at: SourcePosition;
  /** Folder that a relative path in this node is relative to. */
  readonly folder: string;
}

export type SourceNode =
  | (Placed & { readonly kind: "scalar"; readonly value: ScalarValue })
  | (Placed & { readonly kind: "list"; readonly items: readonly SourceNode[] })
  | MapNode;

export interface MapNode extends Placed {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly keyAt: SourcePosition;
  readonly node: SourceNode;
}

/** What is wrong, where, and with which field ("" for the file as a whole). */
export interface Problem {
  readonly at: SourcePosition;
  readonly path: string;
  readonly message: string;
}

export interface SourceText {
  readonly file: string;
  /** Folder that relative paths in it are relative to. */
  readonly folder: string;
  readonly text: string;
  /** What the file should be, for messages: "a Scenario". */
  readonly expected: string;
  /** What this format offers in place of YAML aliases, for messages. */
  readonly insteadOfAlias?: string;
}

/** Parse YAML or JSON. Syntax errors go to `problems`; null when there is nothing to go on with. */
export function parseSource(input: SourceText, problems: Problem[]): SourceNode | null {
  const lines = new LineCounter();
  const document = parseDocument(input.text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const place = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file: input.file, line, column: col };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    // What follows the first is mostly its echo.
    problems.push({ at: place(error.pos[0]), path: "", message: syntaxMessage(error, input.expected) });
    return null;
  }
  if (document.contents === null) {
    problems.push({ at: place(0), path: "", message: `the file is empty; expected ${input.expected}` });
    return null;
  }
  const { folder, insteadOfAlias = "write the value out" } = input;
  return convert(document.contents, "", { place, folder, insteadOfAlias, problems });
}

function syntaxMessage({ code, message }: YAMLParseError, expected: string): string {
  if (code === "MULTIPLE_DOCS") return `a second document begins here, expected ${expected} alone in a file`;
  if (code === "DUPLICATE_KEY") return "this key stands twice in one map, expected each key once";
  if (code === "RESOURCE_EXHAUSTION") return `values are nested too deep to be read, expected ${expected}`;
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}, expected YAML`;
}

interface Conversion {
  readonly place: (offset: number) => SourcePosition;
  readonly folder: string;
  readonly insteadOfAlias: string;
  readonly problems: Problem[];
}

function convert(node: Node, path: string, conversion: Conversion): SourceNode {
  const placed = { at: conversion.place(node.range?.[0] ?? 0), folder: conversion.folder };
  const complain = (message: string) => conversion.problems.push({ at: placed.at, path, message });
  if (isMap(node)) return { ...placed, kind: "map", entries: convertEntries(node.items, path, conversion) };
  if (isSeq(node)) {
    const items = node.items.map((item, index) => convert(item as Node, `${path}[${index}]`, conversion));
    return { ...placed, kind: "list", items };
  }
  const value: unknown = isScalar(node) ? node.value : undefined;
  if (isScalarValue(value)) return { ...placed, kind: "scalar", value };
  complain(
    isScalar(node)
      ? "expected plain text or a number"
      : `aliases are not supported; ${conversion.insteadOfAlias}`,
  );
  return { ...placed, kind: "scalar", value: null };
}

function convertEntries(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  path: string,
  conversion: Conversion,
): Map<string, MapEntry> {
  const entries = new Map<string, MapEntry>();
  for (const { key, value } of pairs) {
    const keyNode = key as Node;
    const keyAt = conversion.place(keyNode.range?.[0] ?? 0);
    const name = isScalar(keyNode) ? String(keyNode.value) : "";
    const childPath = joinPath(path, name);
    const missing = { at: keyAt, folder: conversion.folder, kind: "scalar", value: null } as const;
    entries.set(name, {
      keyAt,
      node: value === null ? missing : convert(value as Node, childPath, conversion),
    });
  }
  return entries;
}

function isScalarValue(value: unknown): value is ScalarValue {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

export function joinPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
