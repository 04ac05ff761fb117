// The words that a strategic merge patch may say besides values.
// Source: apimachinery pkg/util/strategicpatch/patch.go.
import { goText, isJsonList, isJsonObject, type JsonObject } from "./json-tree.js";
import { badPatch, unexpectedPatch, wrongType } from "./patch-errors.js";

/** In an object: what becomes of it as a whole. */
export const PATCH_DIRECTIVE = "$patch";
/** In an object: the only members that it may keep. */
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM_LIST = "$deleteFromPrimitiveList/";
const SET_ELEMENT_ORDER = "$setElementOrder/";

/** One patch object taken apart. */
export interface DirectedPatch {
  readonly retainedKeys: ReadonlySet<unknown> | null;
  /** Field -> the order that its items are to have. */
  readonly orders: ReadonlyMap<string, readonly unknown[]>;
  /** Field -> scalars that are to go. */
  readonly deletions: ReadonlyMap<string, unknown>;
  readonly values: ReadonlyMap<string, unknown>;
}

/** @throws {StatusError} when a directive is malformed or contradicts the values beside it */
export function directedPatch(patch: JsonObject): DirectedPatch {
  const orders = new Map<string, readonly unknown[]>();
  const deletions = new Map<string, unknown>();
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(patch)) {
    if (name === RETAIN_KEYS) continue;
    if (name.startsWith("$setElementOrder")) orders.set(...orderOf(name, value));
    else if (name.startsWith("$deleteFromPrimitiveList")) deletions.set(deletionField(name), value);
    else values.set(name, value);
  }
  return { retainedKeys: retainedKeysOf(patch, values), orders, deletions, values };
}

function orderOf(name: string, value: unknown): [string, readonly unknown[]] {
  if (!isJsonList(value)) throw wrongType([], value);
  if (!name.startsWith(SET_ELEMENT_ORDER)) throw badPatch("invalid patch format of setElementOrder list");
  return [name.slice(SET_ELEMENT_ORDER.length), value];
}

function deletionField(name: string): string {
  if (!name.startsWith(DELETE_FROM_LIST)) throw badPatch("invalid patch format of primitive list");
  return name.slice(DELETE_FROM_LIST.length);
}

function retainedKeysOf(
  patch: JsonObject,
  values: ReadonlyMap<string, unknown>,
): ReadonlySet<unknown> | null {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return null;
  const listed = patch[RETAIN_KEYS];
  if (!isJsonList(listed)) throw badPatch("invalid patch format of retainKeys");
  const retained = new Set(listed);
  for (const [name, value] of values)
    if (value !== null && !retained.has(name)) throw badPatch("invalid patch format of retainKeys");
  return retained;
}

/** What "$patch" makes of an object, instead of merging it; null when it says nothing. */
export function directedWhole(patch: JsonObject): JsonObject | null {
  const directive = patch[PATCH_DIRECTIVE];
  if (directive === undefined) return null;
  if (directive === "delete") return {};
  if (directive === "replace") {
    const { [PATCH_DIRECTIVE]: _, ...whole } = patch;
    return whole;
  }
  throw unknownDirective(patch);
}

export function unknownDirective(patch: JsonObject): Error {
  return unexpectedPatch(`unknown patch type: ${String(patch[PATCH_DIRECTIVE])} in map: ${goText(patch)}`);
}

/** A value that is new to the target: objects with a directive are left out, at any depth. undefined: nothing is left. */
export function withoutDirectives(value: unknown): unknown {
  if (isJsonList(value)) return value.map(withoutDirectives).filter((each) => each !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, PATCH_DIRECTIVE)) return undefined;
  const kept = Object.entries(value).map(([name, member]) => [name, withoutDirectives(member)] as const);
  return Object.fromEntries(kept.filter(([, member]) => member !== undefined));
}
