// Who owns what after a create, an update or a patch: the writer gets what it changed, the others lose it.
//
// Cost: a comparison of what differs (field-comparison.ts), then set operations on the entries that hold it.
// Source: structured-merge-diff merge/update.go Update; apimachinery pkg/util/managedfields/internal fieldmanager.go,
// skipnonapplied.go, managedfieldsupdater.go.
import type { TypeSchema } from "../schema/type-schema.js";
import { compareFields, type FieldComparison } from "./field-comparison.js";
import {
  differenceOf,
  type FieldSet,
  fieldsNamed,
  isEmptySet,
  unionOf,
  withoutBranches,
} from "./field-set.js";
import type { JsonObject } from "./json-tree.js";
import {
  decodedEntries,
  isReset,
  isSameManager,
  type ManagedEntry,
  managedFieldsOf,
  withEntries,
  withFields,
  withoutAncientUpdates,
  withoutUnowned,
} from "./managed-fields.js";
import { ElementProblem } from "./path-element.js";

export interface FieldWriter {
  /** Field manager; "" counts as "unknown". */
  readonly manager: string;
  /** In which version the writer speaks, and the objects are given. */
  readonly apiVersion: string;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly schema: TypeSchema;
  /** RFC 3339 to the second, UTC. */
  readonly now: string;
  /** What the writer cannot set here, as the registry resets it: "status", "metadata.labels". */
  readonly resetFields: readonly string[];
}

export interface UpdateOptions extends FieldWriter {
  /** false: owners stay as they are. For writers in this process whose ownership nobody asks about. */
  readonly isTracked: boolean;
}

/**
 * @param before null for a create
 * @param after what is about to be stored
 * @returns `after` with the managedFields that it is to be stored with
 */
export function trackUpdate(
  before: JsonObject | null,
  after: JsonObject,
  options: UpdateOptions,
): JsonObject {
  const live = before ?? EMPTY;
  if (!options.isTracked) return withManagedFieldsOf(live, after);
  const entries = entriesToStartFrom(live, after, options.subresource);
  if (entries.length === 0 && before !== null) return withEntries(after, []);
  try {
    return withEntries(after, entriesAfter(live, after, entries, options));
  } catch (error) {
    if (error instanceof ElementProblem) return withEntries(after, []);
    throw error;
  }
}

const EMPTY: JsonObject = {};

function withManagedFieldsOf(live: JsonObject, after: JsonObject): JsonObject {
  const kept = managedFieldsOf(live);
  if (managedFieldsOf(after) === kept) return after;
  const { managedFields: _, ...metadata } = after["metadata"] as JsonObject;
  return { ...after, metadata: kept === undefined ? metadata : { ...metadata, managedFields: kept } };
}

/** A writer may hand in entries of its own making; what cannot be read counts as not given. */
function entriesToStartFrom(
  live: JsonObject,
  after: JsonObject,
  subresource: string,
): readonly ManagedEntry[] {
  const given = managedFieldsOf(after);
  if (subresource === "") {
    if (isReset(given)) return [];
    const entries = decodedEntries(given);
    if (entries !== null && entries.length > 0) return entries;
  }
  return decodedEntries(managedFieldsOf(live)) ?? [];
}

function entriesAfter(
  live: JsonObject,
  after: JsonObject,
  entries: readonly ManagedEntry[],
  writer: FieldWriter,
): readonly ManagedEntry[] {
  const change = comparisonFor(live, after, writer, "stored");
  const taken = unionOf(change.added, change.modified);
  const others = withFields(entries, ({ fields }) => withoutChange(fields, taken, change.removed));
  const mine = withoutUnowned(taken);
  if (isEmptySet(mine)) return withoutAncientUpdates(others);
  const entry: ManagedEntry = {
    manager: writer.manager === "" ? "unknown" : writer.manager,
    operation: "Update",
    apiVersion: writer.apiVersion,
    subresource: writer.subresource,
    time: writer.now,
    fields: mine,
  };
  const previous = others.find((each) => isSameManager(each, entry));
  if (previous === undefined) return withoutAncientUpdates([...others, entry]);
  const joined = { ...entry, fields: unionOf(mine, previous.fields) };
  return withoutAncientUpdates(others.map((each) => (each === previous ? joined : each)));
}

function withoutChange(fields: FieldSet, taken: FieldSet, removed: FieldSet): FieldSet {
  return differenceOf(differenceOf(fields, taken), removed);
}

/** What a write changed, less what it could not set. managedFields themselves are nobody's. */
export function comparisonFor(
  live: JsonObject,
  after: JsonObject,
  writer: FieldWriter,
  afterIs: "merged" | "stored",
): FieldComparison {
  const change = compareFields(withEntries(live, []), withEntries(after, []), writer.schema, afterIs);
  if (writer.resetFields.length === 0) return change;
  const reset = resetSetOf(writer.resetFields);
  return {
    added: withoutBranches(change.added, reset),
    modified: withoutBranches(change.modified, reset),
    removed: withoutBranches(change.removed, reset),
  };
}

const resetSets = new WeakMap<readonly string[], FieldSet>();

export function resetSetOf(names: readonly string[]): FieldSet {
  let set = resetSets.get(names);
  if (set === undefined) {
    set = fieldsNamed(names);
    resetSets.set(names, set);
  }
  return set;
}
