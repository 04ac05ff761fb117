// Why slow attempts ended as they did, node by node. Explaining costs more than an attempt does and would be seen in what
// is measured: the workload is repeated in simulated time, where the same Pods meet the same nodes, and explained there.
// An attempt is found again by its Pod and what it saw. A Pod that has been given a node is taken off it meanwhile; what
// Reserve plugins remember of it stays, which only Pods with volumes that are bound late can tell.
import { present } from "../../base/assert.js";
import type { Attempt } from "../../scheduler/attempt.js";
import { explainPod } from "../../scheduler/explain/explain-pod.js";
import type { Explanation } from "../../scheduler/explain/explanation.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import { runScheduling } from "./run-scheduling.js";
import type { SchedulingSpec, SlowAttempt } from "./scheduling-types.js";
import type { Surroundings } from "./simulation.js";

export interface ExplainedAttempt {
  /** Whether the repeat saw as many nodes and came to the same; otherwise it is the Pod's last attempt there. */
  readonly isSame: boolean;
  /** The node that the attempt gave; null for none. */
  readonly nodeName: string | null;
  /** Of all nodes, also of those that the attempt did not look at. */
  readonly explanation: Explanation;
  /** Of the Pod's profile, by Score plugin. */
  readonly weights: Readonly<Record<string, number>>;
}

/** One more pass of the workload. An attempt whose Pod does not come up again has no explanation. */
export async function explainAttempts(
  spec: SchedulingSpec,
  surroundings: Omit<Surroundings, "timeMode" | "onWindow" | "onAttempt">,
  slow: readonly SlowAttempt[],
): Promise<readonly ExplainedAttempt[]> {
  const wanted = new Map(slow.map((attempt) => [attempt.pod, attempt]));
  const explained = new Map<string, ExplainedAttempt>();
  if (wanted.size > 0)
    await runScheduling(spec, {
      ...surroundings,
      timeMode: "simulated",
      onAttempt: (attempt, { scheduler, nowMs }) => {
        const { key } = attempt.pod;
        const sought = wanted.get(key);
        if (sought === undefined || explained.get(key)?.isSame === true) return;
        const isSame = isSameAttempt(attempt, sought);
        explained.set(key, { isSame, ...explainAfter(attempt, scheduler, nowMs) });
      },
    });
  return [...wanted.keys()].flatMap((pod) => explained.get(pod) ?? []);
}

function isSameAttempt(attempt: Attempt, sought: SlowAttempt): boolean {
  return (
    attempt.result === sought.result &&
    attempt.evaluatedNodes === sought.evaluatedNodes &&
    attempt.feasibleNodes === sought.feasibleNodes &&
    outcomeOf(attempt) === sought.outcome
  );
}

function outcomeOf(attempt: Attempt): string {
  if (attempt.result === "skipped") return "";
  return attempt.result === "scheduled" ? attempt.nodeName : attempt.message;
}

/** Between the attempt and its carrying-out the cluster is as the attempt found it, but for the Pod on its node. */
function explainAfter(
  attempt: Attempt,
  scheduler: Scheduler,
  nowMs: number,
): Omit<ExplainedAttempt, "isSame"> {
  const { pod } = attempt;
  const { cache, cluster } = scheduler;
  const profile = present(cluster.profileOf(pod), `profile of Pod ${pod.key}`);
  const nodeName = attempt.result === "scheduled" ? attempt.nodeName : null;
  const isTakenOff = nodeName !== null && cache.forget(pod.uid);
  const { explanation } = explainPod(scheduler, pod, profile, { form: "columns", nowMs });
  if (isTakenOff) cache.assume(pod, nodeName);
  const weights = Object.fromEntries(profile.framework.scores.map(({ name, weight }) => [name, weight]));
  return { nodeName, explanation, weights };
}
