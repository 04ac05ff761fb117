// The Pods of a replicated cluster: which addresses of the input are Pods, on which node, and their address per tile.
import { present } from "../base/assert.js";
import { canonicalIp, type Cidr, cidrContains, type Family, familyOf, knownCidr } from "../base/ip.js";
import type { EndpointSlice, Node } from "../api/types.js";
import { AddressPool, cidrSize } from "./address-ranges.js";
import type { AddressedObjects } from "./cluster-parts.js";
import { nodeIPs, ownPodCidr } from "./cluster-pods.js";
import { addressesOf } from "./cluster-services.js";
import { planPodAddresses } from "./pod-addresses.js";

export interface PodTiles {
  /** The address in `tile` (from 0) of what has address `ip` in the input; `ip` itself when that is no Pod. */
  addressOf(ip: string, tile: number): string;
  /** The Pods' addresses in tile 0. */
  readonly firstAddresses: readonly string[];
  /** Whether the Pods of tile 0 have other addresses than in the input. */
  readonly renumbered: boolean;
  /** With the Pod CIDRs that they now have. */
  readonly nodes: readonly Node[];
  readonly podCIDRs: readonly string[];
  readonly warnings: readonly string[];
}

export function tilePods(objects: AddressedObjects, k: number): PodTiles {
  const families = (["IPv4", "IPv6"] as const).map((family) => tileFamily(objects, family, k));
  const of = { IPv4: families[0] as FamilyTiles, IPv6: families[1] as FamilyTiles };
  const renumbered = families.some(({ cidrs }) => cidrs !== null);
  return {
    addressOf: (ip, tile) => {
      const { pods, addresses } = of[familyOf(ip)];
      const pod = pods.get(ip);
      return pod === undefined ? ip : (addresses[tile * pods.size + pod] as string);
    },
    firstAddresses: families.flatMap(({ pods, addresses }) => addresses.slice(0, pods.size)),
    renumbered,
    nodes: renumbered
      ? objects.nodes.map((node, index) => withPodCidrs(node, index, families))
      : objects.nodes,
    podCIDRs: objects.podCIDRs.map((cidr) => of[familyOf(cidr)].cidrs?.cluster ?? cidr),
    warnings: families.flatMap(({ cidrs, family }) =>
      cidrs === null
        ? []
        : [`${family} Pods were numbered anew from ${cidrs.cluster}: the nodes' Pod CIDRs are too small`],
    ),
  };
}

interface FamilyTiles {
  readonly family: Family;
  /** Address in the input -> number of the Pod. */
  readonly pods: ReadonlyMap<string, number>;
  /** Tile-major: addresses[tile x pods.size + pod]. */
  readonly addresses: readonly string[];
  /** The new CIDRs, where the nodes' own were too small. */
  readonly cidrs: { readonly cluster: string; ofNode(index: number): string } | null;
}

function tileFamily(objects: AddressedObjects, family: Family, k: number): FamilyTiles {
  const { pods, nodes, nodesCount } = findPods(objects, family);
  if (pods.size === 0) return { family, pods, addresses: [], cidrs: null };
  const perNode = new Uint32Array(nodesCount);
  for (const node of nodes) (perNode[node] as number)++;
  const pools = ownPools(objects, family, { taken: pods, podsWanted: perNode.map((count) => count * k) });
  const addresses: string[] = [];
  if (pools !== null) {
    addresses.push(...pods.keys());
    for (let tile = 1; tile < k; tile++)
      for (const node of nodes) addresses.push((pools[node] as AddressPool).next());
    return { family, pods, addresses, cidrs: null };
  }
  const plan = planPodAddresses({
    family,
    nodes: nodesCount,
    podsPerNode: perNode.reduce((most, count) => Math.max(most, count), 0) * k,
    avoid: [...objects.nodes.flatMap(nodeIPs), ...objects.services.flatMap(addressesOf)],
  });
  const used = new Uint32Array(nodesCount);
  for (let tile = 0; tile < k; tile++) {
    for (const node of nodes) addresses.push(plan.address(node, (used[node] as number)++));
  }
  return { family, pods, addresses, cidrs: { cluster: plan.clusterCidr, ofNode: plan.nodeCidr } };
}

/**
 * Pods in the order first met, and the node of each. An endpoint is a Pod when it is on a node and not that node
 * itself, or lies in a Pod CIDR. Nodes that endpoints name but the input does not have count after those it has.
 */
function findPods(
  objects: AddressedObjects,
  family: Family,
): { pods: Map<string, number>; nodes: number[]; nodesCount: number } {
  const nodeIndex = new Map(objects.nodes.map(({ metadata }, index) => [metadata.name, index]));
  const nodeAddresses = new Set(objects.nodes.flatMap(nodeIPs));
  const cidrs = objects.podCIDRs.map(knownCidr).filter((cidr) => cidr.family === family);
  const pods = new Map<string, number>();
  const nodes: number[] = [];
  const indexOf = (name: string | undefined) => {
    if (name === undefined) return 0;
    const known = nodeIndex.get(name) ?? nodeIndex.size;
    nodeIndex.set(name, known);
    return known;
  };
  for (const { ip, nodeName } of endpointAddresses(objects.endpointSlices, family)) {
    if (pods.has(ip) || nodeAddresses.has(ip)) continue;
    if (nodeName === undefined && !cidrs.some((cidr) => cidrContains(cidr, ip))) continue;
    pods.set(ip, pods.size);
    nodes.push(indexOf(nodeName));
  }
  return { pods, nodes, nodesCount: Math.max(1, nodeIndex.size) };
}

function* endpointAddresses(
  slices: readonly EndpointSlice[],
  family: Family,
): Generator<{ ip: string; nodeName: string | undefined }> {
  for (const { addressType, endpoints } of slices) {
    if (addressType !== family) continue;
    for (const { addresses, nodeName } of endpoints) {
      for (const address of addresses) yield { ip: canonicalIp(address) ?? address, nodeName };
    }
  }
}

/** Pools of the nodes' own Pod CIDRs; null unless each has one that holds the Pods wanted. */
function ownPools(
  objects: AddressedObjects,
  family: Family,
  of: { readonly taken: ReadonlyMap<string, number>; readonly podsWanted: Uint32Array },
): AddressPool[] | null {
  const own = objects.nodes
    .map((node) => ownPodCidr(node, family))
    .map((cidr) => (cidr === null ? null : knownCidr(cidr)));
  const isEnough = [...of.podsWanted].every((wanted, index) => holds(own[index] ?? null, wanted));
  if (!isEnough) return null;
  const taken = new Set(of.taken.keys());
  return own.map((cidr, index) => {
    const pool = new AddressPool(
      `Pods of node ${index + 1}`,
      [present(cidr, `Pod CIDR of node ${index}`).text],
      taken,
    );
    pool.skipFirst();
    return pool;
  });
}

function holds(cidr: Cidr | null, pods: number): boolean {
  return cidr !== null && pods <= cidrSize(cidr) - 3;
}

function withPodCidrs(node: Node, index: number, families: readonly FamilyTiles[]): Node {
  const podCIDRs = families.flatMap(
    ({ family, cidrs }) => cidrs?.ofNode(index) ?? ownPodCidr(node, family) ?? [],
  );
  const primary = node.spec?.podCIDR;
  if (primary !== undefined && podCIDRs.length > 1 && familyOf(podCIDRs[0] as string) !== familyOf(primary))
    podCIDRs.reverse();
  return { ...node, spec: { ...node.spec, podCIDR: podCIDRs[0] ?? "", podCIDRs } };
}
