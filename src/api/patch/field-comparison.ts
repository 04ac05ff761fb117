// What changed between two states of an object, as sets of fields.
//
// What is the same object on both sides is not entered: a writer that shares what it leaves alone pays for its change only.
// A struct that Go holds by value (schema default {}) is never absent upstream, only empty; likewise a required list or map
// is null. So a field that is missing where its parent is there counts as empty, and setting it does not own it whole.
// Cost: O(fields below what differs).
// Source: structured-merge-diff typed/compare.go.
import type { FieldSchema, ListSchema, MapSchema, ObjectSchema, TypeSchema } from "../schema/type-schema.js";
import { type FieldSet, type FieldSetDraft, insertPath } from "./field-set.js";
import { isJsonList, isJsonObject, type JsonObject, jsonEquals } from "./json-tree.js";
import { itemsByElement } from "./path-element.js";

export interface FieldComparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** @throws {ElementProblem} when items of a list cannot be told apart */
export function compareFields(before: JsonObject, after: JsonObject, schema: TypeSchema): FieldComparison {
  const comparer = new Comparer();
  comparer.compare(before, after, schema);
  return comparer;
}

const EMPTY: JsonObject = {};

/** undefined: absent, which is not the same as null. */
class Comparer implements FieldComparison {
  readonly added: FieldSetDraft = {};
  readonly modified: FieldSetDraft = {};
  readonly removed: FieldSetDraft = {};
  readonly #path: string[] = [];

  compare(left: unknown, right: unknown, schema: TypeSchema): void {
    if (left === right) return;
    if (isLeaf(schema) || (isHollow(left) && isHollow(right))) this.#compareLeaf(left, right);
    else {
      this.#compareMembers(left, right, schema);
      if (left === undefined) this.#insert(this.added);
      else if (right === undefined) this.#insert(this.removed);
    }
  }

  #compareLeaf(left: unknown, right: unknown): void {
    if (left === undefined) this.#insert(this.added);
    else if (right === undefined) this.#insert(this.removed);
    else if (!jsonEquals(left, right)) this.#insert(this.modified);
  }

  #compareMembers(left: unknown, right: unknown, schema: TypeSchema): void {
    if (schema.kind === "list") this.#compareItems(asList(left), asList(right), schema);
    else if (schema.kind === "map") this.#compareEntries(asObject(left), asObject(right), schema);
    else if (schema.kind === "object") this.#compareFields(asObject(left), asObject(right), schema);
  }

  #compareFields(left: JsonObject | undefined, right: JsonObject | undefined, schema: ObjectSchema): void {
    for (const name in left) this.#compareField(name, left, right, schema);
    for (const name in right) if (left?.[name] === undefined) this.#compareField(name, left, right, schema);
  }

  #compareField(
    name: string,
    left: JsonObject | undefined,
    right: JsonObject | undefined,
    schema: ObjectSchema,
  ): void {
    const mine = left?.[name];
    const theirs = right?.[name];
    if (mine === theirs) return;
    const field = schema.fields.get(name);
    const absent = field === undefined ? undefined : absentValue(field);
    this.#descend(
      `f:${name}`,
      mine === undefined && left !== undefined ? absent : mine,
      theirs === undefined && right !== undefined ? absent : theirs,
      field?.type ?? ANYTHING,
    );
  }

  #compareEntries(left: JsonObject | undefined, right: JsonObject | undefined, schema: MapSchema): void {
    for (const name in left)
      if (left[name] !== right?.[name]) this.#descend(`f:${name}`, left[name], right?.[name], schema.values);
    for (const name in right)
      if (left?.[name] === undefined) this.#descend(`f:${name}`, undefined, right[name], schema.values);
  }

  #compareItems(left: readonly unknown[], right: readonly unknown[], schema: ListSchema): void {
    const lefts = itemsByElement(left, schema);
    const rights = itemsByElement(right, schema);
    for (const [element, items] of lefts)
      this.#compareTwins(element, items, rights.get(element) ?? [], schema.items);
    for (const [element, items] of rights)
      if (!lefts.has(element)) this.#compareTwins(element, [], items, schema.items);
  }

  /** Items that cannot be told apart, which only old objects have, are compared as one. */
  #compareTwins(
    element: string,
    left: readonly unknown[],
    right: readonly unknown[],
    schema: TypeSchema,
  ): void {
    this.#path.push(element);
    if (left.length <= 1 && right.length <= 1) this.compare(left[0], right[0], schema);
    else if (left.length >= 2 && right.length >= 2) {
      if (!jsonEquals(left, right)) this.#insert(this.modified);
    } else if (left.length >= 2) {
      if (right.length > 0) this.compare(undefined, right[0], schema);
      this.#insert(this.removed);
    } else {
      if (left.length > 0) this.compare(left[0], undefined, schema);
      this.#insert(this.added);
    }
    this.#path.pop();
  }

  #descend(element: string, left: unknown, right: unknown, schema: TypeSchema): void {
    this.#path.push(element);
    this.compare(left, right, schema);
    this.#path.pop();
  }

  #insert(draft: FieldSetDraft): void {
    insertPath(draft, this.#path);
  }
}

const ANYTHING: TypeSchema = { kind: "scalar", scalar: "any" };

/** Owned and compared as a whole. */
export function isLeaf(schema: TypeSchema): boolean {
  switch (schema.kind) {
    case "scalar":
      return true;
    case "list":
      return schema.listType === "atomic";
    case "map":
      return schema.isAtomic;
    case "object":
      return schema.isAtomic || schema.isOpen;
  }
}

function isHollow(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (isJsonList(value)) return value.length === 0;
  if (!isJsonObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

/** What a field holds where nothing was put into it. */
function absentValue({ type, isRequired, default: byDefault }: FieldSchema): JsonObject | null | undefined {
  if (type.kind === "object" && isJsonObject(byDefault)) return EMPTY;
  return isRequired && type.kind !== "scalar" ? null : undefined;
}

/** A value of another form than the type's has no members here. */
function asObject(value: unknown): JsonObject | undefined {
  if (value === undefined) return undefined;
  return isJsonObject(value) ? value : EMPTY;
}

function asList(value: unknown): readonly unknown[] {
  return isJsonList(value) ? value : [];
}
