// Objects that come, or come and go, beside what is measured: one of each template per tick.
// recreate: `number` ticks that make objects, `number` that delete them, and so on.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/executor.go (churn).
import type { KubeObject } from "../../api/types.js";
import { makeObject, type Making } from "../../workload/scheduler-perf/made-objects.js";
import type { Churn } from "../../workload/scheduler-perf/ops.js";
import type { WorkloadCluster } from "./workload-cluster.js";

/** @returns ends it */
export function startChurn(op: Churn, cluster: WorkloadCluster, making: Making): () => void {
  const { agenda, timeline } = cluster;
  const { mode, number, intervalMilliseconds, templatePaths, namespace } = op;
  const create = (templatePath: string, index: number): KubeObject => {
    const object = makeObject({ templatePath, namespace, index, count: 1, templateParams: {} }, making);
    void cluster.create(object);
    return object;
  };
  /** What stands in each place of a round; recreate only. */
  const places = templatePaths.map(() => new Array<KubeObject | null>(number).fill(null));
  let ticks = 0;
  const createAll = (): boolean => {
    for (const path of templatePaths) create(path, ticks);
    ticks++;
    return number === 0 || ticks < number;
  };
  const createOrDelete = (): boolean => {
    const at = ticks++ % number;
    for (const [index, path] of templatePaths.entries()) {
      const place = places[index] as (KubeObject | null)[];
      const standing = place[at] ?? null;
      if (standing !== null) void cluster.delete(standing);
      place[at] = standing === null ? create(path, at) : null;
    }
    return true;
  };
  return agenda.every(timeline.now(), intervalMilliseconds, mode === "create" ? createAll : createOrDelete);
}
