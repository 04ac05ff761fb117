// A scheduler with one rule, CPU, around the preemption plugin: enough to say by hand who must go.
import type { PodDisruptionBudget } from "../../../api/scheduling.js";
import type { ObjectMeta, Pod } from "../../../api/types.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import { unresolvable, unschedulable } from "../../framework/status.js";
import { handle, node, pod } from "../cluster.test-data.js";

export const NOW_MS = Date.parse("2026-01-01T01:00:00Z");
const INSUFFICIENT = unschedulable("NodeResourcesFit", "Insufficient cpu");
const TOO_LARGE = unresolvable("NodeResourcesFit", "Insufficient cpu");

/** A Pod of so many cores and such a priority, running since a minute of the hour before now. */
export function sized(
  name: string,
  cores: number,
  priority: number,
  more: {
    readonly minute?: number;
    readonly metadata?: Partial<ObjectMeta>;
    readonly status?: Pod["status"];
  } = {},
): PodInfo {
  const { minute, metadata = {}, status = {} } = more;
  const spec = { priority, containers: [{ resources: { requests: { cpu: cores } } }] };
  const startTime = `2026-01-01T00:${String(minute ?? 0).padStart(2, "0")}:00Z`;
  return pod(name, spec, metadata, minute === undefined ? status : { startTime, ...status });
}

export function nodeOf(name: string, cores: number, pods: readonly PodInfo[]): NodeInfo {
  return node(name, { allocatable: { cpu: cores, pods: 110 } }, pods);
}

/** The scheduler: a Pod fits when the cores do, counting nominated Pods of its priority or higher. */
export function scheduler(
  nodes: readonly NodeInfo[],
  more: {
    readonly budgets?: readonly PodDisruptionBudget[];
    readonly nominated?: Readonly<Record<string, readonly PodInfo[]>>;
  } = {},
): FrameworkHandle {
  const nominatedOn = (name: string) => more.nominated?.[name] ?? [];
  return {
    ...handle(nodes, more.budgets ?? []),
    now: () => NOW_MS,
    nominated: { nominatedOn },
    filterWithNominatedPods(_state, { uid, priority, spec }, { name, requested, allocatable }) {
      const promised = nominatedOn(name).filter((other) => other.priority >= priority && other.uid !== uid);
      const taken = promised.reduce(
        (sum, other) => sum + other.spec.requests.exact.milliCpu,
        requested.milliCpu,
      );
      const wanted = spec.requests.exact.milliCpu;
      if (wanted > allocatable.milliCpu) return TOO_LARGE;
      return taken + wanted > allocatable.milliCpu ? INSUFFICIENT : null;
    },
  };
}
