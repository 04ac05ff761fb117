// What is left of a namespace that is being deleted -> its conditions, and how long to wait before the next look.
// Source: pkg/controller/namespace/deletion (namespaced_resources_deleter.go, status_condition_utils.go).
import { KINDS } from "../../../api/kinds/kinds.js";
import type { Namespace } from "../../client/cluster-resources.js";
import { resourceOf, type Resource } from "../../client/resources.js";
import { conditionOf, type Condition } from "../harness/conditions.js";

/** While finalizers are waited for, seconds. */
export const FINALIZER_WAIT_SECONDS = 15;

/** Everything that lives in namespaces and can be deleted; Pods come first and are done before others begin. */
export const CONTENT_RESOURCES: readonly Resource[] = KINDS.filter(
  ({ isNamespaced, verbs, group, plural }) =>
    isNamespaced && verbs.includes("delete") && verbs.includes("list") && `${group}/${plural}` !== "/pods",
)
  // Events are stored once and served twice.
  .filter(({ storedAs }) => storedAs === undefined)
  .map(({ group, storageVersion, plural }) => resourceOf(group, storageVersion, plural));

export interface Remaining {
  readonly resource: Resource;
  readonly count: number;
  /** Objects by the finalizer that holds them. */
  readonly finalizers: ReadonlyMap<string, number>;
}

export interface ContentState {
  readonly remaining: readonly Remaining[];
  readonly failures: readonly string[];
  readonly now: string;
}

interface ConditionRow {
  readonly type: string;
  readonly okReason: string;
  readonly okMessage: string;
  /** null: it is not so. */
  readonly failure: (state: ContentState) => { readonly reason: string; readonly message: string } | null;
}

const CONDITIONS: readonly ConditionRow[] = [
  {
    type: "NamespaceDeletionDiscoveryFailure",
    okReason: "ResourcesDiscovered",
    okMessage: "All resources successfully discovered",
    failure: () => null,
  },
  {
    type: "NamespaceDeletionGroupVersionParsingFailure",
    okReason: "ParsedGroupVersions",
    okMessage: "All legacy kube types successfully parsed",
    failure: () => null,
  },
  {
    type: "NamespaceDeletionContentFailure",
    okReason: "ContentDeleted",
    okMessage: "All content successfully deleted, may be waiting on finalization",
    failure: ({ failures }) =>
      failures.length === 0
        ? null
        : {
            reason: "ContentDeletionFailed",
            message: `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(", ")}`,
          },
  },
  {
    type: "NamespaceContentRemaining",
    okReason: "ContentRemoved",
    okMessage: "All content successfully removed",
    failure: ({ remaining }) =>
      remaining.length === 0
        ? null
        : {
            reason: "SomeResourcesRemain",
            message: `Some resources are remaining: ${remainingText(remaining)}`,
          },
  },
  {
    type: "NamespaceFinalizersRemaining",
    okReason: "ContentHasNoFinalizers",
    okMessage: "All content-preserving finalizers finished",
    failure: ({ remaining }) => {
      const totals = finalizerTotals(remaining);
      if (totals.size === 0) return null;
      const texts = [...totals].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
      return {
        reason: "SomeFinalizersRemain",
        message: `Some content in the namespace has finalizers remaining: ${texts.sort().join(", ")}`,
      };
    },
  },
];

function remainingText(remaining: readonly Remaining[]): string {
  return remaining
    .map(({ resource, count }) => `${resource.resource}.${resource.group} has ${count} resource instances`)
    .sort()
    .join(", ");
}

function finalizerTotals(remaining: readonly Remaining[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { finalizers } of remaining)
    for (const [finalizer, count] of finalizers) totals.set(finalizer, (totals.get(finalizer) ?? 0) + count);
  return totals;
}

/** @returns null when they are right already */
export function deletionConditions(namespace: Namespace, state: ContentState): readonly Condition[] | null {
  const before: readonly Condition[] = namespace.status?.conditions ?? [];
  const types = CONDITIONS.map(({ type }) => type);
  const others = before.filter(({ type }) => !types.includes(type));
  let isChanged = false;
  const own = CONDITIONS.map((row) => {
    const failure = row.failure(state);
    const status = failure === null ? "False" : "True";
    const { reason, message } = failure ?? { reason: row.okReason, message: row.okMessage };
    const known = conditionOf(before, row.type);
    if (known?.status === status && known.reason === reason && known.message === message) return known;
    isChanged = true;
    const isSameStatus = known?.status === status && known.lastTransitionTime !== undefined;
    const lastTransitionTime = isSameStatus ? (known.lastTransitionTime ?? state.now) : state.now;
    return { type: row.type, status, lastTransitionTime, reason, message };
  });
  return isChanged ? [...others, ...own] : null;
}

export function remainingOf(
  resource: Resource,
  objects: readonly { readonly metadata: { readonly finalizers?: readonly string[] } }[],
): Remaining {
  const finalizers = new Map<string, number>();
  for (const { metadata } of objects)
    for (const finalizer of metadata.finalizers ?? [])
      finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  return { resource, count: objects.length, finalizers };
}

/** Seconds until Pods should have ended on their own; 0: they are overdue. */
export function podWaitSeconds(graceSeconds: readonly number[], deletedForSeconds: number): number {
  const longest = Math.max(0, ...graceSeconds);
  return deletedForSeconds >= longest ? 0 : longest;
}
