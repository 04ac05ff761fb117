// What changed between two states of an object, as sets of fields.
//
// What is the same object on both sides is not entered: a writer that shares what it leaves alone pays for its change only.
// Upstream compares Go's types. A struct held by value is never absent there, only empty, so that setting a field of it does
// not own it whole; a list that is written even when it is empty is null; one that is not is absent when it is empty.
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

/**
 * @param afterIs "merged": a configuration was merged into it, whose empty lists and zeros were meant; "stored": it holds
 *   what a stored object holds
 * @throws {ElementProblem} when items of a list cannot be told apart
 */
export function compareFields(
  before: JsonObject,
  after: JsonObject,
  schema: TypeSchema,
  afterIs: "merged" | "stored",
): FieldComparison {
  const comparer = new Comparer(afterIs);
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
  readonly #afterIs: "merged" | "stored";

  constructor(afterIs: "merged" | "stored") {
    this.#afterIs = afterIs;
  }

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
    if (left !== undefined && right !== undefined) return;
    for (const name of structsByValue(schema))
      if ((left ?? right)?.[name] === undefined) this.#compareField(name, left, right, schema);
  }

  #compareField(
    name: string,
    left: JsonObject | undefined,
    right: JsonObject | undefined,
    schema: ObjectSchema,
  ): void {
    const mine = left?.[name];
    const theirs = right?.[name];
    if (mine === theirs && mine !== undefined) return;
    const field = schema.fields.get(name);
    const isMeant = this.#afterIs === "merged" && theirs !== undefined;
    this.#descend(
      `f:${name}`,
      left === undefined || field === undefined ? mine : valueHeld(mine, field),
      right === undefined || field === undefined || isMeant ? theirs : valueHeld(theirs, field),
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

/** What a field holds upstream: nothing is put into it, and what is zero and not written when it is, is not told apart. */
function valueHeld(value: unknown, { type, isPointer, omitsEmpty }: FieldSchema): unknown {
  if (value !== undefined && value !== null && (isPointer || !isZero(value))) return value;
  if (type.kind === "object" && !isPointer) return EMPTY;
  if (omitsEmpty) return undefined;
  return type.kind === "scalar" ? (value ?? undefined) : null;
}

const structNames = new WeakMap<ObjectSchema, readonly string[]>();

/** Fields that come and go with the object that holds them. */
function structsByValue(schema: ObjectSchema): readonly string[] {
  let names = structNames.get(schema);
  if (names === undefined) {
    const structs = [...schema.fields.values()].filter(
      ({ type, isPointer }) => type.kind === "object" && !isPointer,
    );
    names = structs.map(({ name }) => name);
    structNames.set(schema, names);
  }
  return names;
}

function isZero(value: unknown): boolean {
  return value === "" || value === 0 || value === false || (typeof value === "object" && isHollow(value));
}

/** A value of another form than the type's has no members here. */
function asObject(value: unknown): JsonObject | undefined {
  if (value === undefined) return undefined;
  return isJsonObject(value) ? value : EMPTY;
}

function asList(value: unknown): readonly unknown[] {
  return isJsonList(value) ? value : [];
}
