// The declarations a file format is made of. One declaration is the checker of a field, its default, its documentation
// and its JSON Schema, so that the published schema and the messages cannot drift apart.
// A field reads a placed node into a typed value or reports problems; nothing here knows what a scenario is.
import { resolve } from "node:path";
import type { DurationNs } from "../clock.js";
import { joinPath, type MapNode, type Problem, type SourceNode } from "./source-tree.js";
import { parseQuantity, type QuantityKind, quantityExample, quantityPattern } from "./quantities.js";
import { suggestion } from "./suggestion.js";

export type JsonSchema = { readonly [keyword: string]: unknown };

/** What `read` returns after it has reported why. */
export const INVALID = Symbol("invalid");
export type Invalid = typeof INVALID;

export interface Field<T> {
  readonly schema: JsonSchema;
  /** The value of a missing field; without one, the field is required. */
  readonly fallback?: { readonly value: T };
  read(node: SourceNode, path: string, problems: Problem[]): T | Invalid;
}

/** Declarations of all keys of T: a missing or misspelt one does not compile. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** "${name}" alone or inside text: numbers may be written so until parameters are filled in. */
const PARAMETER_SCHEMA: JsonSchema = { type: "string", pattern: "^\\$\\{[A-Za-z][A-Za-z0-9_]*\\}$" };

export function optional<T>(field: Field<T>, value: T): Field<T> {
  const isPlain = value === null || typeof value !== "object";
  return {
    ...field,
    fallback: { value },
    schema: isPlain && value !== null ? withDefault(field.schema, value) : field.schema,
  };
}

function withDefault(schema: JsonSchema, value: unknown): JsonSchema {
  return {
    ...schema,
    description: `${schema["description"] ?? ""} Default: ${JSON.stringify(value)}.`.trim(),
  };
}

export function text(
  description: string,
  rule?: { readonly pattern: RegExp; readonly expected: string },
): Field<string> {
  const pattern = rule ? { pattern: rule.pattern.source } : {};
  return scalar({ description, type: "string", minLength: 1, ...pattern }, (value) => {
    const expected = rule?.expected ?? "text";
    return typeof value === "string" && value !== "" && (rule?.pattern.test(value) ?? true)
      ? value
      : expect(expected);
  });
}

/** Text, which may be empty. */
export function anyText(description: string): Field<string> {
  return scalar({ description, type: "string" }, (value) =>
    typeof value === "string" ? value : expect("text"),
  );
}

/** A relative path is read against the folder of the file it stands in. */
export function path(description: string): Field<string> {
  const inner = text(description);
  return {
    ...inner,
    read(node, at, problems) {
      const value = inner.read(node, at, problems);
      return value === INVALID ? INVALID : resolve(node.folder, value);
    },
  };
}

export function count(
  description: string,
  range: { readonly min?: number; readonly max?: number } = {},
): Field<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
  const schema = numeric(description, { type: "integer", minimum: min, maximum: max });
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number ${min}..${max}`;
  return scalar(schema, (value) =>
    isWhole(value) && value >= min && value <= max ? value : expect(expected),
  );
}

/** Any finite number. */
export function decimal(description: string): Field<number> {
  return scalar(numeric(description, { type: "number" }), (value) =>
    typeof value === "number" && Number.isFinite(value) ? value : expect("a number"),
  );
}

/** A relative weight: any number from 0. */
export function weight(description: string): Field<number> {
  const schema = numeric(description, { type: "number", minimum: 0 });
  return scalar(schema, (value) =>
    typeof value === "number" && value >= 0 ? value : expect("a weight, 0 or more"),
  );
}

/** Text with a unit, read into the base unit: ns, bytes, 1/s, or a share of 1. */
export function quantity(
  kind: QuantityKind,
  description: string,
  range: { readonly min?: number; readonly max?: number } = {},
): Field<number> {
  const expected = `a ${kind} with its unit, such as ${quantityExample(kind)}`;
  return scalar({ description, type: "string", pattern: `${quantityPattern(kind)}|\\$\\{` }, (value) => {
    const parsed = typeof value === "string" ? parseQuantity(kind, value) : null;
    if (parsed === null) return expect(expected);
    const { min = 0, max = Number.POSITIVE_INFINITY } = range;
    return parsed >= min && parsed <= max ? parsed : expect(`${expected}, within what is possible`);
  });
}

export function duration(description: string): Field<DurationNs> {
  return quantity("duration", description) as Field<DurationNs>;
}

export function flag(description: string): Field<boolean> {
  return scalar(numeric(description, { type: "boolean" }), (value) =>
    typeof value === "boolean" ? value : expect("true or false"),
  );
}

/** One of a closed list of words. */
export function choice<const T extends string>(words: readonly T[], description: string): Field<T> {
  const schema = { description, anyOf: [{ enum: words }, PARAMETER_SCHEMA] };
  return scalar(schema, (value) => {
    const known = words.find((word) => word === value);
    return (
      known ?? expect(`one of ${words.join(", ")}`, typeof value === "string" ? suggestion(value, words) : "")
    );
  });
}

/** A label or parameter value: text or a number. */
export function textOrNumber(description: string): Field<string | number> {
  return scalar({ description, type: ["string", "number"] }, (value) =>
    typeof value === "string" || typeof value === "number" ? value : expect("text or a number"),
  );
}

/** The first of several readings that the kind of value allows. */
export function either<A, B>(
  first: Field<A>,
  accepts: (node: SourceNode) => boolean,
  second: Field<B>,
): Field<A | B> {
  return {
    schema: { anyOf: [first.schema, second.schema] },
    read: (node, at, problems) => (accepts(node) ? first : second).read(node, at, problems),
  };
}

export function list<T>(item: Field<T>, description: string, min = 0): Field<readonly T[]> {
  return {
    schema: { description, type: "array", items: item.schema, ...(min > 0 ? { minItems: min } : {}) },
    read(node, at, problems) {
      if (node.kind !== "list") return complain(node, at, problems, `expected a list, got ${describe(node)}`);
      if (node.items.length < min)
        return complain(node, at, problems, `expected at least ${min} entries, got ${node.items.length}`);
      return allValid(node.items.map((each, index) => item.read(each, `${at}[${index}]`, problems)));
    },
  };
}

/** Any keys that match `key`, all values alike. */
export function record<T>(
  key: { readonly pattern: RegExp; readonly expected: string },
  value: Field<T>,
  description: string,
): Field<Readonly<Record<string, T>>> {
  const names = { propertyNames: { pattern: key.pattern.source } };
  return {
    schema: { description, type: "object", ...names, additionalProperties: value.schema },
    read(node, at, problems) {
      if (node.kind !== "map") return complain(node, at, problems, `expected a map, got ${describe(node)}`);
      const read = [...node.entries].map(([name, entry]) => {
        if (key.pattern.test(name)) return value.read(entry.node, joinPath(at, name), problems);
        problems.push({ at: entry.keyAt, path: joinPath(at, name), message: `expected ${key.expected}` });
        return INVALID;
      });
      const values = allValid(read);
      return values === INVALID
        ? INVALID
        : Object.fromEntries([...node.entries.keys()].map((name, index) => [name, values[index] as T]));
    },
  };
}

/** A closed map: unknown keys are problems, missing ones take their default or are problems. */
export function object<T>(description: string, fields: Fields<T>): Field<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    schema: {
      description,
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, fields[name].schema])),
      required: names.filter((name) => fields[name].fallback === undefined),
      additionalProperties: false,
    },
    read(node, at, problems) {
      if (!isClosedMap(node, at, names, problems)) return INVALID;
      const values = names.map((name) => readKey(node, at, name, fields[name], problems));
      return values.includes(INVALID)
        ? INVALID
        : (Object.fromEntries(names.map((name, index) => [name, values[index]])) as T);
    },
  };
}

/** A closed map whose fields depend on the word under `tag`. */
export function tagged<T>(
  tag: string,
  description: string,
  variants: Readonly<Record<string, Field<T>>>,
): Field<T> {
  const kind = choice(Object.keys(variants), `Which kind of ${description}.`);
  return {
    schema: { description, anyOf: Object.values(variants).map((variant) => variant.schema) },
    read(node, at, problems) {
      if (node.kind !== "map") return complain(node, at, problems, `expected a map, got ${describe(node)}`);
      const word = readKey(node, at, tag, kind, problems);
      return word === INVALID ? INVALID : (variants[word] as Field<T>).read(node, at, problems);
    },
  };
}

/** Exactly this word: the tag of one variant. */
export function word<const T extends string>(value: T): Field<T> {
  return scalar({ const: value }, (got) => (got === value ? value : expect(`the word ${value}`)));
}

/** A field of a different type, made of what another reads. */
export function mapped<A, B>(field: Field<A>, to: (value: A) => B): Field<B> {
  const { fallback } = field;
  return {
    schema: field.schema,
    ...(fallback ? { fallback: { value: to(fallback.value) } } : {}),
    read(node, at, problems) {
      const value = field.read(node, at, problems);
      return value === INVALID ? INVALID : to(value);
    },
  };
}

/** A field with one more rule: `fault` says what is wrong with a value, or null. `keywords` say it to a JSON Schema. */
export function checked<T>(
  field: Field<T>,
  fault: (value: T) => string | null,
  keywords: JsonSchema = {},
): Field<T> {
  return {
    ...field,
    schema: { ...field.schema, ...keywords },
    read(node, at, problems) {
      const value = field.read(node, at, problems);
      if (value === INVALID) return INVALID;
      const message = fault(value);
      return message === null ? value : complain(node, at, problems, message);
    },
  };
}

/** Report every unknown key. False, reported, when the node is no map. */
export function isClosedMap(
  node: SourceNode,
  at: string,
  names: readonly string[],
  problems: Problem[],
): node is MapNode {
  if (node.kind !== "map") {
    complain(node, at, problems, `expected a map, got ${describe(node)}`);
    return false;
  }
  for (const [name, { keyAt }] of node.entries) {
    if (names.includes(name)) continue;
    const hint = suggestion(name, names) || `; expected ${names.join(", ")}`;
    problems.push({ at: keyAt, path: joinPath(at, name), message: `unknown field${hint}` });
  }
  return true;
}

/** One key of a map by its declaration. */
export function readKey<T>(
  node: MapNode,
  at: string,
  name: string,
  field: Field<T>,
  problems: Problem[],
): T | Invalid {
  const entry = node.entries.get(name);
  const below = joinPath(at, name);
  if (entry !== undefined) return field.read(entry.node, below, problems);
  if (field.fallback !== undefined) return field.fallback.value;
  return complain(node, below, problems, "is missing");
}

export function describe(node: SourceNode): string {
  if (node.kind !== "scalar") return `a ${node.kind}`;
  return node.value === null ? "nothing" : JSON.stringify(node.value);
}

function complain(node: SourceNode, at: string, problems: Problem[], message: string): Invalid {
  problems.push({ at: node.at, path: at, message });
  return INVALID;
}

/** Why a scalar was not accepted. */
class Expected {
  constructor(
    readonly what: string,
    readonly hint = "",
  ) {}
}

function expect(what: string, hint = ""): Expected {
  return new Expected(what, hint);
}

function scalar<T>(schema: JsonSchema, parse: (value: unknown) => T | Expected): Field<T> {
  return {
    schema,
    read(node, at, problems) {
      const parsed = node.kind === "scalar" ? parse(node.value) : parse(undefined);
      if (!(parsed instanceof Expected)) return parsed;
      return complain(node, at, problems, `expected ${parsed.what}, got ${describe(node)}${parsed.hint}`);
    },
  };
}

function numeric(description: string, schema: JsonSchema): JsonSchema {
  return { description, anyOf: [schema, PARAMETER_SCHEMA] };
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}

function allValid<T>(values: readonly (T | Invalid)[]): T[] | Invalid {
  return values.includes(INVALID) ? INVALID : (values as T[]);
}
