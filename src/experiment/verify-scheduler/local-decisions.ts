// Our scheduler's decisions on a cluster, one Pod after another, each placed before the next: on columns, which is how
// it schedules, and on objects, which is what the columns are held to.
import type { KubeObject } from "../../api/types.js";
import { present } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import type { PodInfo } from "../../scheduler/cache/pod-info.js";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import { explainPod } from "../../scheduler/explain/explain-pod.js";
import type { Explanation } from "../../scheduler/explain/explanation.js";
import { placePod } from "../../scheduler/explain/place-pod.js";
import type { ListedKind, ListedKinds } from "../../scheduler/objects.js";
import type { ProfileRuntime } from "../../scheduler/profiles.js";
import { DEFAULT_FEATURES, Scheduler } from "../../scheduler/scheduler.js";
import type { SchedulingCluster } from "../../workload/scheduling-cluster/scheduling-cluster.js";

/** Stands for the start of Pods that tell none: later than any. */
const NOW_MS = Date.UTC(2030, 0, 1);

export interface LocalDecision {
  readonly onColumns: Explanation;
  readonly onObjects: Explanation;
}

/** A scheduler that knows the cluster, but none of the Pods that wait. */
export function schedulerFor(
  { nodes, running, others }: Omit<SchedulingCluster, "pending">,
  configuration: SchedulerConfiguration,
): Scheduler {
  const scheduler = new Scheduler({
    configuration,
    features: DEFAULT_FEATURES,
    seed: 0,
    stopwatch: () => 0,
    act: () => {},
  });
  const { cluster } = scheduler;
  for (const node of nodes) cluster.setNode(node, 0);
  for (const object of others) cluster.set(object as KubeObject & ListedKinds[ListedKind], 0);
  for (const pod of running) cluster.setPod(pod, 0);
  return scheduler;
}

/** Explains the Pod in both forms and places it where the columns say. */
export function decideOne(scheduler: Scheduler, pod: PodInfo): LocalDecision {
  const profile = profileOf(scheduler, pod);
  const { explanation: onObjects } = explainPod(scheduler, pod, profile, { form: "objects", nowMs: NOW_MS });
  const { explanation, cycle } = explainPod(scheduler, pod, profile, { form: "columns", nowMs: NOW_MS });
  const refusal = explanation.chosen === null ? null : placePod(cycle, explanation.chosen);
  const onColumns = refusal === null ? explanation : { ...explanation, error: refusal.reasons.join(", ") };
  return { onColumns, onObjects };
}

/** @throws {PlumbError} NotFound when no profile has the name that the Pod asks for */
export function profileOf(scheduler: Scheduler, pod: PodInfo): ProfileRuntime {
  const profile = scheduler.cluster.profileOf(pod);
  if (profile !== undefined) return profile;
  const wanted = present(pod.pod.spec?.schedulerName, "schedulerName of a Pod without a profile");
  throw new PlumbError("NotFound", `Cannot schedule Pod '${pod.key}': no profile is called '${wanted}'`, {
    hint: `profiles: ${[...scheduler.profiles.keys()].join(", ")}`,
  });
}
