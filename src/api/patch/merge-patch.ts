// JSON merge patch: objects are merged member by member, null removes, everything else replaces.
// Source: RFC 7396; as upstream's library, nulls within objects that are new to the target are dropped at any depth.
import { isJsonList, isJsonObject, type JsonObject, jsonTypeName, membersOf } from "./json-tree.js";
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
  for (const [name, value] of membersOf(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergedMember(result[name], value);
  }
  return result;
}

function mergedMember(target: unknown, patch: unknown): unknown {
  if (isJsonObject(target)) return isJsonObject(patch) ? mergeInto(target, patch) : patch;
  return withoutNulls(patch);
}

/** Null members of objects removed at any depth; null items of lists stay. */
export function withoutNulls(value: unknown): unknown {
  if (isJsonList(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept = membersOf(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]));
}
