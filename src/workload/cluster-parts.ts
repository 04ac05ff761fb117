// The objects that importers and generators put together alike: EndpointSlices of at most 100 endpoints, and nodes.
import type { Family } from "../base/ip.js";
import {
  type ClusterObjects,
  type EndpointSlice,
  type EndpointSliceEndpoint,
  type EndpointSlicePort,
  LABEL_SERVICE_NAME,
  LABEL_ZONE,
  type Node,
  type Service,
} from "../api/types.js";
import { nodeAddress } from "./address-ranges.js";
import type { PodAddressing } from "./pod-addresses.js";

/** kube-controller-manager --max-endpoints-per-slice. */
const ENDPOINTS_PER_SLICE_MAX = 100;

/** A cluster together with the CIDRs its addresses come from, primary family first. */
export interface AddressedObjects extends ClusterObjects {
  /** Hold every Pod: what the proxy's cluster CIDR defaults to. */
  readonly podCIDRs: readonly string[];
  /** Hold every cluster IP. */
  readonly serviceCIDRs: readonly string[];
}

/** Which slices to make: `ports` as the endpoints serve them, `number` of the first slice of this Service and family. */
export interface SliceRequest {
  readonly service: Service;
  readonly family: Family;
  readonly ports: readonly EndpointSlicePort[];
  readonly endpoints: readonly EndpointSliceEndpoint[];
  readonly number: number;
}

/** Slices named "service-v4-0", "service-v4-1" and on; none for no endpoints. */
export function makeSlices(request: SliceRequest): EndpointSlice[] {
  const { service, family, ports, endpoints } = request;
  const { name, namespace = "default" } = service.metadata;
  const slices: EndpointSlice[] = [];
  for (let start = 0; start < endpoints.length; start += ENDPOINTS_PER_SLICE_MAX) {
    slices.push({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: `${name}-${family === "IPv4" ? "v4" : "v6"}-${request.number + slices.length}`,
        namespace,
        labels: { [LABEL_SERVICE_NAME]: name },
      },
      addressType: family,
      endpoints: endpoints.slice(start, start + ENDPOINTS_PER_SLICE_MAX),
      ports,
    });
  }
  return slices;
}

/** A node to make up. */
export interface NodeRequest {
  readonly name: string;
  readonly zone: string | null;
}

/** Nodes node-1, node-2 and on, zones a, b, c in turn. */
export function namedNodes(count: number, zones: number): NodeRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    name: nodeName(index),
    zone: zoneName(index, zones),
  }));
}

/**
 * Nodes with one InternalIP per family.
 *
 * @param addressing one plan per family for the nodes' Pod CIDRs; none where Pods are numbered otherwise
 */
export function makeNodes(
  requests: readonly NodeRequest[],
  of: { readonly families: readonly Family[]; readonly addressing: readonly PodAddressing[] },
): Node[] {
  return requests.map(({ name, zone }, index) => {
    const podCIDRs = of.addressing.map((plan) => plan.nodeCidr(index));
    const addresses = of.families.map((family) => ({
      type: "InternalIP",
      address: nodeAddress(family, index),
    }));
    return {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, ...(zone === null ? {} : { labels: { [LABEL_ZONE]: zone } }) },
      ...(podCIDRs[0] === undefined ? {} : { spec: { podCIDR: podCIDRs[0], podCIDRs } }),
      status: { addresses },
    };
  });
}

export function nodeName(index: number): string {
  return `node-${index + 1}`;
}

/** Zone of node `index`: a, b, c, ... z, z26, z27 */
export function zoneName(index: number, zones: number): string {
  const zone = index % zones;
  return zone < 26 ? String.fromCharCode(97 + zone) : `z${zone}`;
}
