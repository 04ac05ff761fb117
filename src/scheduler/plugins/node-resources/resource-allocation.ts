// How much of each resource would be taken on a node, were the Pod there: what all scores of resources are made of.
// Source: kube-scheduler plugins/noderesources/resource_allocation.go.
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { CPU, EPHEMERAL_STORAGE, MEMORY, PODS, type Resources } from "../../cache/resources.js";
import type { ResourceSpec } from "../../config/configuration.js";

export interface Allocation {
  readonly weight: number;
  /** Taken without the Pod. */
  readonly allocated: number;
  /** Taken with it. */
  readonly requested: number;
  /** Above 0. */
  readonly allocatable: number;
}

/** Whether containers that ask for no CPU or memory count as none, or as a default. */
export type RequestBasis = "exact" | "nonZero";

/** Left out are resources the node does not have, and extended ones the Pod does not ask for. */
export function allocations(
  resources: readonly ResourceSpec[],
  pod: PodInfo,
  node: NodeInfo,
  basis: RequestBasis,
): Allocation[] {
  const list: Allocation[] = [];
  for (const { name, weight } of resources) {
    const request = podRequest(pod, name, basis);
    if (request === 0 && isScalar(name)) continue;
    const allocatable = amount(node.allocatable, name);
    if (allocatable === 0) continue;
    const allocated = nodeUsage(node, name, basis);
    list.push({ weight, allocated, requested: allocated + request, allocatable });
  }
  return list;
}

export function podRequest({ spec: { requests } }: PodInfo, name: string, basis: RequestBasis): number {
  if (basis === "nonZero" && name === CPU) return requests.nonZero.milliCpu;
  if (basis === "nonZero" && name === MEMORY) return requests.nonZero.memory;
  return amount(requests.exact, name);
}

function nodeUsage({ requested, nonZeroRequested }: NodeInfo, name: string, basis: RequestBasis): number {
  if (basis === "nonZero" && name === CPU) return nonZeroRequested.milliCpu;
  if (basis === "nonZero" && name === MEMORY) return nonZeroRequested.memory;
  return amount(requested, name);
}

function isScalar(name: string): boolean {
  return name !== CPU && name !== MEMORY && name !== EPHEMERAL_STORAGE;
}

/** Places for Pods are no resource that is scored. */
function amount(resources: Resources, name: string): number {
  return name === PODS ? 0 : resources.get(name);
}

/** sum(score * weight) / sum(weight), truncated; 0 without resources. */
export function weightedMean(
  list: readonly Allocation[],
  scoreOf: (allocation: Allocation) => number,
): number {
  let sum = 0;
  let weights = 0;
  for (const allocation of list) {
    sum += scoreOf(allocation) * allocation.weight;
    weights += allocation.weight;
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights);
}
