// Fragmentation of a scarce resource, such as GPUs, as the scheduler's cache shows it now.
// Which classes of Pods there are, and where their constraints let them go, is settled once per case.
import { fragmentation } from "../../measure/fragmentation.js";
import type { Pod, PodSpec, Node } from "../../api/types.js";
import { forbiddingTaint } from "../../scheduler/framework/taints.js";
import { requiredNodeAffinityMatches } from "../../api/node-selector.js";
import type { SchedulerCache } from "../../scheduler/cache/scheduler-cache.js";
import { type PodClass, podClasses } from "../../workload/traces/pod-classes.js";
import { taken } from "./cluster-use.js";

export class FreeShare {
  readonly #nodes: readonly Node[];
  readonly #resources: readonly string[];
  readonly #classes: readonly PodClass[];

  /** @param scarce the resource that is looked at */
  constructor(nodes: readonly Node[], pods: readonly Pod[], scarce: string) {
    this.#nodes = nodes;
    this.#resources = [scarce, "cpu", "memory"];
    this.#classes = podClasses(pods, { nodes, resources: this.#resources, admits });
  }

  /** 0..1, share of what is free that the usual demand cannot use. Cost: O(nodes x classes). */
  fragmentation(cache: SchedulerCache): number {
    const free = this.#resources.map((resource) =>
      Float64Array.from(this.#nodes, ({ metadata }) => {
        const node = cache.get(metadata.name);
        return node === undefined ? 0 : node.allocatable.get(resource) - taken(node, resource);
      }),
    );
    return fragmentation(free, 0, this.#classes);
  }
}

function admits(spec: PodSpec, node: Node): boolean {
  return (
    forbiddingTaint(node.spec?.taints, spec.tolerations) === null && requiredNodeAffinityMatches(spec, node)
  );
}

/** The extended resource that most Pods ask for; null when none does. */
export function scarceResource(pods: readonly Pod[]): string | null {
  const counts = new Map<string, number>();
  for (const { spec } of pods)
    for (const { resources } of spec?.containers ?? [])
      for (const name in resources?.requests ?? {})
        if (name.includes("/")) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? null;
}
