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
  const completions = job.spec?.completions ?? 0;
  const met = (successPolicy?.rules ?? []).findIndex((rule) => isMet(rule, completed, completions));
  return met < 0 ? null : `Matched rules at index ${met}`;
}

function isMet(
  { succeededIndexes, succeededCount }: SuccessRule,
  completed: ReadonlySet<number>,
  completions: number,
): boolean {
  if (completed.size === 0) return false;
  if (succeededIndexes === undefined) return succeededCount !== undefined && completed.size >= succeededCount;
  const wanted = [...parseIndexes(succeededIndexes, completions)];
  if (wanted.length === 0) return false;
  const done = wanted.filter((index) => completed.has(index)).length;
  return done >= Math.min(succeededCount ?? wanted.length, wanted.length);
}
