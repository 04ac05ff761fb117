// A scenario file as a tree in which every node knows its place, so that any later message can point at it.
// Plain YAML only: no anchors, aliases, tags or merge keys; ${param} and `extends` are the language's own reuse.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLParseError } from "yaml";
import type { SourcePosition } from "../base/errors.js";

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

/** Parse YAML or JSON. Syntax errors go to `problems`; null when there is nothing to go on with. */
export function parseSource(
  input: { readonly file: string; readonly folder: string; readonly text: string },
  problems: Problem[],
): SourceNode | null {
  const lines = new LineCounter();
  const document = parseDocument(input.text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const place = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file: input.file, line, column: col };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    // What follows the first is mostly its echo.
    problems.push({ at: place(error.pos[0]), path: "", message: syntaxMessage(error) });
    return null;
  }
  if (document.contents === null) {
    problems.push({ at: place(0), path: "", message: "the file is empty; expected a Scenario" });
    return null;
  }
  return convert(document.contents, "", { place, folder: input.folder, problems });
}

function syntaxMessage({ code, message }: YAMLParseError): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins here, expected one Scenario in a file";
  if (code === "DUPLICATE_KEY") return "this key stands twice in one map, expected each key once";
  if (code === "RESOURCE_EXHAUSTION") return "values are nested too deep to be read, expected a Scenario";
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}, expected YAML`;
}

interface Conversion {
  readonly place: (offset: number) => SourcePosition;
  readonly folder: string;
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
      : `aliases are not supported; use \${param} or extends`,
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

/** The node below these keys, or null. */
export function findNode(node: SourceNode, path: readonly string[]): SourceNode | null {
  const [step, ...rest] = path;
  if (step === undefined) return node;
  const child = node.kind === "map" ? node.entries.get(step)?.node : undefined;
  return child === undefined ? null : findNode(child, rest);
}

/**
 * `over` laid on `base`: maps merge key by key, everything else replaces; null takes a key away (RFC 7386).
 * Naming another source of cluster objects replaces the one that was there.
 */
export function mergeSource(base: SourceNode, over: SourceNode, path = ""): SourceNode {
  if (base.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map(base.entries);
  if (path === "spec.cluster" && CLUSTER_SOURCES.some((key) => over.entries.has(key))) {
    for (const key of CLUSTER_SOURCES) if (!over.entries.has(key)) entries.delete(key);
  }
  for (const [key, { keyAt, node }] of over.entries) {
    const below = entries.get(key);
    if (node.kind === "scalar" && node.value === null) entries.delete(key);
    else entries.set(key, { keyAt, node: below ? mergeSource(below.node, node, joinPath(path, key)) : node });
  }
  return { ...over, entries };
}

/** The keys of spec.cluster that say where objects come from; a scenario has exactly one. */
export const CLUSTER_SOURCES = ["services", "manifests", "iptablesSave"] as const;
