// Which fields a configuration states, and whether it is one.
// Source: structured-merge-diff typed/tofieldset.go, typed/validate.go, fieldpath/set.go EnsureNamedFieldsAreMembers.
import type { ListSchema, ScalarType, TypeSchema } from "../schema/type-schema.js";
import { isLeaf } from "./field-comparison.js";
import { type FieldSet, type FieldSetDraft, insertPath, NO_FIELDS } from "./field-set.js";
import { goText, isJsonList, isJsonObject, type JsonObject } from "./json-tree.js";
import { ElementProblem, elementOf, elementText, itemsByElement, pathText } from "./path-element.js";

/** The fields that an object states: its leaves, the items of its lists and the keys of its maps. */
export function statedFields(object: JsonObject, schema: TypeSchema): FieldSet {
  const draft: FieldSetDraft = {};
  collect(object, schema, [], draft);
  return draft;
}

function collect(value: unknown, schema: TypeSchema, path: string[], draft: FieldSetDraft): void {
  if (isLeaf(schema)) insertPath(draft, path);
  else if (schema.kind === "list") {
    if (isJsonList(value)) collectItems(value, schema, path, draft);
  } else if (isJsonObject(value))
    for (const name in value) collectMember(name, value[name], schema, path, draft);
}

function collectMember(
  name: string,
  value: unknown,
  parent: TypeSchema,
  path: string[],
  draft: FieldSetDraft,
): void {
  if (value === undefined) return;
  const type = memberType(parent, name);
  path.push(`f:${name}`);
  if (type !== null) collect(value, type, path, draft);
  const isHollow = value === null || (isJsonObject(value) && Object.keys(value).length === 0);
  if (isHollow || parent.kind === "map" || type === null) insertPath(draft, path);
  path.pop();
}

function collectItems(
  items: readonly unknown[],
  schema: ListSchema,
  path: string[],
  draft: FieldSetDraft,
): void {
  for (const [element, same] of itemsByElement(items, schema)) {
    path.push(element);
    if (same.length === 1) collect(same[0], schema.items, path, draft);
    insertPath(draft, path);
    path.pop();
  }
}

/** null: the type has no such member. */
export function memberType(schema: TypeSchema, name: string): TypeSchema | null {
  if (schema.kind === "map") return schema.values;
  if (schema.kind === "object") return schema.fields.get(name)?.type ?? null;
  return null;
}

/** With every struct field on the way to a member a member too: a struct goes when all goes that is in it. */
export function withNamedFields(set: FieldSet, schema: TypeSchema): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const element in set) {
    const node = set[element] as FieldSet;
    const type = element === "." ? null : typeBelow(schema, element);
    if (type === null) {
      result[element] = node;
      continue;
    }
    const children = withNamedFields(node, type);
    const isNamed = element.startsWith("f:") && schema.kind === "object";
    result[element] =
      isNamed && Object.keys(children).length > 0 ? { ...children, ".": NO_FIELDS } : children;
  }
  return result;
}

function typeBelow(schema: TypeSchema, element: string): TypeSchema | null {
  if (schema.kind === "list") return schema.items;
  return memberType(schema, element.slice(2));
}

/** What is wrong with a configuration as one of this type, each with its place; empty: nothing. */
export function problemsOf(object: JsonObject, schema: TypeSchema): readonly string[] {
  const problems: string[] = [];
  check(object, schema, [], problems);
  return problems;
}

function check(value: unknown, schema: TypeSchema, path: string[], problems: string[]): void {
  if (value === null || value === undefined) return;
  const complain = (what: string) => problems.push(`${pathText(path)}: ${what}`);
  if (schema.kind === "scalar") checkScalar(value, schema.scalar, complain);
  else if (schema.kind === "list") {
    if (isJsonList(value)) checkItems(value, schema, path, problems);
    else complain(`expected list, got &{${goText(value)}}`);
  } else if (isJsonObject(value))
    for (const name in value) checkMember(name, value[name], schema, path, problems);
  else complain(`expected map, got &{${goText(value)}}`);
}

function checkMember(
  name: string,
  value: unknown,
  parent: TypeSchema,
  path: string[],
  problems: string[],
): void {
  const type = memberType(parent, name);
  path.push(`f:${name}`);
  if (type !== null) check(value, type, path, problems);
  else if (parent.kind === "object" && !parent.isOpen)
    problems.push(`${pathText(path)}: field not declared in schema`);
  path.pop();
}

function checkItems(items: readonly unknown[], schema: ListSchema, path: string[], problems: string[]): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const element =
      schema.listType === "atomic" ? `i:${index}` : tellApart(item, index, schema, path, problems);
    if (element === null) return;
    if (seen.has(element))
      problems.push(`${pathText(path)}: duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    path.push(element);
    check(item, schema.items, path, problems);
    path.pop();
  }
}

function tellApart(
  item: unknown,
  index: number,
  schema: ListSchema,
  path: string[],
  problems: string[],
): string | null {
  try {
    return elementOf(item, schema);
  } catch (error) {
    if (!(error instanceof ElementProblem)) throw error;
    problems.push(`${pathText(path)}: element ${index}: ${error.message}`);
    return null;
  }
}

type ScalarForm = "string" | "numeric" | "boolean" | "any";

/** What upstream's schema makes of each scalar. */
const SCALAR_FORMS: Readonly<Record<ScalarType, ScalarForm>> = {
  string: "string",
  boolean: "boolean",
  int32: "numeric",
  int64: "numeric",
  double: "numeric",
  bytes: "string",
  quantity: "any",
  "int-or-string": "any",
  time: "string",
  "micro-time": "string",
  any: "any",
};

function checkScalar(value: unknown, scalar: ScalarType, complain: (what: string) => void): void {
  const form = SCALAR_FORMS[scalar];
  if (form === "numeric" && typeof value !== "number")
    complain(`expected numeric (int or float), got ${typeof value === "object" ? "map" : typeof value}`);
  else if (form === "string" && typeof value !== "string")
    complain(`expected string, got &value.valueUnstructured{Value:${goText(value)}}`);
  else if (form === "boolean" && typeof value !== "boolean")
    complain(`expected boolean, got &{${goText(value)}}`);
}
