// JSON merge patch: objects are merged member by member, null removes, everything else replaces.
// Source: RFC 7396; as upstream's library, nulls within objects that are new to the target are dropped at any depth.
import { isJsonList, isJsonObject, type JsonObject, jsonTypeName } from "./json-tree.js";
import { ownMember, setMember } from "../own-member.js";
import { badPatch } from "./patch-errors.js";

/**
 * @param patch what came as application/merge-patch+json
 * @returns a new object that shares what the patch does not touch
 * @throws {StatusError} BadRequest when the patch is no object
 */
export function applyMergePatch(target: JsonObject, patch: unknown): JsonObject {
  if (patch === null) throw badPatch("Invalid JSON Patch");
  if (!isJsonObject(patch))
    throw badPatch(
      `error decoding patch: json: cannot unmarshal ${jsonTypeName(patch)} into Go value of type map[string]interface {}`,
    );
  return mergeInto(target, patch);
}

function mergeInto(target: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else setMember(result, name, mergedMember(ownMember(result, name), value));
  }
  return result;
}

function mergedMember(target: unknown, patch: unknown): unknown {
  if (isJsonObject(target)) return isJsonObject(patch) ? mergeInto(target, patch) : patch;
  return withoutNulls(patch);
}

/** Null members of objects removed at any depth; null items of lists stay. The same object when there are none. */
export function withoutNulls(value: unknown): unknown {
  if (isJsonList(value)) {
    const items = value.map(withoutNulls);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value);
  const kept: [string, unknown][] = [];
  for (const [name, member] of members) if (member !== null) kept.push([name, withoutNulls(member)]);
  const isSame = kept.length === members.length && kept.every(([name, member]) => member === value[name]);
  return isSame ? value : Object.fromEntries(kept);
}
