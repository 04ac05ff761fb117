// An applied configuration merged into the live object, and fields taken out of one. Both leave nulls where nothing is left
// or wanted: they count when owners are compared, and are dropped at the end.
//
// Leaves are the configuration's where it has them. Lists that are sets or maps are merged item by item; items that both
// have come in the configuration's order, items of the live object keep their place between them.
// Cost: O(size of both). What neither side changes is shared with the live object.
// Source: structured-merge-diff typed/merge.go, typed/remove.go.
import { ownMember, setMember } from "../own-member.js";
import type { ListSchema, TypeSchema } from "../schema/type-schema.js";
import { memberType } from "./applied-fields.js";
import { isLeaf } from "./field-comparison.js";
import { below, type FieldSet, hasElement } from "./field-set.js";
import { isJsonList, isJsonObject, type JsonObject } from "./json-tree.js";
import { elementOf } from "./path-element.js";

export function mergeApplied(live: JsonObject, applied: JsonObject, schema: TypeSchema): JsonObject {
  return mergedMembers(live, applied, schema);
}

/** undefined: neither side has it. */
function merged(live: unknown, applied: unknown, schema: TypeSchema): unknown {
  if (applied === undefined) return live;
  if (isLeaf(schema)) return applied;
  if (live === undefined || live === null) return applied;
  if (schema.kind === "list")
    return isJsonList(live) && isJsonList(applied) ? mergedItems(live, applied, schema) : applied;
  return isJsonObject(live) && isJsonObject(applied) ? mergedMembers(live, applied, schema) : applied;
}

function mergedMembers(live: JsonObject, applied: JsonObject, schema: TypeSchema): JsonObject {
  const result: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    const type = memberType(schema, name);
    const member = type === null ? value : merged(ownMember(live, name), value, type);
    setMember(result, name, member);
  }
  return result;
}

function mergedItems(
  live: readonly unknown[],
  applied: readonly unknown[],
  schema: ListSchema,
): readonly unknown[] {
  if (applied.length === 0) return live;
  const lefts = live.map((item) => elementOf(item, schema));
  const rights = applied.map((item) => elementOf(item, schema));
  const mine = new Map(lefts.map((element, index) => [element, live[index]]));
  const theirs = new Map(rights.map((element, index) => [element, applied[index]]));
  return zippedElements(lefts, rights).map((place) =>
    place.side === "live"
      ? live[place.index]
      : merged(mine.get(place.element), theirs.get(place.element), schema.items),
  );
}

type Place =
  | { readonly side: "live"; readonly index: number }
  | { readonly side: "applied"; readonly element: string };

/**
 * Live elements that are not applied stay before the applied element that follows them in the live list, as long as the
 * order of shared elements allows it.
 */
function zippedElements(lefts: readonly string[], rights: readonly string[]): readonly Place[] {
  const isLive = new Set(lefts);
  const isApplied = new Set(rights);
  const shared = rights.filter((element) => isLive.has(element));
  const done = new Set<string>();
  const places: Place[] = [];
  let left = 0;
  let right = 0;
  let next = 0;
  const takeApplied = () => {
    const element = rights[right++] as string;
    done.add(element);
    places.push({ side: "applied", element });
    if (shared[next] === element) next++;
  };
  while (left < lefts.length || right < rights.length) {
    const element = lefts[left];
    if (element === undefined) takeApplied();
    else if (element === rights[right]) {
      left++;
      takeApplied();
    } else if (!isApplied.has(element)) places.push({ side: "live", index: left++ });
    else if (right < rights.length && shared[next] !== undefined && shared[next] !== element) left++;
    else {
      if (done.has(element)) left++;
      if (right < rights.length) takeApplied();
    }
  }
  return places;
}

/** The object without these fields; lists and objects that lose all their members become null. */
export function withoutFields(object: JsonObject, fields: FieldSet, schema: TypeSchema): JsonObject {
  return (pruned(object, fields, schema) as JsonObject | null) ?? {};
}

function pruned(value: unknown, fields: FieldSet, schema: TypeSchema): unknown {
  if (schema.kind === "scalar") return value;
  if (isLeaf(schema)) return null;
  if (schema.kind === "list") return isJsonList(value) ? prunedItems(value, fields, schema) : null;
  return isJsonObject(value) ? prunedMembers(value, fields, schema) : null;
}

function prunedItems(
  items: readonly unknown[],
  fields: FieldSet,
  schema: ListSchema,
): readonly unknown[] | null {
  const kept: unknown[] = [];
  for (const item of items) {
    const element = elementOf(item, schema);
    if (hasElement(fields, element)) continue;
    const part = below(fields, element);
    kept.push(part === null ? item : pruned(item, part, schema.items));
  }
  return kept.length === 0 ? null : kept;
}

function prunedMembers(object: JsonObject, fields: FieldSet, schema: TypeSchema): JsonObject | null {
  const kept: Record<string, unknown> = {};
  let isEmpty = true;
  for (const [name, value] of Object.entries(object)) {
    const element = `f:${name}`;
    if (hasElement(fields, element)) continue;
    const part = below(fields, element);
    const type = memberType(schema, name);
    setMember(kept, name, part === null || type === null ? value : pruned(value, part, type));
    isEmpty = false;
  }
  return isEmpty ? null : kept;
}
