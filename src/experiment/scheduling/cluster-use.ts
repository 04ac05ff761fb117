// How full the cluster is, and how evenly: sums over the nodes of the scheduler's cache, where promised Pods count.
// Cost: O(nodes x resources).
import type { NodeInfo } from "../../scheduler/cache/node-info.js";
import { PODS } from "../../scheduler/cache/resources.js";

/** Resources that some node has, in the order first met. */
export function resourcesOf(nodes: readonly NodeInfo[]): readonly string[] {
  const names = new Set(["cpu", "memory", PODS]);
  for (const { allocatable } of nodes) for (const name of allocatable.scalar.keys()) names.add(name);
  return [...names].filter((name) => nodes.some(({ allocatable }) => allocatable.get(name) > 0));
}

export function taken(node: NodeInfo, resource: string): number {
  return resource === PODS ? node.pods.length : node.requested.get(resource);
}

/** Resource -> taken / allocatable of all nodes together. */
export function utilisation(nodes: readonly NodeInfo[], resources: readonly string[]): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const resource of resources) {
    let used = 0;
    let total = 0;
    for (const node of nodes) {
      used += taken(node, resource);
      total += node.allocatable.get(resource);
    }
    shares[resource] = total === 0 ? 0 : used / total;
  }
  return shares;
}

/** Resource -> standard deviation of the shares that nodes which have it use: 0 even, 0.5 half full and half empty. */
export function imbalance(nodes: readonly NodeInfo[], resources: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    resources.map((resource) => [resource, standardDeviation(sharesOf(nodes, resource))] as const),
  );
}

function sharesOf(nodes: readonly NodeInfo[], resource: string): number[] {
  return nodes
    .filter(({ allocatable }) => allocatable.get(resource) > 0)
    .map((node) => taken(node, resource) / node.allocatable.get(resource));
}

function standardDeviation(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Math.sqrt(variance);
}
