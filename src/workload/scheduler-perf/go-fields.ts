// Fields as Go decodes them: keys in any case, null as if it were not written, durations such as "1m30s".
// Source: encoding/json, metav1.Duration, time.ParseDuration.
import {
  anyText,
  describe,
  type Field,
  type Fields,
  INVALID,
  list,
  mapped,
  object,
  optional,
  path,
  record,
  text,
  textOrNumber,
} from "../../base/document/fields.js";
import type { MapEntry, SourceNode } from "../../base/document/source-tree.js";
import type { SourcePosition } from "../../base/errors.js";
import type { Labels } from "./ops.js";

const MILLISECONDS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 } as const;
const DURATION = /^(0|(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+)$/;

/** A closed map whose keys may be written in any case. */
export function goObject<T>(description: string, fields: Fields<T>): Field<T> {
  const inner = object(description, fields);
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]));
  return {
    ...inner,
    read: (node, at, problems) => inner.read(withGoKeys(node, names), at, problems),
  };
}

/** What `fields` read, and where it is written. */
export function placedObject<T extends { readonly at: SourcePosition }>(
  description: string,
  fields: Fields<Omit<T, "at">>,
): Field<T> {
  const inner = goObject(description, fields);
  return {
    schema: inner.schema,
    read(node, at, problems) {
      const value = inner.read(node, at, problems);
      // The keys of T are those of `fields` and `at`.
      return typeof value === "symbol" ? value : ({ ...value, at: node.at } as unknown as T);
    },
  };
}

/** The entry of a map under `name`, written in any case. */
export function goEntry(node: SourceNode, name: string): MapEntry | null {
  if (node.kind !== "map") return null;
  for (const [key, entry] of node.entries) if (key.toLowerCase() === name.toLowerCase()) return entry;
  return null;
}

export function orNull<T>(field: Field<T>): Field<T | null> {
  return optional<T | null>(field, null);
}

export const NO_PATH = orNull(path("A file, relative to the configuration."));

export function texts(description: string, min = 0): Field<readonly string[]> {
  return optional(list(text(description), description, min), []);
}

export const ANY_KEY = { pattern: /^.+$/s, expected: "a name" };

/** Labels to set or to select by; none if not written. */
export const LABELS: Field<Labels> = optional(
  mapped(record(ANY_KEY, textOrNumber("A value."), "Labels."), (labels) =>
    Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)])),
  ),
  {},
);

/** Text that may be empty. */
export function textOr(description: string, value: string): Field<string> {
  return optional(anyText(description), value);
}

/** A map whose nodes are kept, so that what is said of them later has a place. */
export const ENTRIES: Field<ReadonlyMap<string, MapEntry>> = {
  schema: { type: "object" },
  fallback: { value: new Map() },
  read(node, at, problems) {
    if (node.kind === "map") return node.entries;
    problems.push({ at: node.at, path: at, message: `expected a map, got ${describe(node)}` });
    return INVALID;
  },
};

/** The node itself, to be read later. */
export const AS_WRITTEN: Field<SourceNode> = { schema: {}, read: (node) => node };

/** Go's duration text, in milliseconds. */
export const DURATION_MS: Field<number> = mapped(
  text("How long.", { pattern: DURATION, expected: 'a duration such as "10s" or "1m30s"' }),
  parseGoDuration,
);

/** "1m30s" -> 90000. */
function parseGoDuration(written: string): number {
  let total = 0;
  for (const [, amount, unit] of written.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    total += Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
  return total;
}

function withGoKeys(node: SourceNode, names: ReadonlyMap<string, string>): SourceNode {
  if (node.kind !== "map") return node;
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    if (entry.node.kind === "scalar" && entry.node.value === null && names.has(key.toLowerCase())) continue;
    entries.set(names.get(key.toLowerCase()) ?? key, entry);
  }
  return { ...node, entries };
}
