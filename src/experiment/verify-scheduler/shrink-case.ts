// Makes a case on which two schedulers disagree small: takes away halves, then quarters, down to single objects, as long
// as they still disagree. What is left is near minimal, not the least there is.
// Cost: one judgement per try, at most `triesMax`; mostly about 2 log n of them for each kind of object.
// Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002 (complements only).
import type { SchedulingCluster } from "../../workload/scheduling-cluster/scheduling-cluster.js";

/** Whether the case still shows the disagreement. One that cannot be judged at all does not. */
export type Shows = (cluster: SchedulingCluster) => Promise<boolean>;

/** Taken away in this order: what weighs most comes first, nodes take the Pods that run on them along. */
const PARTS = ["pending", "nodes", "running", "others"] as const;

export async function shrinkCase(
  cluster: SchedulingCluster,
  shows: Shows,
  { triesMax }: { readonly triesMax: number },
): Promise<SchedulingCluster> {
  let left = triesMax;
  const stillShows: Shows = async (candidate) => {
    if (left === 0) return false;
    left--;
    return await shows(candidate);
  };
  let smallest = cluster;
  for (;;) {
    const before = sizeOf(smallest);
    for (const part of PARTS) smallest = await shrinkPart(smallest, part, stillShows);
    if (left === 0 || sizeOf(smallest) === before) return smallest;
  }
}

type Part = (typeof PARTS)[number];

async function shrinkPart(cluster: SchedulingCluster, part: Part, shows: Shows): Promise<SchedulingCluster> {
  let smallest = cluster;
  for (let chunk = Math.ceil(smallest[part].length / 2); chunk >= 1; chunk = Math.floor(chunk / 2)) {
    let at = 0;
    while (at < smallest[part].length) {
      const candidate = without(smallest, part, at, chunk);
      if (await shows(candidate)) smallest = candidate;
      else at += chunk;
    }
  }
  return smallest;
}

function without(cluster: SchedulingCluster, part: Part, at: number, count: number): SchedulingCluster {
  const kept = <T>(items: readonly T[]): T[] => items.filter((_, index) => index < at || index >= at + count);
  switch (part) {
    case "pending":
      return { ...cluster, pending: kept(cluster.pending) };
    case "running":
      return { ...cluster, running: kept(cluster.running) };
    case "others":
      return { ...cluster, others: kept(cluster.others) };
    case "nodes": {
      const nodes = kept(cluster.nodes);
      const names = new Set(nodes.map(({ metadata }) => metadata.name));
      const running = cluster.running.filter(({ spec }) => names.has(spec?.nodeName ?? ""));
      return { ...cluster, nodes, running };
    }
  }
}

function sizeOf({ nodes, running, others, pending }: SchedulingCluster): number {
  return nodes.length + running.length + others.length + pending.length;
}
