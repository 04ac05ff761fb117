// EndpointSlices of one Service -> sorted endpoints per service port.
// Slices are merged, an address that several of them list counts once (a copy on our node wins), and the result is
// sorted by the endpoint's text: "10.0.0.10:80" before "10.0.0.2:80". That order is the order of rules in every mode.
// Cost: O(n log n) in the endpoints of the Service.
// Source: kube-proxy pkg/proxy/endpointslicecache.go.
import {
  LABEL_SERVICE_NAME,
  type EndpointSlice,
  type EndpointSliceEndpoint,
  type TransportProtocol,
} from "../../api/types.js";
import { joinHostPort, type Family, canonicalIpOf } from "../../base/ip.js";
import type { Endpoint } from "../service-port.js";

/** Endpoints of one Service by portKey(). */
export type ServiceEndpoints = ReadonlyMap<string, readonly Endpoint[]>;

/** What makes a port one within its Service. */
export function portKey(portName: string, protocol: TransportProtocol): string {
  return `${portName}/${protocol}`;
}

/** "namespace/name" of the Service a slice belongs to; null when it names none or holds addresses of another kind. */
export function serviceOfSlice(slice: EndpointSlice, family: Family): string | null {
  const service = slice.metadata.labels?.[LABEL_SERVICE_NAME];
  if (service === undefined || service === "" || slice.addressType !== family) return null;
  return `${slice.metadata.namespace ?? "default"}/${service}`;
}

/**
 * Merge the slices of one Service, all of `family`.
 *
 * @param slices in any order; they are visited by name, so that the order of arrival leaves no trace
 * @param nodeName the node whose endpoints are local
 */
export function mergeSlices(
  slices: readonly EndpointSlice[],
  family: Family,
  nodeName: string,
): ServiceEndpoints {
  const merged = new Map<string, Endpoint[]>();
  const ordered = slices.length < 2 ? slices : slices.toSorted(bySliceName);
  for (const slice of ordered) {
    const addresses = slice.endpoints.map((endpoint) => addressOf(endpoint, family));
    for (const port of slice.ports ?? []) {
      if (port.port === undefined || port.port === 0) continue;
      const list = listAt(merged, portKey(port.name ?? "", port.protocol ?? "TCP"));
      for (let index = 0; index < addresses.length; index++) {
        const ip = addresses[index] as string | null;
        if (ip === null) continue;
        list.push(endpointOf(slice.endpoints[index] as EndpointSliceEndpoint, ip, port.port, nodeName));
      }
    }
  }
  for (const [key, endpoints] of merged) merged.set(key, sortedOnce(endpoints));
  return merged;
}

/** Order of strings by code unit, as Go compares them. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function bySliceName(a: EndpointSlice, b: EndpointSlice): number {
  return compareText(a.metadata.name, b.metadata.name);
}

function listAt(map: Map<string, Endpoint[]>, key: string): Endpoint[] {
  let list = map.get(key);
  if (list === undefined) {
    list = [];
    map.set(key, list);
  }
  return list;
}

/** Only the first address of an endpoint counts; the others are of no use to anyone. */
function addressOf(endpoint: EndpointSliceEndpoint, family: Family): string | null {
  return canonicalIpOf(endpoint.addresses[0] ?? "", family);
}

const NO_HINTS: readonly string[] = [];

function endpointOf(source: EndpointSliceEndpoint, ip: string, port: number, nodeName: string): Endpoint {
  const { conditions, hints } = source;
  const ready = conditions?.ready ?? true;
  return {
    ip,
    port,
    text: joinHostPort(ip, port),
    ready,
    serving: conditions?.serving ?? ready,
    terminating: conditions?.terminating ?? false,
    isLocal: source.nodeName === nodeName,
    zoneHints: hints?.forZones?.map((zone) => zone.name) ?? NO_HINTS,
    nodeHints: hints?.forNodes?.map((node) => node.name) ?? NO_HINTS,
  };
}

function sortedOnce(endpoints: Endpoint[]): Endpoint[] {
  endpoints.sort((a, b) => compareText(a.text, b.text));
  const unique: Endpoint[] = [];
  for (const endpoint of endpoints) {
    const last = unique.length - 1;
    if (last < 0 || (unique[last] as Endpoint).text !== endpoint.text) unique.push(endpoint);
    else if (endpoint.isLocal) unique[last] = endpoint;
  }
  return unique;
}
