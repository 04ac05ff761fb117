// JSON Patch: a list of operations on places named by JSON pointers.
//
// fast-json-patch carries the operations out. Before each, what upstream's library allows beyond RFC 6902 is written as
// the RFC has it: negative indices count from the end, `replace` of a member that is not there adds it, and
// `test` of such a member against null holds. What cannot apply is refused with upstream's words.
// Cost: one deep copy of the object, then O(depth) each operation.
// Source: RFC 6902; gopkg.in/evanphx/json-patch.v4 patch.go, which the API server uses.
import jsonPatch, { type Operation } from "fast-json-patch";
import { LIMITS } from "../../base/limits.js";
import { StatusError } from "../status.js";
import { isJsonList, isJsonObject, type JsonObject, jsonTypeName } from "./json-tree.js";
import { badPatch, inapplicablePatch } from "./patch-errors.js";

type Operator = keyof typeof PARENT_MISSING;

interface PatchOperation {
  readonly op: Operator;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Where a pointer leads. */
interface Place {
  /** The pointer with indices as the RFC has them. */
  readonly path: string;
  /** The object or list that the last token is a member of. */
  readonly parent: object;
  readonly key: string;
  /** Whether it has such a member. */
  readonly isThere: boolean;
}

/**
 * @param patch what came as application/json-patch+json
 * @returns a new object; the given one is not written to
 * @throws {StatusError} BadRequest when it is no list of operations, RequestEntityTooLarge when it is too long, Invalid
 *   when an operation does not apply or a test fails
 */
export function applyJsonPatch(target: JsonObject, patch: unknown): JsonObject {
  const operations = operationsOf(patch);
  let document: unknown = structuredClone(target);
  for (const each of operations) document = applied(document, each);
  if (!isJsonObject(document)) throw inapplicablePatch("the patch leaves no object");
  return document;
}

function operationsOf(patch: unknown): readonly PatchOperation[] {
  if (!isJsonList(patch)) throw undecodable(patch, "[]handlers.jsonPatchOp");
  for (const each of patch) {
    if (!isJsonObject(each)) throw undecodable(each, "handlers.jsonPatchOp");
    for (const field of ["op", "path", "from"])
      if (each[field] !== undefined && typeof each[field] !== "string")
        throw undecodable(each[field], `string`, `Go struct field jsonPatchOp.${field}`);
  }
  if (patch.length > LIMITS.JSON_PATCH_OPERATIONS_MAX)
    throw new StatusError(
      "RequestEntityTooLarge",
      `Request entity too large: The allowed maximum operations in a JSON patch is ${LIMITS.JSON_PATCH_OPERATIONS_MAX}, got ${patch.length}`,
    );
  return patch as readonly PatchOperation[];
}

function undecodable(value: unknown, type: string, into = "Go value"): StatusError {
  return badPatch(
    `error decoding patch: json: cannot unmarshal ${jsonTypeName(value)} into ${into} of type ${type}`,
  );
}

/** What is said of an operation whose place has no parent, path last. */
const PARENT_MISSING = {
  add: (path: string) => `doc is missing path: "${path}"`,
  remove: (path: string) => `doc is missing path: "${path}"`,
  replace: (path: string) => `doc is missing path: ${path}`,
  test: (path: string) => `is missing path: ${path}`,
  move: (path: string) => `doc is missing destination path: ${path}`,
  copy: (path: string) => `doc is missing destination path: ${path}`,
} as const;

function applied(document: unknown, operation: PatchOperation): unknown {
  const { op, path } = operation;
  if (!Object.hasOwn(PARENT_MISSING, op ?? ""))
    throw inapplicablePatch(`Unexpected kind: ${op ?? "unknown"}`);
  if (path === undefined) throw inapplicablePatch(`${op} operation failed to decode path: missing value`);
  const value = operation.value ?? null;
  if (path === "" && (op === "replace" || op === "test")) return carriedOut(document, { op, path, value });

  const from = op === "move" || op === "copy" ? sourceOf(document, operation) : undefined;
  const growth = op === "add" || op === "copy" || (op === "move" && !isSameList(path, from)) ? 1 : 0;
  const place = placeOf(document, path, growth);
  if (place === null)
    throw inapplicablePatch(`${op} operation does not apply: ${PARENT_MISSING[op](path)}: missing value`);
  const plainOp = permitted(operation, place);
  return plainOp === null ? document : carriedOut(document, { op: plainOp, path: place.path, value, from });
}

function sourceOf(document: unknown, { op, from }: PatchOperation): string {
  if (from === undefined) throw inapplicablePatch(`${op} operation failed to decode from: missing value`);
  const place = placeOf(document, from, 0);
  if (place === null)
    throw inapplicablePatch(
      `${op} operation does not apply: doc is missing from path: ${from}: missing value`,
    );
  if (!place.isThere) throw inapplicablePatch(`error in ${op} for path: '${from}': ${absence(place)}`);
  return place.path;
}

/** A list loses an item before it gains it back. */
function isSameList(path: string, from: string | undefined): boolean {
  return from !== undefined && path.slice(0, path.lastIndexOf("/")) === from.slice(0, from.lastIndexOf("/"));
}

/** The RFC's operation that does what this one means; null: nothing is to be done. */
function permitted(operation: PatchOperation, place: Place): Operator | null {
  const { op, path } = operation;
  const isList = isJsonList(place.parent);
  switch (op) {
    case "add":
    case "move":
    case "copy":
      if (!isList || place.isThere || place.key === "-") return op;
      break;
    case "replace":
      if (place.isThere) return op;
      if (!isList) return "add";
      throw inapplicablePatch(`replace operation does not apply: doc is missing key: ${path}: missing value`);
    case "test":
      if (place.isThere) return op;
      if (isList) break;
      if ((operation.value ?? null) === null) return null;
      throw testFailure(path);
    case "remove":
      if (place.isThere) return op;
      break;
  }
  throw inapplicablePatch(`error in ${op} for path: '${path}': ${absence(place)}`);
}

function absence({ parent, key }: Place): string {
  if (!isJsonList(parent)) return `Unable to remove nonexistent key: ${key}: missing value`;
  if (!/^-?\d+$/.test(key)) return `value was not a proper array index: '${key}'`;
  return `Unable to access invalid index: ${key}: invalid index referenced`;
}

function testFailure(path: string): StatusError {
  return inapplicablePatch(`testing value ${path} failed: test failed`);
}

function carriedOut(document: unknown, operation: object): unknown {
  const plain = operation as Operation;
  try {
    return jsonPatch.applyOperation(document, plain, false, true, true).newDocument;
  } catch (error) {
    if (error instanceof jsonPatch.JsonPatchError) throw testFailure(plain.path);
    throw inapplicablePatch(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param growth 1 when the operation adds an item: the index after the last one is then there
 * @returns null when something on the way is missing or has no members
 */
function placeOf(document: unknown, pointer: string, growth: number): Place | null {
  const tokens = pointer.split("/").slice(1).map(unescaped);
  let parent = document;
  let path = "";
  for (const [index, token] of tokens.entries()) {
    if (typeof parent !== "object" || parent === null || token === "__proto__") return null;
    const isLast = index === tokens.length - 1;
    const count = isJsonList(parent) ? parent.length + (isLast ? growth : 0) : null;
    const key =
      count !== null && /^-\d+$/.test(token) && count + Number(token) >= 0
        ? `${count + Number(token)}`
        : token;
    const isThere = count === null ? Object.hasOwn(parent, key) : /^\d+$/.test(key) && Number(key) < count;
    path += `/${escaped(key)}`;
    if (isLast) return { path, parent, key, isThere };
    if (!isThere) return null;
    parent = (parent as Record<string, unknown>)[key];
  }
  return null;
}

function escaped(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}

function unescaped(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
