// Whether an Indexed Job has succeeded before all of its indices have.
// Source: pkg/controller/job/success_policy.go.
import type { Job } from "../../client/object-types.js";
import { parseIndexes } from "./index-set.js";

interface SuccessRule {
  readonly succeededIndexes?: string;
  readonly succeededCount?: number;
}

/** Which rule is met, in words; null: none. */
export function successMessage(job: Job, completed: ReadonlySet<number>): string | null {
  const { successPolicy } = (job.spec ?? {}) as { successPolicy?: { rules?: readonly SuccessRule[] } };
  const met = (successPolicy?.rules ?? []).findIndex((rule) => isMet(rule, completed));
  return met < 0 ? null : `Matched rules at index ${met}`;
}

function isMet({ succeededIndexes, succeededCount }: SuccessRule, completed: ReadonlySet<number>): boolean {
  if (succeededIndexes === undefined) return succeededCount !== undefined && completed.size >= succeededCount;
  const wanted = [...parseIndexes(succeededIndexes, Number.MAX_SAFE_INTEGER)];
  const done = wanted.filter((index) => completed.has(index)).length;
  return done >= Math.min(succeededCount ?? wanted.length, wanted.length);
}
