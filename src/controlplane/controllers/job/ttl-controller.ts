// Deletes Jobs ttlSecondsAfterFinished after they ended.
// Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import { keyOf } from "../../client/object-store.js";
import type { Job } from "../../client/object-types.js";
import { clientOf, JOBS } from "../../client/resources.js";
import { conditionOf } from "../harness/conditions.js";
import type { Controller } from "../harness/controller.js";
import { timeMs } from "../harness/times.js";
import { isTrue } from "./job-state.js";

export const ttlAfterFinishedController: Controller = {
  name: "ttl-after-finished",
  component: "ttl-after-finished-controller",
  workersCount: 5,
  start({ client, informers, queue, timers }) {
    const jobs = informers.informer(JOBS);
    const look = (job: Job): void => {
      const waitMs = expiresInMs(job, wallMs(timers));
      if (waitMs !== null) queue.addAfter(keyOf(job), waitMs);
    };
    jobs.addHandler({ onAdd: look, onUpdate: (_, job) => look(job) });
    return async (key) => {
      const job = jobs.lister.get(key);
      const waitMs = job === undefined ? null : expiresInMs(job, wallMs(timers));
      if (job === undefined || waitMs === null) return;
      if (waitMs > 0) queue.addAfter(key, waitMs);
      else await expire(job);
    };

    async function expire({ metadata }: Job): Promise<void> {
      const { name, namespace = "", uid = "", resourceVersion = "" } = metadata;
      const preconditions = { uid, resourceVersion };
      try {
        await clientOf(client, JOBS, namespace).delete(name, {
          propagationPolicy: "Foreground",
          preconditions,
        });
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
      }
    }
  },
};

/** null: never, as things stand. */
function expiresInMs({ spec, status, metadata }: Job, nowMs: number): number | null {
  const seconds = spec?.ttlSecondsAfterFinished;
  if (seconds === undefined || metadata.deletionTimestamp !== undefined) return null;
  const end = ["Complete", "Failed"].find((type) => isTrue(status?.conditions, type));
  if (end === undefined) return null;
  const endMs = timeMs(conditionOf(status?.conditions, end)?.lastTransitionTime);
  return Math.max(0, endMs + seconds * 1000 - nowMs);
}
