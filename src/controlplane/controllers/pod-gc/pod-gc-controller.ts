// Deletes Pods that nobody else will: too many that have ended, those on nodes that are gone, those that were deleted
// before they were scheduled, those that cannot end on a node that is out of service.
// Cost: O(Pods) each 20 s.
// Source: pkg/controller/podgc/gc_controller.go.
import { isStatus } from "../../../api/status.js";
import type { Node, Pod } from "../../client/object-types.js";
import { clientOf, NODES, PODS } from "../../client/resources.js";
import { withCondition, type Condition } from "../harness/conditions.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { isTerminal, isTerminating } from "../harness/pod-state.js";
import { timeMs, timeNow } from "../harness/times.js";

export interface PodGcOptions {
  /** Pods that have ended and are kept; 0: all. */
  readonly terminatedMax: number;
}

const POD_GC_DEFAULTS: PodGcOptions = { terminatedMax: 12_500 };

const PERIOD_MS = 20_000;
/** A node that is not in the cache may be new. */
const QUARANTINE_MS = 40_000;
const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

export interface PodGcState {
  readonly pods: readonly Pod[];
  readonly nodeOf: (name: string) => Node | undefined;
  /** Nodes that have been missing for long enough. */
  readonly goneNodes: ReadonlySet<string>;
  readonly terminatedMax: number;
}

export type PodGcReason = "terminated" | "out-of-service" | "orphaned" | "unscheduled";

export function podsToCollect(
  state: PodGcState,
): readonly { readonly pod: Pod; readonly reason: PodGcReason }[] {
  const { pods, nodeOf, goneNodes, terminatedMax } = state;
  const found = new Map<Pod, PodGcReason>();
  const ended = terminatedMax > 0 ? pods.filter(isTerminal) : [];
  if (ended.length > terminatedMax)
    for (const pod of ended.sort(evictedThenOldest).slice(0, ended.length - terminatedMax))
      found.set(pod, "terminated");
  for (const pod of pods) {
    const { nodeName = "" } = pod.spec ?? {};
    const node = nodeOf(nodeName);
    if (isTerminating(pod) && nodeName === "") found.set(pod, "unscheduled");
    else if (goneNodes.has(nodeName)) found.set(pod, "orphaned");
    else if (isTerminating(pod) && node !== undefined && isOutOfService(node))
      found.set(pod, "out-of-service");
  }
  return [...found].map(([pod, reason]) => ({ pod, reason }));
}

function evictedThenOldest(left: Pod, right: Pod): number {
  const isEvicted = ({ status }: Pod): number => (status?.reason === "Evicted" ? 0 : 1);
  return (
    isEvicted(left) - isEvicted(right) ||
    timeMs(left.metadata.creationTimestamp) - timeMs(right.metadata.creationTimestamp) ||
    (left.metadata.name < right.metadata.name ? -1 : 1)
  );
}

function isOutOfService({ spec, status }: Node): boolean {
  const isUp = (status?.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True");
  return !isUp && (spec?.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE);
}

export function podGcController(options = POD_GC_DEFAULTS): Controller {
  return {
    name: "podgc",
    component: "pod-garbage-collector-controller",
    workersCount: 1,
    start(context) {
      const { informers, queue, timers } = context;
      const pods = informers.informer(PODS);
      const nodes = informers.informer(NODES);
      const missingSinceMs = new Map<string, number>();
      queue.addAfter("all", PERIOD_MS);
      return async (key) => {
        queue.addAfter(key, PERIOD_MS);
        const all = pods.lister.list();
        const names = new Set(all.map(({ spec }) => spec?.nodeName ?? ""));
        const missing = [...names].filter((name) => name !== "" && nodes.lister.get(name) === undefined);
        const nowMs = timers.milliseconds();
        for (const name of missingSinceMs.keys()) if (!missing.includes(name)) missingSinceMs.delete(name);
        for (const name of missing) if (!missingSinceMs.has(name)) missingSinceMs.set(name, nowMs);
        const goneNodes = new Set<string>();
        for (const [name, sinceMs] of missingSinceMs)
          if (nowMs - sinceMs >= QUARANTINE_MS && !(await nodeExists(context, name))) goneNodes.add(name);
        const state = { pods: all, nodeOf: (name: string) => nodes.lister.get(name), goneNodes, ...options };
        for (const { pod, reason } of podsToCollect(state)) await collect(context, pod, reason);
      };
    },
  };
}

async function nodeExists({ client }: ControllerContext, name: string): Promise<boolean> {
  try {
    await clientOf(client, NODES, null).get(name);
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}

async function collect(
  { client, timers, onError }: ControllerContext,
  pod: Pod,
  reason: PodGcReason,
): Promise<void> {
  const { name, namespace = "", uid } = pod.metadata;
  const pods = clientOf(client, PODS, namespace);
  try {
    if (!isTerminal(pod)) {
      const condition: Condition = {
        type: "DisruptionTarget",
        status: "True",
        reason: "DeletionByPodGC",
        message: "PodGC: node no longer exists",
        lastTransitionTime: timeNow(timers),
      };
      const conditions =
        reason === "orphaned" ? { conditions: withCondition(pod.status?.conditions, condition) } : {};
      const status = { phase: "Failed", ...conditions };
      await pods.patch(name, "merge", { metadata: { uid }, status }, { subresource: "status" });
    }
    await pods.delete(name, {
      gracePeriodSeconds: 0,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    });
  } catch (error) {
    // The others must not wait for this one.
    if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) onError(error as Error);
  }
}
