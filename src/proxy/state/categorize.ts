// Which endpoints a service port's rules use: all of the cluster, those on this node, and those reachable from here.
// Ready endpoints come first; when there is none, those that still serve while terminating take over, for cluster and
// local traffic each on its own. Topology hints narrow the cluster list, but only if every ready endpoint has one.
// Source: kube-proxy pkg/proxy/topology.go (CategorizeEndpoints).
import {
  usesClusterEndpoints,
  usesLocalEndpoints,
  type Endpoint,
  type ServiceEntry,
  type ServicePort,
} from "../service-port.js";
import { compareText } from "./endpoints-map.js";

/** The node as far as topology hints care. */
export interface NodeTopology {
  readonly name: string;
  readonly zone: string | null;
}

/** Sublists of the endpoints, in their order. */
export interface EndpointCategories {
  readonly cluster: readonly Endpoint[];
  readonly local: readonly Endpoint[];
  readonly reachable: readonly Endpoint[];
  readonly hasAny: boolean;
}

type Topology = "PreferSameNode" | "PreferSameZone" | "none";

const NO_ENDPOINTS: readonly Endpoint[] = [];

/**
 * Sort the endpoints of one service port into the lists its rules use.
 *
 * @param endpoints sorted by text; reused as a list when all of them qualify
 */
export function categorizeEndpoints(
  port: ServicePort,
  endpoints: readonly Endpoint[],
  node: NodeTopology,
): EndpointCategories {
  const usesCluster = usesClusterEndpoints(port);
  const topology = usesCluster ? chooseTopology(endpoints, node) : "none";
  const cluster = usesCluster ? clusterEndpoints(endpoints, topology, node) : NO_ENDPOINTS;
  if (!usesLocalEndpoints(port)) {
    return { cluster, local: NO_ENDPOINTS, reachable: cluster, hasAny: cluster.length > 0 };
  }
  const hasAny = cluster.length > 0 || endpoints.some((endpoint) => endpoint.ready || isFallback(endpoint));
  const ready = select(endpoints, (endpoint) => endpoint.isLocal && endpoint.ready);
  const local = ready.length > 0 ? ready : select(endpoints, (it) => it.isLocal && isFallback(it));
  if (!usesCluster) return { cluster, local, reachable: local, hasAny };
  // Without hints and fallback, the cluster list holds every ready endpoint, so the local ones too.
  const clusterHoldsLocal = topology === "none" && (ready.length > 0 || local.length === 0);
  return { cluster, local, reachable: clusterHoldsLocal ? cluster : union(cluster, local), hasAny };
}

/** A service port with its categorised endpoints and what follows from them for traffic of each origin. */
export function serviceEntry(
  port: ServicePort,
  endpoints: readonly Endpoint[],
  node: NodeTopology,
): ServiceEntry {
  const categories = categorizeEndpoints(port, endpoints, node);
  const hasLocal = categories.local.length > 0;
  return {
    port,
    endpoints,
    ...categories,
    hasInternal: categories.hasAny && (!port.internalPolicyLocal || hasLocal),
    hasExternal: categories.hasAny && (!port.externalPolicyLocal || hasLocal),
  };
}

/** Serving although terminating: used when no endpoint is ready. */
function isFallback(endpoint: Endpoint): boolean {
  return endpoint.serving && endpoint.terminating;
}

/** One ready endpoint without a hint disables that kind of hint for all. */
function chooseTopology(endpoints: readonly Endpoint[], node: NodeTopology): Topology {
  let allHaveNode = true;
  let allHaveZone = true;
  let anyOnNode = false;
  let anyInZone = false;
  for (const endpoint of endpoints) {
    if (!endpoint.ready) continue;
    if (endpoint.nodeHints.length === 0) allHaveNode = false;
    else if (endpoint.nodeHints.includes(node.name)) anyOnNode = true;
    if (endpoint.zoneHints.length === 0) allHaveZone = false;
    else if (isInZone(endpoint, node)) anyInZone = true;
    if (!allHaveNode && !allHaveZone) return "none";
  }
  if (allHaveNode && anyOnNode) return "PreferSameNode";
  return allHaveZone && anyInZone ? "PreferSameZone" : "none";
}

function isInZone(endpoint: Endpoint, node: NodeTopology): boolean {
  return node.zone !== null && endpoint.zoneHints.includes(node.zone);
}

function clusterEndpoints(
  endpoints: readonly Endpoint[],
  topology: Topology,
  node: NodeTopology,
): readonly Endpoint[] {
  const chosen = select(endpoints, (endpoint) => endpoint.ready && matches(endpoint, topology, node));
  return chosen.length > 0 ? chosen : select(endpoints, isFallback);
}

function matches(endpoint: Endpoint, topology: Topology, node: NodeTopology): boolean {
  if (topology === "PreferSameNode") return endpoint.nodeHints.includes(node.name);
  return topology === "none" || isInZone(endpoint, node);
}

/** filter(), but the very same array when all qualify: large clusters hold each list once. */
function select(
  endpoints: readonly Endpoint[],
  qualifies: (endpoint: Endpoint) => boolean,
): readonly Endpoint[] {
  if (endpoints.every(qualifies)) return endpoints;
  return endpoints.some(qualifies) ? endpoints.filter(qualifies) : NO_ENDPOINTS;
}

function union(first: readonly Endpoint[], second: readonly Endpoint[]): readonly Endpoint[] {
  const byText = new Map<string, Endpoint>();
  for (const endpoint of first) byText.set(endpoint.text, endpoint);
  for (const endpoint of second) byText.set(endpoint.text, endpoint);
  return [...byText.values()].sort((a, b) => compareText(a.text, b.text));
}
