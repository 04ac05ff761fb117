// What a Job's podFailurePolicy says about a Pod that failed: it counts, it does not, or its index or
// the whole Job fails with it.
// Source: pkg/controller/job/pod_failure_policy.go.
import type { Job, Pod } from "../../client/object-types.js";

export interface FailureVerdict {
  readonly counts: boolean;
  /** Why the whole Job fails. */
  readonly failJob: string | null;
  /** Its index is not tried again. */
  readonly failsIndex: boolean;
}

const COUNTED: FailureVerdict = { counts: true, failJob: null, failsIndex: false };

type Rule = NonNullable<NonNullable<NonNullable<Job["spec"]>["podFailurePolicy"]>["rules"]>[number];

/** The first rule that matches decides. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const match = matchOf(rule, pod);
    if (match === null) continue;
    if (rule.action === "Ignore") return { ...COUNTED, counts: false };
    if (rule.action === "FailIndex") return { ...COUNTED, failsIndex: true };
    if (rule.action !== "FailJob") return COUNTED;
    return { ...COUNTED, failJob: `${match} matching FailJob rule at index ${index}` };
  }
  return COUNTED;
}

/** What of the Pod matches, in words; null: nothing. */
function matchOf(rule: Rule, pod: Pod): string | null {
  const { name, namespace } = pod.metadata;
  if (rule.onExitCodes !== undefined) {
    const { containerName, operator, values } = rule.onExitCodes;
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    for (const status of statuses) {
      const exitCode = status.state?.terminated?.exitCode ?? 0;
      if (exitCode === 0 || (containerName !== undefined && containerName !== status.name)) continue;
      if (values.includes(exitCode) === (operator === "In"))
        return `Container ${status.name} for pod ${namespace}/${name} failed with exit code ${exitCode}`;
    }
    return null;
  }
  for (const wanted of rule.onPodConditions ?? []) {
    const found = pod.status?.conditions?.some(
      ({ type, status }) => type === wanted.type && status === (wanted.status ?? "True"),
    );
    if (found) return `Pod ${namespace}/${name} has condition ${wanted.type}`;
  }
  return null;
}
