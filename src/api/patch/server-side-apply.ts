// Server-side apply: a manager states the fields it wants, and owns what it states.
//
//   1. the configuration is merged into the live object;
//   2. what the manager stated last time, does not state now and nobody else owns is taken out;
//   3. fields of others that would change are conflicts, unless force takes them over.
//
// Cost: O(size of the object) a few times; this path is for people and controllers that ask for it, not for every write.
// Source: structured-merge-diff merge/update.go Apply, prune; apimachinery pkg/util/managedfields/internal
// structuredmerge.go, skipnonapplied.go, lastappliedmanager.go, lastappliedupdater.go.
import { groupVersionOf } from "../kinds/kinds.js";
import type { TypeSchema } from "../schema/type-schema.js";
import { type Conflict, conflictError } from "./apply-conflicts.js";
import { problemsOf, statedFields, withNamedFields } from "./applied-fields.js";
import { mergeApplied, withoutFields } from "./applied-merge.js";
import type { FieldComparison } from "./field-comparison.js";
import {
  differenceOf,
  type FieldSet,
  intersectionOf,
  isEmptySet,
  NO_FIELDS,
  unionOf,
  withoutBranches,
} from "./field-set.js";
import { comparisonFor, type FieldWriter, resetSetOf } from "./field-tracking.js";
import { isJsonObject, type JsonObject, jsonEquals } from "./json-tree.js";
import { hasLastApplied, ownedByLastApplied, withLastApplied } from "./last-applied.js";
import {
  decodedEntries,
  isSameManager,
  type ManagedEntry,
  managedFieldsOf,
  withEntries,
  withFields,
  withoutUnowned,
} from "./managed-fields.js";
import { withoutNulls } from "./merge-patch.js";
import { badPatch, unexpectedPatch } from "./patch-errors.js";

export interface ApplyOptions extends FieldWriter {
  /** Take over what others own. */
  readonly force: boolean;
}

/** Of kubectl: it may take over what the last-applied annotation shows to be its own. */
const KUBECTL = "kubectl";

/**
 * @param live null when the object does not exist yet
 * @param applied what came as application/apply-patch+yaml, read
 * @returns what is to be stored, before defaulting and validation
 * @throws {StatusError} Conflict with a cause for each field of another manager, BadRequest for a configuration that
 *   cannot be applied, without a reason (code 500, as upstream) for one that is not of the type
 */
export function applyPatch(live: JsonObject | null, applied: unknown, options: ApplyOptions): JsonObject {
  const configuration = checkedConfiguration(applied, options);
  const base = live ?? identityOf(configuration);
  const entries = entriesBeforeApply(live, base, options);
  const applying = new Application(base, configuration, entries, options);
  const conflicts = options.force ? [] : applying.conflicts();
  const refused = withoutOwn(conflicts, base, options);
  if (refused.length > 0) throw conflictError(refused);
  const result = applying.result();
  if (options.manager !== KUBECTL || !hasLastApplied(result)) return result;
  return withLastApplied(result, configuration);
}

/** A new object starts as its name and kind. */
function identityOf({ apiVersion, kind }: JsonObject): JsonObject {
  return { apiVersion, kind };
}

function checkedConfiguration(applied: unknown, { apiVersion, schema }: ApplyOptions): JsonObject {
  if (!isJsonObject(applied)) throw badPatch("error decoding YAML: the configuration is no object");
  if (applied["apiVersion"] !== apiVersion)
    throw badPatch(
      `Incorrect version specified in apply patch. Specified patch version: ${String(applied["apiVersion"] ?? "")}, expected: ${apiVersion}`,
    );
  if ((managedFieldsOf(applied) ?? null) !== null) throw badPatch("metadata.managedFields must be nil");
  const problems = problemsOf(applied, schema);
  if (problems.length === 0) return applied;
  const text =
    problems.length === 1 ? problems[0] : ["errors:", ...problems.map((each) => `  ${each}`)].join("\n");
  throw unexpectedPatch(`failed to create typed patch object (${identityText(applied)}): ${text}`);
}

/** "default/web; apps/v1, Kind=Deployment" */
function identityText(object: JsonObject): string {
  const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
  const [group, version] = groupVersionOf(String(object["apiVersion"]));
  const kind = `${group}/${version}, Kind=${String(object["kind"])}`;
  return `${String(metadata["namespace"] ?? "")}/${String(metadata["name"] ?? "")}; ${kind}`;
}

const BEFORE_FIRST_APPLY = "before-first-apply";

/** An object that nobody was tracked on is owned, as it stands, by all who wrote it until now. */
function entriesBeforeApply(
  live: JsonObject | null,
  base: JsonObject,
  options: ApplyOptions,
): readonly ManagedEntry[] {
  const entries = decodedEntries(managedFieldsOf(base));
  if (entries === null) throw unexpectedPatch("failed to decode managed fields");
  if (entries.length > 0 || live === null) return entries;
  const { added, modified } = comparisonFor({}, base, options, "stored");
  const fields = withoutUnowned(unionOf(added, modified));
  if (isEmptySet(fields)) return [];
  const { apiVersion, subresource, now } = options;
  return [{ manager: BEFORE_FIRST_APPLY, operation: "Update", apiVersion, subresource, time: now, fields }];
}

/** Conflicts that kubectl has not with itself as it was before it applied on the server. */
function withoutOwn(
  conflicts: readonly Conflict[],
  live: JsonObject,
  { manager, apiVersion, schema }: ApplyOptions,
): readonly Conflict[] {
  if (conflicts.length === 0 || manager !== KUBECTL) return conflicts;
  const own = ownedByLastApplied(live, apiVersion, schema);
  if (own === null) return conflicts;
  return conflicts
    .map((each) => ({ ...each, fields: differenceOf(each.fields, own) }))
    .filter((each) => !isEmptySet(each.fields));
}

/** One configuration on its way into one object. */
class Application {
  readonly #live: JsonObject;
  readonly #options: ApplyOptions;
  readonly #others: readonly ManagedEntry[];
  readonly #mine: ManagedEntry;
  readonly #merged: JsonObject;
  readonly #change: FieldComparison;

  constructor(
    live: JsonObject,
    configuration: JsonObject,
    entries: readonly ManagedEntry[],
    options: ApplyOptions,
  ) {
    const { manager, apiVersion, subresource, schema, resetFields } = options;
    const stated = withoutBranches(statedFields(configuration, schema), resetSetOf(resetFields));
    const identity = { manager, operation: "Apply", apiVersion, subresource } as const;
    const previous = entries.find((each) =>
      isSameManager(each, { ...identity, time: null, fields: NO_FIELDS }),
    );
    this.#live = live;
    this.#options = options;
    this.#others = entries.filter((each) => each !== previous);
    this.#mine = { ...identity, time: previous?.time ?? null, fields: stated };
    const merged = mergeApplied(live, configuration, schema);
    this.#merged =
      previous === undefined
        ? merged
        : withoutAbandoned(merged, previous.fields, [this.#mine, ...this.#others], schema);
    this.#change = comparisonFor(live, this.#merged, options, "merged");
  }

  conflicts(): readonly Conflict[] {
    const taken = this.#taken();
    return this.#others
      .map((entry) => ({ entry, fields: intersectionOf(entry.fields, taken) }))
      .filter(({ fields }) => !isEmptySet(fields));
  }

  /** With conflicts, if there are any, decided for the applier. */
  result(): JsonObject {
    const taken = this.#taken();
    const others = withFields(this.#others, ({ fields }) =>
      differenceOf(differenceOf(fields, intersectionOf(fields, taken)), this.#change.removed),
    );
    const fields = withoutUnowned(this.#mine.fields);
    const object = withoutNulls(this.#merged) as JsonObject;
    const isChanged = !jsonEquals(this.#live, object);
    const mine = { ...this.#mine, fields, time: isChanged ? this.#options.now : this.#mine.time };
    return withEntries(object, isEmptySet(fields) ? others : [...others, mine]);
  }

  #taken(): FieldSet {
    return unionOf(this.#change.added, this.#change.modified);
  }
}

/** Takes out what was stated last time and is owned by nobody now. */
function withoutAbandoned(
  merged: JsonObject,
  last: FieldSet,
  owners: readonly ManagedEntry[],
  schema: TypeSchema,
): JsonObject {
  if (isEmptySet(last)) return merged;
  const named = (set: FieldSet) => withNamedFields(set, schema);
  const mergedFields = named(statedFields(merged, schema));
  const lastFields = named(last);
  const owned = owners.reduce((set, { fields }) => unionOf(set, fields), NO_FIELDS);
  const pruned = withoutFields(merged, lastFields, schema);
  const stays = unionOf(named(statedFields(pruned, schema)), named(owned));
  const ownedKept = withoutFields(merged, differenceOf(mergedFields, stays), schema);
  const gone = differenceOf(mergedFields, named(statedFields(ownedKept, schema)));
  return withoutFields(merged, intersectionOf(gone, lastFields), schema);
}
