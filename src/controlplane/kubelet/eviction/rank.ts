// Which Pod is evicted first. Pure.
// Source: kubernetes pkg/kubelet/eviction/helpers.go rankMemoryPressure, rankDiskPressureFunc, rankPIDPressure.
import type { Starved } from "./signals.js";

export interface Candidate {
  readonly priority: number;
  /** What the Pod uses and requests of each resource; inodes and pids cannot be requested. */
  readonly used: Readonly<Record<Starved, number>>;
  readonly requested: Readonly<Record<Starved, number>>;
}

type Order = (a: Candidate, b: Candidate) => number;

const byPriority: Order = (a, b) => a.priority - b.priority;
const byExcess =
  (resource: Starved): Order =>
  (a, b) =>
    excess(b, resource) - excess(a, resource);
const byWhetherExceeds =
  (resource: Starved): Order =>
  (a, b) =>
    Number(excess(b, resource) > 0) - Number(excess(a, resource) > 0);

const ORDERS: Readonly<Record<Starved, readonly Order[]>> = {
  memory: [byWhetherExceeds("memory"), byPriority, byExcess("memory")],
  "ephemeral-storage": [byWhetherExceeds("ephemeral-storage"), byPriority, byExcess("ephemeral-storage")],
  inodes: [byWhetherExceeds("inodes"), byPriority, byExcess("inodes")],
  pids: [byPriority, byExcess("pids")],
};

/** First to go first; equals stay in the order they came. */
export function evictionOrder<T extends Candidate>(candidates: readonly T[], starved: Starved): readonly T[] {
  const orders = ORDERS[starved];
  return [...candidates].sort((a, b) => {
    for (const order of orders) {
      const difference = order(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

function excess(candidate: Candidate, resource: Starved): number {
  return candidate.used[resource] - candidate.requested[resource];
}
