// JSON that is the same text for the same value: keys sorted, no NaN, no undefined; so files diff well and digests hold.
import { createHash } from "node:crypto";
import { assert } from "../base/assert.js";

const INDENT = "  ";
const LINE_MAX = 100;

/** Sorted keys, two-space indent; what fits one line of 100 characters stays on it. Ends with a line feed. */
export function canonicalJson(value: unknown): string {
  return `${pretty(value, "", "")}\n`;
}

/** sha256 of the value's compact canonical JSON, hex. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(compact(value, "")).digest("hex");
}

function pretty(value: unknown, indent: string, path: string): string {
  const flat = compact(value, path);
  if (flat.length + indent.length <= LINE_MAX || typeof value !== "object" || value === null) return flat;
  const inner = indent + INDENT;
  if (Array.isArray(value)) {
    return `[\n${filled(
      value.map((item, index) => pretty(item, inner, `${path}[${index}]`)),
      inner,
    )}\n${indent}]`;
  }
  const lines = sortedEntries(value, path).map(
    ([key, item]) => `${inner}${JSON.stringify(key)}: ${pretty(item, inner, `${path}.${key}`)}`,
  );
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

/** Items of a list, as many short ones on a line as fit. */
function filled(items: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const item of items) {
    const longer = line === "" ? indent + item : `${line}, ${item}`;
    if (line !== "" && (longer.length > LINE_MAX || item.length > 40 || item.includes("\n"))) {
      lines.push(line);
      line = indent + item;
    } else line = longer;
  }
  if (line !== "") lines.push(line);
  return lines.join(",\n");
}

function compact(value: unknown, path: string): string {
  if (typeof value === "number")
    assert(Number.isFinite(value), `${path || "the value"} is ${value}: JSON has no such number`);
  if (
    value === null ||
    typeof value === "number" ||
    typeof value === "string" ||
    typeof value === "boolean"
  ) {
    return JSON.stringify(value);
  }
  assert(typeof value === "object", `${path || "the value"} is a ${typeof value}: JSON has no such thing`);
  if (Array.isArray(value))
    return `[${value.map((item, index) => compact(item, `${path}[${index}]`)).join(",")}]`;
  const members = sortedEntries(value, path).map(
    ([key, item]) => `${JSON.stringify(key)}:${compact(item, `${path}.${key}`)}`,
  );
  return `{${members.join(",")}}`;
}

function sortedEntries(value: object, path: string): [string, unknown][] {
  const entries = Object.entries(value);
  for (const [key, item] of entries)
    assert(item !== undefined, `${path}.${key} is undefined: leave the key out`);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
