// Strategic merge patch: a JSON merge patch that knows the types, so that lists can be merged item by item.
//
// An object is merged member by member; null removes. A list of objects with a merge key is merged by that key; a list of
// scalars that merges is a set; other lists are replaced. Directives (strategic-directives.ts) say what values cannot.
// Merged lists keep, as far as they agree: the order of $setElementOrder or else of the patch, then that of the live list
// (list-order.ts). New subtrees are taken without nulls and directives.
// Cost: O(size of the patch + members beside it); lists with keys O(items of the patch x items).
// Source: apimachinery v0.36 pkg/util/strategicpatch/patch.go mergeMap, mergeSlice. Peer: bench/peers/patch.
import { ownMember, setMember } from "../own-member.js";
import type { FieldSchema, TypeSchema } from "../schema/type-schema.js";
import { goText, goTypeName, isJsonList, isJsonObject, type JsonObject, jsonTypeName } from "./json-tree.js";
import { keyValueOf, withOrder } from "./list-order.js";
import { withoutNulls } from "./merge-patch.js";
import { badPatch, inapplicablePatch, unexpectedPatch, wrongType } from "./patch-errors.js";
import {
  type DirectedPatch,
  directedPatch,
  directedWhole,
  PATCH_DIRECTIVE,
  unknownDirective,
  withoutDirectives,
} from "./strategic-directives.js";

/**
 * @param patch what came as application/strategic-merge-patch+json
 * @param schema of the object's type
 * @returns a new object that shares what the patch does not touch
 * @throws {StatusError} BadRequest or without a reason, as upstream, when the patch contradicts itself or the type
 */
export function applyStrategicMergePatch(target: JsonObject, patch: unknown, schema: TypeSchema): JsonObject {
  if (!isJsonObject(patch))
    throw badPatch(
      `json: cannot unmarshal ${jsonTypeName(patch)} into Go value of type map[string]interface {}`,
    );
  return mergedObject(target, patch, schema);
}

function mergedObject(target: JsonObject, patch: JsonObject, schema: TypeSchema): JsonObject {
  const whole = directedWhole(patch);
  if (whole !== null) return whole;
  const directed = directedPatch(patch);
  const result = retained(target, directed);
  const ordered = mergeOrderedLists(result, directed, schema);
  for (const [name, value] of directed.values)
    if (!ordered.has(name)) mergeMember(result, name, value, schema);
  for (const [name, value] of directed.deletions) deleteFromList(result, name, value, schema);
  return result;
}

function retained(target: JsonObject, { retainedKeys }: DirectedPatch): Record<string, unknown> {
  if (retainedKeys === null) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([name]) => retainedKeys.has(name)));
}

function mergeMember(
  result: Record<string, unknown>,
  name: string,
  patch: unknown,
  schema: TypeSchema,
): void {
  const target = ownMember(result, name);
  if (patch === null) delete result[name];
  else if (isJsonObject(patch) && isJsonObject(target)) {
    const field = fieldOf(schema, name);
    setMember(
      result,
      name,
      strategyOf(field) === "replace" ? patch : mergedObject(target, patch, field.type),
    );
  } else if (isJsonList(patch) && isJsonList(target)) {
    result[name] = mergedMemberList(target, patch, fieldOf(schema, name));
  } else {
    const taken = withoutDirectives(withoutNulls(patch));
    if (taken === undefined) delete result[name];
    else setMember(result, name, taken);
  }
}

function deleteFromList(
  result: Record<string, unknown>,
  name: string,
  gone: unknown,
  schema: TypeSchema,
): void {
  const target = ownMember(result, name);
  if (gone === null) delete result[name];
  else if (isJsonList(target) && isJsonList(gone)) {
    fieldOf(schema, name);
    if (target.length + gone.length > 0) assertOneType(target, gone);
    const set = new Set(gone);
    result[name] = target.filter((item) => !set.has(item));
  }
}

/** @returns the fields that are done with */
function mergeOrderedLists(
  result: Record<string, unknown>,
  { orders, values }: DirectedPatch,
  schema: TypeSchema,
): ReadonlySet<string> {
  const done = new Set<string>();
  for (const [name, order] of orders) {
    const target = optionalList(ownMember(result, name));
    const patch = optionalList(values.get(name));
    const field = fieldOf(schema, name);
    const mergeKey = field.mergeKey ?? "";
    assertPatchFollowsOrder(patch ?? [], order, mergeKey);
    if (target === null && patch === null) continue;
    const merged = mergedWithAbsent(target, patch, field);
    assertOneType(target ?? [], patch ?? []);
    result[name] = withOrder(merged, order, order, target ?? [], mergeKey);
    done.add(name);
  }
  return done;
}

function mergedWithAbsent(
  target: readonly unknown[] | null,
  patch: readonly unknown[] | null,
  field: FieldSchema,
): readonly unknown[] {
  if (patch === null) return target ?? [];
  if (target === null) return withoutDirectives(patch) as readonly unknown[];
  return mergedMemberList(target, patch, field);
}

function optionalList(value: unknown): readonly unknown[] | null {
  if (value === undefined) return null;
  if (!isJsonList(value)) throw wrongType([], value);
  return value;
}

function mergedMemberList(
  target: readonly unknown[],
  patch: readonly unknown[],
  field: FieldSchema,
): readonly unknown[] {
  return strategyOf(field) === "merge" ? mergedList(target, patch, field) : patch;
}

function mergedList(
  target: readonly unknown[],
  patch: readonly unknown[],
  field: FieldSchema,
): readonly unknown[] {
  if (target.length === 0 && patch.length === 0) return target;
  const first = assertOneType(target, patch);
  const mergeKey = field.mergeKey ?? "";
  if (!isJsonObject(first))
    return withOrder([...new Set([...target, ...patch])], patch, patch, target, mergeKey);
  if (mergeKey === "")
    throw unexpectedPatch(`cannot merge lists without merge key for ${goKindOf(field.type)}`);
  const { kept, changes } = withoutSpecialItems(
    target as readonly JsonObject[],
    patch as readonly JsonObject[],
    mergeKey,
  );
  const merged = mergedItems(kept, changes, mergeKey, itemsOf(field.type));
  return withOrder(merged, changes, changes, kept, mergeKey);
}

/** Carries out the items that are directives. */
function withoutSpecialItems(
  target: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
): { kept: readonly JsonObject[]; changes: readonly JsonObject[] } {
  let kept = target;
  let isReplaced = false;
  const changes: JsonObject[] = [];
  for (const item of patch) {
    const directive = item[PATCH_DIRECTIVE];
    if (directive === undefined) changes.push(item);
    else if (directive === "delete") {
      const gone = keyValueOf(item, mergeKey);
      kept = kept.filter((each) => each[mergeKey] !== gone);
    } else if (directive === "replace") isReplaced = true;
    else if (directive === "merge")
      throw unexpectedPatch("merging lists cannot yet be specified in the patch");
    else throw unknownDirective(item);
  }
  return isReplaced ? { kept: changes, changes: [] } : { kept, changes };
}

function mergedItems(
  target: readonly JsonObject[],
  changes: readonly JsonObject[],
  mergeKey: string,
  schema: TypeSchema,
): readonly JsonObject[] {
  const result = [...target];
  for (const change of changes) {
    const value = keyValueOf(change, mergeKey);
    const index = result.findIndex((each) => each[mergeKey] === value);
    if (index < 0) result.push(change);
    else result[index] = mergedObject(result[index] as JsonObject, change, schema);
  }
  return result;
}

/** Items of the patch must come in the order that is asked for. */
function assertPatchFollowsOrder(
  patch: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string,
): void {
  if (patch.length === 0 || order.length === 0) return;
  const items = patch.filter((item) => !isJsonObject(item) || item[PATCH_DIRECTIVE] !== "delete");
  const isDirective = (item: unknown) => isJsonObject(item) && item[PATCH_DIRECTIVE] !== undefined;
  let next = 0;
  for (const each of order) {
    while (next < items.length && isDirective(items[next])) next++;
    if (next === items.length) return;
    if (itemKey(items[next], mergeKey) === itemKey(each, mergeKey)) next++;
  }
  if (next < items.length) throw unexpectedPatch(disorder(patch, order));
}

function disorder(patch: readonly unknown[], order: readonly unknown[]): string {
  return `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`;
}

function itemKey(item: unknown, mergeKey: string): unknown {
  if (mergeKey === "") return item;
  if (!isJsonObject(item)) throw wrongType({}, item);
  return keyValueOf(item, mergeKey);
}

/** @returns an item, of the type that all have */
function assertOneType(...lists: readonly (readonly unknown[])[]): unknown {
  const items = lists.flat();
  const first = items[0];
  if (items.length === 0) throw unexpectedPatch("no elements in any of the given slices");
  if (isJsonList(first)) throw inapplicablePatch("lists of lists are not supported");
  for (const item of items)
    if (goTypeName(item) !== goTypeName(first))
      throw unexpectedPatch(`list element types are not identical: ${goText(lists)}`);
  return first;
}

function fieldOf(schema: TypeSchema, name: string): FieldSchema {
  if (schema.kind !== "object")
    throw unexpectedPatch(
      `merging an object in json but data type is not struct, instead is: ${goKindOf(schema)}`,
    );
  const field = schema.fields.get(name);
  if (field === undefined) {
    const struct = schema.name.slice(schema.name.lastIndexOf(".") + 1);
    throw unexpectedPatch(`unable to find api field in struct ${struct} for the json field "${name}"`);
  }
  return field;
}

function strategyOf({ patchStrategy }: FieldSchema): "merge" | "replace" | null {
  for (const each of patchStrategy) if (each !== "retainKeys") return each;
  return null;
}

function itemsOf(schema: TypeSchema): TypeSchema {
  if (schema.kind === "list") return schema.items;
  throw unexpectedPatch(`expected slice or array type, but got: ${goKindOf(schema)}`);
}

function goKindOf(schema: TypeSchema): string {
  return { object: "struct", list: "slice", map: "map", scalar: "string" }[schema.kind];
}
