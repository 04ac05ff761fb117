// Services and EndpointSlices -> the state every compiler reads, for one node and one address family.
// Cost: O(endpoints log endpoints per Service); half a million endpoints take about a second.
import type { ClusterObjects, EndpointSlice } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import type { ProxyConfig, ServiceOrder } from "../config.js";
import type { Endpoint, ProxyState, ServiceEntry, ServicePort } from "../service-port.js";
import { serviceEntry, type NodeTopology } from "./categorize.js";
import { compareText, mergeSlices, portKey, serviceOfSlice, type ServiceEndpoints } from "./endpoints-map.js";
import { namespacedName, servicePortsOf } from "./service-map.js";

/** What of a ProxyConfig the state depends on. */
export type StateConfig = Pick<ProxyConfig, "family" | "order" | "seed"> & { readonly node: NodeTopology };

/**
 * The whole state at once. ChangeTracker reaches the same state event by event.
 * Of Services that share a namespace and name the last counts.
 */
export function buildProxyState(objects: ClusterObjects, config: StateConfig): ProxyState {
  const slices = slicesByService(objects.endpointSlices, config);
  const programs = new Map<string, ServiceProgram>();
  for (const service of objects.services) {
    const name = namespacedName(service);
    const ports = servicePortsOf(service, config.family);
    const endpoints = mergeSlices(slices.get(name) ?? [], config.family, config.node.name);
    programs.set(name, serviceProgram(ports, endpoints, config.node));
  }
  return stateOf(programs.values(), config);
}

/** The entries of one Service. */
export interface ServiceProgram {
  readonly entries: readonly ServiceEntry[];
  /** Endpoints of its service ports, usable or not. */
  readonly endpointsCount: number;
}

const NO_ENDPOINTS: readonly Endpoint[] = [];

/** Pair the ports of one Service with their endpoints. */
export function serviceProgram(
  ports: readonly ServicePort[],
  endpoints: ServiceEndpoints,
  node: NodeTopology,
): ServiceProgram {
  let endpointsCount = 0;
  const entries = ports.map((port) => {
    const own = endpoints.get(portKey(port.portName, port.protocol)) ?? NO_ENDPOINTS;
    endpointsCount += own.length;
    return serviceEntry(port, own, node);
  });
  return { entries, endpointsCount };
}

/** Put programs, given in input order, into the order asked for. */
export function stateOf(
  programs: Iterable<ServiceProgram>,
  config: Pick<ProxyConfig, "order" | "seed">,
): ProxyState {
  const entries: ServiceEntry[] = [];
  let endpointsTotal = 0;
  for (const program of programs) {
    for (const entry of program.entries) entries.push(entry);
    endpointsTotal += program.endpointsCount;
  }
  return { entries: ordered(entries, config.order, config.seed), endpointsTotal };
}

/**
 * sorted: by name, then protocol. input: as given. seeded: by a hash of seed and name, which neither depends on the
 * input's order nor moves the others when one service port comes or goes.
 */
function ordered(entries: ServiceEntry[], order: ServiceOrder, seed: number): ServiceEntry[] {
  if (order === "input") return entries;
  if (order === "sorted") return entries.sort(byName);
  const prng = new Prng(seed);
  const rank = new Map(
    entries.map((entry) => [entry, prng.fork(`${entry.port.name}/${entry.port.protocol}`).next32()]),
  );
  return entries.sort((a, b) => (rank.get(a) as number) - (rank.get(b) as number) || byName(a, b));
}

function byName(a: ServiceEntry, b: ServiceEntry): number {
  return compareText(a.port.name, b.port.name) || compareText(a.port.protocol, b.port.protocol);
}

function slicesByService(
  slices: readonly EndpointSlice[],
  config: StateConfig,
): Map<string, EndpointSlice[]> {
  const byService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = serviceOfSlice(slice, config.family);
    if (service === null) continue;
    const list = byService.get(service);
    if (list === undefined) byService.set(service, [slice]);
    else list.push(slice);
  }
  return byService;
}
