// A CIDR for the Pods of a cluster, cut into one CIDR per node, and addresses from it.
// Why planned ahead: /24 per node of a /16 is what clusters have, but 50,000 Services on a few nodes need more; the
// plan keeps the usual sizes as long as they do, and says which CIDR it used, since the proxy masquerades by it.
// Address 0 of a node's CIDR is the network, 1 its bridge; Pods start at 2. IPv4 also leaves the last one out.
import { assert } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import { type Cidr, type Family, ipText, knownCidr } from "../base/ip.js";
import { ADDRESS_RANGES, cidrSize, freeRange, isFree, nthAddress } from "./address-ranges.js";

const POD_ADDRESS_FIRST = 2;
const UNUSABLE = 3;

export interface PodAddressing {
  readonly family: Family;
  /** The CIDR that holds every Pod. */
  readonly clusterCidr: string;
  /** The CIDR of node `nodeIndex`. */
  nodeCidr(nodeIndex: number): string;
  /** Address of Pod `podIndex` (from 0) of node `nodeIndex`. */
  address(nodeIndex: number, podIndex: number): string;
}

/**
 * Plan Pod addresses for a number of nodes.
 *
 * @param podsPerNode the most Pods that any one node gets
 * @param avoid addresses of nodes, Services and load balancers, which the range must not hold
 * @throws {PlumbError} LimitExceeded when no range is large enough
 */
export function planPodAddresses(plan: {
  family: Family;
  nodes: number;
  podsPerNode: number;
  avoid?: Iterable<string>;
}): PodAddressing {
  const ranges = ADDRESS_RANGES[plan.family];
  const avoid = [...(plan.avoid ?? [])];
  const usual = cut(knownCidr(ranges.pods), plan.family === "IPv4" ? 24 : 64);
  if (fits(usual, plan) && isFree(ranges.pods, avoid)) return usual;
  const larger = knownCidr(freeRange(ranges.podsLarger, avoid));
  return cut(larger, largerPrefixLength(larger, plan));
}

interface CutCidr extends PodAddressing {
  readonly nodesMax: number;
  readonly podsPerNodeMax: number;
}

function cut(cluster: Cidr, prefixLength: number): CutCidr {
  const { family } = cluster;
  const cidrs: Cidr[] = [];
  const cidrOf = (nodeIndex: number) => {
    assert(
      nodeIndex < 2 ** (prefixLength - cluster.prefixLength),
      `node ${nodeIndex} lies outside ${cluster.text}`,
    );
    cidrs[nodeIndex] ??= subnet(cluster, prefixLength, nodeIndex);
    return cidrs[nodeIndex] as Cidr;
  };
  return {
    family,
    clusterCidr: cluster.text,
    nodesMax: 2 ** (prefixLength - cluster.prefixLength),
    podsPerNodeMax: 2 ** Math.min(52, (family === "IPv4" ? 32 : 128) - prefixLength) - UNUSABLE,
    nodeCidr: (nodeIndex) => cidrOf(nodeIndex).text,
    address: (nodeIndex, podIndex) => nthAddress(cidrOf(nodeIndex), POD_ADDRESS_FIRST + podIndex),
  };
}

function fits(layout: CutCidr, wanted: { nodes: number; podsPerNode: number }): boolean {
  return wanted.nodes <= layout.nodesMax && wanted.podsPerNode <= layout.podsPerNodeMax;
}

/** /24 per node where that is enough, else the least that holds the Pods. */
function largerPrefixLength(cluster: Cidr, wanted: { nodes: number; podsPerNode: number }): number {
  const widest = cluster.family === "IPv4" ? 24 : 64;
  for (let length = widest; length >= cluster.prefixLength; length--) {
    if (fits(cut(cluster, length), wanted)) return length;
  }
  throw new PlumbError(
    "LimitExceeded",
    `Cannot number ${wanted.podsPerNode} Pods on each of ${wanted.nodes} nodes: ${cluster.text} has ${cidrSize(cluster)} addresses`,
    { hint: "use fewer endpoints or spread them over more nodes" },
  );
}

/** Network `index` of length `prefixLength` inside `cluster`; both lengths lie in the first 64 bits. */
function subnet(cluster: Cidr, prefixLength: number, index: number): Cidr {
  const [a, b, c, d] = cluster.words;
  const words =
    cluster.family === "IPv4"
      ? ([(a + index * 2 ** (32 - prefixLength)) >>> 0, 0, 0, 0] as const)
      : ([a, (b + index * 2 ** (64 - prefixLength)) >>> 0, c, d] as const);
  return knownCidr(`${ipText(words, cluster.family)}/${prefixLength}`);
}
