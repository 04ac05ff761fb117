// A generated cluster that uses every feature of Services and endpoints which rules are made of, in both families, on
// two nodes: all types, protocols and policies, affinity, source ranges with the node inside and outside of them, several
// ports, external IPs, endpoints that are terminating, not ready, hinted or none at all.
import type { Node, Service } from "../../api/types.js";
import { ADDRESS_RANGES, nthAddress } from "../../workload/address-ranges.js";
import type { AddressedObjects } from "../../workload/cluster-parts.js";
import { type GenerateSpec, defaultGenerateSpec } from "../../workload/generate-spec.js";
import { generateCluster } from "../../workload/generate.js";
import { hostCidr, knownCidr } from "../../base/ip.js";

/** Shares are high: with fifty Services every combination that rules tell apart comes up. */
const EVERY_KIND: Omit<GenerateSpec, "seed" | "services"> = {
  ...defaultGenerateSpec,
  namespaces: 5,
  nodes: 2,
  zones: 2,
  families: "dual",
  types: { ClusterIP: 2, NodePort: 3, LoadBalancer: 5, headless: 0, ExternalName: 0 },
  ports: { min: 1, max: 2 },
  protocols: { TCP: 4, UDP: 2, SCTP: 1 },
  endpoints: { kind: "zipf", mean: 2.5, max: 6 },
  withoutEndpointsShare: 0.12,
  terminatingShare: 0.2,
  notReadyShare: 0.15,
  affinityShare: 0.25,
  affinitySeconds: 10_800,
  internalLocalShare: 0.3,
  externalLocalShare: 0.45,
  sourceRangesShare: 0.5,
  externalIPsShare: 0.4,
  topologyHintsShare: 0.25,
};

/** The same seed and number of Services give the same cluster. @param services some fifty for every kind to come up */
export function everyKindCluster(seed: number, services: number): AddressedObjects {
  const objects = generateCluster({ ...EVERY_KIND, seed, services });
  return {
    ...objects,
    nodes: objects.nodes.map(withSecondAddresses),
    services: objects.services.map((service, index) =>
      index % 2 === 0 ? service : admitNode(service, objects.nodes),
    ),
  };
}

/** Node ports may be open on one address of a node and closed on another. */
function withSecondAddresses(node: Node, index: number): Node {
  const addresses = (["IPv4", "IPv6"] as const).map((family) => ({
    type: "InternalIP",
    address: nthAddress(knownCidr(ADDRESS_RANGES[family].nodes), SECOND_ADDRESS_FIRST + index),
  }));
  return {
    ...node,
    status: { ...node.status, addresses: [...(node.status?.addresses ?? []), ...addresses] },
  };
}
const SECOND_ADDRESS_FIRST = 5000;

/** A Service with source ranges that lets the first node in. */
function admitNode(service: Service, nodes: readonly Node[]): Service {
  const { loadBalancerSourceRanges: ranges = [] } = service.spec;
  if (ranges.length === 0) return service;
  const own = (nodes[0]?.status?.addresses ?? []).map(({ address }) => hostCidr(address).text);
  return { ...service, spec: { ...service.spec, loadBalancerSourceRanges: [...ranges, ...own] } };
}
