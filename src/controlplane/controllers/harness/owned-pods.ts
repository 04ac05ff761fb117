// Creating and deleting the Pods of an owner that keeps expectations: each call is told of in an event, and one that
// brings no change is taken out of what is expected.
// Source: pkg/controller/controller_utils.go (RealPodControl), pkg/controller/replicaset/replica_set.go (manageReplicas).
import type { KubeObject } from "../../../api/meta.js";
import { isStatus } from "../../../api/status.js";
import { keyOf } from "../../client/object-store.js";
import type { Pod } from "../../client/object-types.js";
import { clientOf, PODS } from "../../client/resources.js";
import type { ControllerContext } from "./controller.js";
import type { Expectations } from "./expectations.js";
import type { NewPod } from "./pod-from-template.js";
import { isNamespaceTerminating } from "./refusals.js";
import { slowStart } from "./slow-start.js";

export interface PodOwner {
  readonly object: KubeObject;
  /** Under which it expects. */
  readonly key: string;
  readonly expectations: Expectations;
  readonly context: Pick<ControllerContext, "client" | "events">;
}

/**
 * Creates Pods that are expected already. A namespace that is being deleted refuses them, which is no failure.
 * @returns what creating failed with
 */
export async function createPods(
  { object, key, expectations, context: { client, events } }: PodOwner,
  count: number,
  newPod: (index: number) => NewPod,
): Promise<Error | null> {
  const pods = clientOf(client, PODS, object.metadata.namespace ?? "");
  const { successCount, error } = await slowStart(count, async (index) => {
    try {
      const created = await pods.create(newPod(index));
      events.record(object, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
    } catch (failure) {
      if (isNamespaceTerminating(failure)) {
        expectations.created(key);
        return;
      }
      events.record(object, "Warning", "FailedCreate", `Error creating: ${(failure as Error).message}`);
      throw failure;
    }
  });
  for (let skipped = successCount; skipped < count; skipped++) expectations.created(key);
  return error;
}

/**
 * Deletes Pods whose end is expected already, all at once.
 * @returns what the first that failed did so with
 */
export async function deletePods(owner: PodOwner, pods: readonly Pod[]): Promise<Error | null> {
  const results = await Promise.allSettled(pods.map((pod) => deletePod(owner, pod)));
  const failure = results.find((result) => result.status === "rejected");
  return failure === undefined ? null : (failure.reason as Error);
}

async function deletePod(
  { object, key, expectations, context: { client, events } }: PodOwner,
  pod: Pod,
): Promise<void> {
  const { name, namespace = "" } = pod.metadata;
  try {
    await clientOf(client, PODS, namespace).delete(name);
    events.record(object, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
  } catch (failure) {
    expectations.deleted(key, keyOf(pod));
    if (isStatus(failure, "NotFound")) return;
    events.record(object, "Warning", "FailedDelete", `Error deleting: ${(failure as Error).message}`);
    throw failure;
  }
}
