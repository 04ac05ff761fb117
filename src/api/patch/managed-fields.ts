// metadata.managedFields: who last set which fields.
//
// An entry belongs to a manager by name, operation and subresource, and of updates also by API version: an applier keeps
// one entry through all versions.
// Source: apimachinery pkg/util/managedfields/internal/managedfields.go, capmanagers.go, stripmeta.go.
import { differenceOf, type FieldSet, fieldsNamed, isEmptySet, NO_FIELDS, unionOf } from "./field-set.js";
import { isJsonList, isJsonObject, type JsonObject, jsonEquals } from "./json-tree.js";

export interface ManagedEntry {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** "": the object itself. */
  readonly subresource: string;
  /** RFC 3339; null: not known. */
  readonly time: string | null;
  readonly fields: FieldSet;
}

/** Fields that nobody owns: they are the server's or name the object. */
const UNOWNED_FIELDS: FieldSet = fieldsNamed([
  "apiVersion",
  "kind",
  "metadata",
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => `metadata.${name}`),
]);

export function withoutUnowned(fields: FieldSet): FieldSet {
  return differenceOf(fields, UNOWNED_FIELDS);
}

export function isSameManager(left: ManagedEntry, right: ManagedEntry): boolean {
  return (
    left.manager === right.manager &&
    left.operation === right.operation &&
    left.subresource === right.subresource &&
    (left.operation === "Apply" || left.apiVersion === right.apiVersion)
  );
}

/** metadata.managedFields as it is written: undefined when it is absent. */
export function managedFieldsOf(object: JsonObject): unknown {
  const { metadata } = object;
  return isJsonObject(metadata) ? metadata["managedFields"] : undefined;
}

/** @returns null when it is no list of entries */
export function decodedEntries(written: unknown): readonly ManagedEntry[] | null {
  if (written === undefined || written === null) return [];
  if (!isJsonList(written)) return null;
  const entries: ManagedEntry[] = [];
  for (const each of written) {
    const entry = decodedEntry(each);
    if (entry === null) return null;
    entries.push(entry);
  }
  return entries;
}

function decodedEntry(written: unknown): ManagedEntry | null {
  if (!isJsonObject(written)) return null;
  const { manager, operation, apiVersion, subresource, time, fieldsType, fieldsV1 } = written;
  if (operation !== "Apply" && operation !== "Update") return null;
  if (typeof apiVersion !== "string" || apiVersion === "" || fieldsType !== "FieldsV1") return null;
  if (fieldsV1 !== undefined && !isFieldSet(fieldsV1)) return null;
  return {
    manager: typeof manager === "string" ? manager : "",
    operation,
    apiVersion,
    subresource: typeof subresource === "string" ? subresource : "",
    time: typeof time === "string" ? time : null,
    fields: fieldsV1 ?? NO_FIELDS,
  };
}

/** Sets that were seen to be well formed: they are shared by all later states of an object. */
const wellFormed = new WeakSet<object>();

function isFieldSet(written: unknown): written is FieldSet {
  if (!isJsonObject(written)) return false;
  if (wellFormed.has(written)) return true;
  for (const element in written) {
    if (element !== "." && !/^[fkvi]:/.test(element)) return false;
    if (!isFieldSet(written[element])) return false;
  }
  wellFormed.add(written);
  return true;
}

/** Whether a writer asks for managedFields to be forgotten: an empty list, or one empty entry. */
export function isReset(written: unknown): boolean {
  if (!isJsonList(written)) return false;
  return written.length === 0 || (written.length === 1 && jsonEquals(written[0], {}));
}

/** The object with these entries, sorted as upstream sorts them; none: without managedFields. */
export function withEntries(object: JsonObject, entries: readonly ManagedEntry[]): JsonObject {
  const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
  if (entries.length > 0)
    return {
      ...object,
      metadata: { ...metadata, managedFields: [...entries].sort(compareEntries).map(encoded) },
    };
  if (metadata["managedFields"] === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function encoded(entry: ManagedEntry): JsonObject {
  const { manager, operation, apiVersion, subresource, time, fields } = entry;
  wellFormed.add(fields);
  return {
    ...(manager === "" ? {} : { manager }),
    operation,
    apiVersion,
    ...(time === null ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...(subresource === "" ? {} : { subresource }),
  };
}

function compareEntries(left: ManagedEntry, right: ManagedEntry): number {
  return (
    compareText(left.operation, right.operation) ||
    compareText(secondsOf(left), secondsOf(right)) ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** RFC 3339 in UTC to the second sorts as text. */
function secondsOf({ time }: ManagedEntry): string {
  return time === null ? "" : time.slice(0, "2026-01-01T00:00:00".length);
}

/** Entries whose fields are gone are left out. */
export function withFields(
  entries: readonly ManagedEntry[],
  change: (entry: ManagedEntry) => FieldSet,
): readonly ManagedEntry[] {
  const result: ManagedEntry[] = [];
  for (const entry of entries) {
    const fields = change(entry);
    if (!isEmptySet(fields)) result.push(fields === entry.fields ? entry : { ...entry, fields });
  }
  return result;
}

/** Entries of updates beyond this many are merged, the oldest first. */
const UPDATE_ENTRIES_MAX = 10;
const ANCIENT = "ancient-changes";

/** Merges the oldest updates, those of one API version together, until there are few enough. */
export function withoutAncientUpdates(entries: readonly ManagedEntry[]): readonly ManagedEntry[] {
  const updates = entries.filter((entry) => entry.operation === "Update").sort(compareEntries);
  let excess = updates.length - UPDATE_ENTRIES_MAX;
  if (excess <= 0) return entries;
  const kept = new Set(entries);
  /** API version -> the first entry of it, which becomes the bucket when there is a second. */
  const buckets = new Map<string, ManagedEntry>();
  for (const update of updates) {
    if (excess <= 0) break;
    const bucket = buckets.get(update.apiVersion);
    if (bucket === undefined) {
      buckets.set(update.apiVersion, update);
      continue;
    }
    const merged: ManagedEntry = {
      ...update,
      manager: ANCIENT,
      subresource: "",
      fields: unionOf(update.fields, bucket.fields),
    };
    kept.delete(bucket);
    kept.delete(update);
    kept.add(merged);
    buckets.set(update.apiVersion, merged);
    excess--;
  }
  return [...kept];
}
