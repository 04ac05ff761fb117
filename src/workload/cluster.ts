// Documents -> the cluster that they describe or would become: manifests get addresses, nodes and endpoints as a
// cluster would give them, the same on every run; dumps are taken as they are.
//
//   documents -> validated objects -> families -> nodes, Pods placed -> Services completed -> endpoints -> CIDRs
import { canonicalIp, type Family, familyOf } from "../base/ip.js";
import type { EndpointSlice, Node, Service } from "../api/types.js";
import { ADDRESS_RANGES, freeRange } from "./address-ranges.js";
import { coverAddresses, knownOrCovered, largestCluster } from "./cidr-cover.js";
import { completeEndpoints, type EndpointResult } from "./cluster-endpoints.js";
import { type AddressedObjects, makeNodes, namedNodes, type NodeRequest } from "./cluster-parts.js";
import {
  addressPods,
  hasRun,
  livePods,
  nodeIPs,
  ownPodCidr,
  placePods,
  podNumbering,
  type PodNumbering,
  podsOnBusiestNode,
  podTemplates,
  type SelectablePod,
} from "./cluster-pods.js";
import { addressesOf, completeServices } from "./cluster-services.js";
import type { KubeDocument } from "./documents.js";
import { clusterIPsOf } from "./traffic-targets.js";
import { validateDocuments, type ValidObjects } from "./validate.js";

export interface ClusterOptions {
  /** Nodes to make up when the input has none: node-1 and on, zones in turn. */
  readonly nodes: number;
  readonly zones: number;
  /** null: those that the input's addresses and Services ask for, IPv4 when it does not say. */
  readonly families: readonly Family[] | null;
}

export const defaultClusterOptions: ClusterOptions = { nodes: 3, zones: 3, families: null };

/** Counts of what a cluster has, and of what was made up for it. */
export interface ClusterSummary {
  readonly services: number;
  readonly endpointSlices: number;
  readonly endpoints: number;
  readonly nodes: number;
  readonly namespaces: number;
  readonly families: readonly Family[];
  /** True when the input named no node. */
  readonly nodesMadeUp: boolean;
  /** Services that were given a cluster IP. */
  readonly clusterIPsMadeUp: number;
  /** Services whose endpoints come from Pods that workloads would make. */
  readonly endpointsMadeUp: number;
}

export interface BuiltCluster {
  readonly objects: AddressedObjects;
  /** Whole sentences, for people. */
  readonly warnings: readonly string[];
  readonly summary: ClusterSummary;
}

/**
 * Build the cluster of some documents. Pure: the same documents give the same cluster.
 *
 * @throws {PlumbError} InvalidInput for objects that are malformed, LimitExceeded when an address range runs out
 */
export function buildClusterObjects(
  documents: readonly KubeDocument[],
  options: ClusterOptions = defaultClusterOptions,
): BuiltCluster {
  const valid = validateDocuments(documents);
  const families = options.families ?? familiesOfInput(valid);
  const { nodes, templatePods, live, numberings } = populate(valid, families, options);
  const nodeAddresses = nodes.flatMap(nodeIPs);
  const podAddresses = [...live, ...templatePods].flatMap(({ addresses }) => addresses);
  const inUse = [...nodeAddresses, ...podAddresses];
  const completed = completeServices(valid.services, {
    families,
    inUse,
    serviceRanges: serviceRanges(inUse),
  });
  const { services } = completed;
  const ends = completeEndpoints({ ...valid, services, livePods: live, templatePods, nodes, families });
  const objects = {
    services,
    endpointSlices: ends.endpointSlices,
    nodes,
    podCIDRs: families.flatMap((family) =>
      podCidr(family, { nodes, numberings, slices: ends.endpointSlices }),
    ),
    serviceCIDRs: families.flatMap((family) => serviceCidr(family, services)),
  };
  return {
    objects,
    warnings: [...inputWarnings(valid, ends, completed.pendingLoadBalancers), ...completed.warnings],
    summary: summarise(objects, { valid, ends, families }),
  };
}

interface Population {
  readonly nodes: readonly Node[];
  readonly live: readonly SelectablePod[];
  readonly templatePods: readonly SelectablePod[];
  readonly numberings: readonly PodNumbering[];
}

/** Nodes, made up when the input has none, with the Pods on them. */
function populate(valid: ValidObjects, families: readonly Family[], options: ClusterOptions): Population {
  const live = livePods(valid.pods);
  const mentioned = valid.nodes.length > 0 ? [] : mentionedNodes(valid);
  const requests = mentioned.length > 0 ? mentioned : namedNodes(options.nodes, options.zones);
  const names =
    valid.nodes.length > 0
      ? valid.nodes.map(({ metadata }) => metadata.name)
      : requests.map(({ name }) => name);
  const placed = placePods(podTemplates(valid.workloads, valid.pods), names);
  const avoid = [...valid.nodes.flatMap(nodeIPs), ...valid.services.flatMap(addressesOf)];
  const taken = new Set([
    ...live.flatMap(({ addresses }) => addresses),
    ...sliceAddresses(valid.endpointSlices),
  ]);
  const podsPerNode = podsOnBusiestNode(placed, names.length);
  const numberings = families.map((family) => {
    const own = names.map((_, index) => ownPodCidr(valid.nodes[index], family));
    return podNumbering(family, own, { podsPerNode, taken, avoid });
  });
  const plans = mentioned.length > 0 ? [] : numberings.flatMap(({ plan }) => plan ?? []);
  const nodes = valid.nodes.length > 0 ? valid.nodes : makeNodes(requests, { families, addressing: plans });
  return { nodes, live, templatePods: addressPods(placed, numberings, nodes), numberings };
}

/** Nodes that endpoints and Pods name, in the order first met: what a dump without nodes tells of them. */
function mentionedNodes(valid: ValidObjects): NodeRequest[] {
  const zones = new Map<string, string | null>();
  const mention = (name: string | undefined, zone: string | null) => {
    if (name) zones.set(name, zones.get(name) ?? zone);
  };
  for (const { endpoints } of valid.endpointSlices) {
    for (const { nodeName, zone = null } of endpoints) mention(nodeName, zone);
  }
  for (const { subsets = [] } of valid.endpoints) {
    for (const { addresses = [] } of subsets) for (const { nodeName } of addresses) mention(nodeName, null);
  }
  for (const pod of valid.pods) if (hasRun(pod)) mention(pod.spec?.nodeName, null);
  return [...zones].map(([name, zone]) => ({ name, zone }));
}

function sliceAddresses(slices: readonly EndpointSlice[]): string[] {
  return slices
    .flatMap(({ addressType, endpoints }) => (addressType === "FQDN" ? [] : endpoints))
    .flatMap(({ addresses }) => addresses.map((ip) => canonicalIp(ip) ?? ip));
}

/** IPv4 unless the input speaks of IPv6 only; both when it speaks of both. */
function familiesOfInput(valid: ValidObjects): readonly Family[] {
  const seen = new Set<Family>();
  for (const service of valid.services) {
    for (const family of service.spec.ipFamilies ?? []) seen.add(family);
    for (const ip of clusterIPsOf(service)) seen.add(familyOf(ip));
    if (service.spec.ipFamilyPolicy === "RequireDualStack") seen.add("IPv4").add("IPv6");
  }
  for (const { addressType } of valid.endpointSlices) if (addressType !== "FQDN") seen.add(addressType);
  for (const ip of valid.nodes.flatMap(nodeIPs)) seen.add(familyOf(ip));
  const families = (["IPv4", "IPv6"] as const).filter((family) => seen.has(family));
  return families.length > 0 ? families : ["IPv4"];
}

function serviceRanges(inUse: readonly string[]): Readonly<Record<Family, string>> {
  return {
    IPv4: freeRange(ADDRESS_RANGES.IPv4.services, inUse),
    IPv6: freeRange(ADDRESS_RANGES.IPv6.services, inUse),
  };
}

/** The CIDR of all Pods: as planned, as the nodes have it, or what covers the endpoints that are no nodes. */
function podCidr(
  family: Family,
  of: {
    readonly nodes: readonly Node[];
    readonly numberings: readonly PodNumbering[];
    readonly slices: readonly EndpointSlice[];
  },
): string[] {
  const plan = of.numberings.find((numbering) => numbering.family === family)?.plan ?? null;
  const own = of.nodes.flatMap((node) => ownPodCidr(node, family) ?? []);
  const known = plan?.clusterCidr ?? ADDRESS_RANGES[family].pods;
  if (own.length > 0) return knownOrCovered(known, coverAddresses(own));
  const nodeAddresses = new Set(of.nodes.flatMap(nodeIPs));
  // An endpoint without a node may lie anywhere: a database outside the cluster, say. One on a node may have the node's
  // own address, which an input without nodes does not tell.
  const endpoints = of.slices
    .flatMap(({ addressType, endpoints: all }) => (addressType === family ? all : []))
    .flatMap(({ nodeName, addresses }) =>
      nodeName === undefined ? [] : addresses.map((ip) => canonicalIp(ip) ?? ip),
    )
    .filter((ip) => !nodeAddresses.has(ip));
  return knownOrCovered(known, coverAddresses(largestCluster(endpoints)));
}

function serviceCidr(family: Family, services: readonly Service[]): string[] {
  const ips = services.flatMap(clusterIPsOf).filter((ip) => familyOf(ip) === family);
  return knownOrCovered(ADDRESS_RANGES[family].services[0] as string, coverAddresses(ips));
}

/** Names listed in one warning; the rest is counted. */
const NAMES_MAX = 5;

function inputWarnings(valid: ValidObjects, ends: EndpointResult, pending: readonly string[]): string[] {
  const warnings: string[] = [];
  const warn = (names: readonly string[], what: string) => {
    if (names.length === 0) return;
    const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "";
    warnings.push(`${names.length} ${what}: ${names.slice(0, NAMES_MAX).join(", ")}${more}`);
  };
  const ignored = [...valid.ignoredKinds].map(([kind, count]) => `${count} ${kind}`);
  if (ignored.length > 0) warnings.push(`not read: ${ignored.join(", ")}`);
  if (valid.services.length === 0) warnings.push("the input has no Service");
  warn(ends.selectNothing, "Services have a selector that matches no Pod, and so no endpoints");
  warn(ends.withoutSelector, "Services have neither a selector nor endpoints in the input");
  warn(ends.withoutPort, "Services name a target port that some of their Pods do not have");
  warn(pending, "LoadBalancer Services have no address yet");
  return warnings;
}

function summarise(
  objects: AddressedObjects,
  { valid, ends, families }: { valid: ValidObjects; ends: EndpointResult; families: readonly Family[] },
): ClusterSummary {
  const { services, endpointSlices, nodes } = objects;
  const lacked = valid.services.filter(
    (service, index) =>
      clusterIPsOf(service).length === 0 && clusterIPsOf(services[index] ?? service).length > 0,
  );
  return {
    services: services.length,
    endpointSlices: endpointSlices.length,
    endpoints: endpointSlices.reduce((sum, { endpoints }) => sum + endpoints.length, 0),
    nodes: nodes.length,
    namespaces: new Set(services.map(({ metadata }) => metadata.namespace ?? "default")).size,
    families,
    nodesMadeUp: valid.nodes.length === 0,
    clusterIPsMadeUp: lacked.length,
    endpointsMadeUp: ends.madeFromTemplates,
  };
}
