// A cluster k times over: every Service and slice again in k - 1 further namespaces, with addresses of its own.
// Tile 1 is the input; tile t of namespace "shop" is "shop-r<t>". Nodes stay: each runs k times its Pods.
//
//   what                         in tiles 2..k
//   cluster, external, LB IPs    the next free ones of the ranges in address-ranges
//   node ports                   the next free ones; beyond 30000-32767 with a warning; left out when all are in use
//   Pods                         one new address per Pod and tile on the same node, so that two Services of one tile
//                                that share a Pod still do; when the nodes' CIDRs are too small, all Pods, those of
//                                the input too, are numbered anew from a larger range
//   nodes' own addresses, and endpoints on no node outside the Pod CIDRs    as they are: they exist once
// Cost: O(k x objects); 50,000 Services in well under a second.
import { canonicalIp, type Family, familyOf } from "../base/ip.js";
import { PlumbError } from "../base/errors.js";
import { LIMITS } from "../base/limits.js";
import type { EndpointSlice, Service, ServicePortSpec, ServiceSpec } from "../api/types.js";
import { ADDRESS_RANGES, freeRange } from "./address-ranges.js";
import type { AddressedObjects } from "./cluster-parts.js";
import { nodeIPs } from "./cluster-pods.js";
import { addressesOf, nodePortsOf } from "./cluster-services.js";
import { type ServicePools, servicePools } from "./generate-service.js";
import { type PodTiles, tilePods } from "./replicate-pods.js";
import { clusterIPsOf } from "./traffic-targets.js";

export interface Replicated {
  readonly objects: AddressedObjects;
  readonly warnings: readonly string[];
}

/**
 * Tile `objects` to `k` times their namespaces. Deterministic; `k` = 1 gives the objects back.
 *
 * @throws {PlumbError} InvalidInput for k that is no whole number >= 1; LimitExceeded past a million Services, or when
 *   an address range runs out
 */
export function replicate(objects: AddressedObjects, k: number): Replicated {
  checkTiles(objects, k);
  if (k === 1) return { objects, warnings: [] };
  const pods = tilePods(objects, k);
  const ranges = serviceRanges(objects, pods);
  const pools = servicePools(["IPv4", "IPv6"], {
    addresses: new Set([...objects.nodes.flatMap(nodeIPs), ...objects.services.flatMap(addressesOf)]),
    nodePorts: objects.services.flatMap(nodePortsOf),
    serviceRanges: ranges.next,
  });
  const namespaceOf = namespaceNames(objects);
  const services: Service[] = objects.services.slice();
  const endpointSlices: EndpointSlice[] = objects.endpointSlices.map((slice) =>
    tileSlice(slice, pods, 0, namespaceOf),
  );
  for (let tile = 1; tile < k; tile++) {
    for (const service of objects.services) services.push(tileService(service, tile, { pools, namespaceOf }));
    for (const slice of objects.endpointSlices)
      endpointSlices.push(tileSlice(slice, pods, tile, namespaceOf));
  }
  return {
    objects: {
      services,
      endpointSlices,
      nodes: pods.nodes,
      podCIDRs: pods.podCIDRs,
      serviceCIDRs: ranges.all,
    },
    warnings: [...pods.warnings, ...pools.nodePorts.warnings()],
  };
}

function checkTiles(objects: AddressedObjects, k: number): void {
  if (!Number.isInteger(k) || k < 1) {
    throw new PlumbError(
      "InvalidInput",
      `Cannot replicate ${k} times: expected a whole number of at least 1`,
    );
  }
  const services = objects.services.length * k;
  if (services <= LIMITS.REPLICATED_SERVICES_MAX) return;
  throw new PlumbError(
    "LimitExceeded",
    `Cannot replicate ${objects.services.length} Services ${k} times: ${services} Services, limit ${LIMITS.REPLICATED_SERVICES_MAX}`,
  );
}

type NamespaceOf = (namespace: string | undefined, tile: number) => string;

/** "shop" is "shop-r2" in tile 2, or "shop-rr2" where some namespace of the input already ends in "-r2". */
function namespaceNames(objects: AddressedObjects): NamespaceOf {
  const all = [...objects.services, ...objects.endpointSlices].map(
    ({ metadata }) => metadata.namespace ?? "default",
  );
  const taken = [...new Set(all)];
  let mark = "-r";
  while (taken.some((namespace) => new RegExp(`${mark}\\d+$`).test(namespace))) mark += "r";
  return (namespace = "default", tile) => (tile === 0 ? namespace : `${namespace}${mark}${tile + 1}`);
}

/** Ranges that further Services are numbered from, and all CIDRs with those of the input. */
function serviceRanges(
  objects: AddressedObjects,
  pods: PodTiles,
): { next: Readonly<Record<Family, string>>; all: readonly string[] } {
  const inUse = [...objects.nodes.flatMap(nodeIPs), ...pods.firstAddresses];
  const rangeOf = (family: Family) => {
    const candidates = ADDRESS_RANGES[family].services;
    return candidates.find((range) => objects.serviceCIDRs.includes(range)) ?? freeRange(candidates, inUse);
  };
  const next = { IPv4: rangeOf("IPv4"), IPv6: rangeOf("IPv6") };
  const families = new Set(objects.services.flatMap(clusterIPsOf).map(familyOf));
  const used = [...families].map((family) => next[family]);
  return { next, all: [...new Set([...objects.serviceCIDRs, ...used])] };
}

function tileService(
  service: Service,
  tile: number,
  { pools, namespaceOf }: { pools: ServicePools; namespaceOf: NamespaceOf },
): Service {
  const { uid: _, ...metadata } = service.metadata;
  const ingress = service.status?.loadBalancer?.ingress;
  const next = (pool: keyof Pick<ServicePools, "loadBalancers" | "externals">, ip: string) =>
    pools[pool][familyOf(ip)].next();
  return {
    ...service,
    metadata: { ...metadata, namespace: namespaceOf(metadata.namespace, tile) },
    spec: tileSpec(service, pools),
    ...(ingress === undefined
      ? {}
      : {
          status: {
            loadBalancer: {
              ingress: ingress.map((way) =>
                way.ip === undefined ? way : { ...way, ip: next("loadBalancers", way.ip) },
              ),
            },
          },
        }),
  };
}

function tileSpec(service: Service, pools: ServicePools): ServiceSpec {
  const { loadBalancerIP: _, healthCheckNodePort, ...spec } = service.spec;
  const clusterIPs = clusterIPsOf(service).map((ip) => pools.clusterIPs[familyOf(ip)].next());
  const externalIPs = spec.externalIPs?.map((ip) => pools.externals[familyOf(ip)].next());
  const healthCheck = healthCheckNodePort ? pools.nodePorts.next() : null;
  return {
    ...spec,
    ...(clusterIPs[0] === undefined ? {} : { clusterIP: clusterIPs[0], clusterIPs }),
    ...(spec.ports === undefined ? {} : { ports: spec.ports.map((port) => tilePort(port, pools)) }),
    ...(externalIPs === undefined ? {} : { externalIPs }),
    ...(healthCheck === null ? {} : { healthCheckNodePort: healthCheck }),
  };
}

function tilePort(port: ServicePortSpec, pools: ServicePools): ServicePortSpec {
  if (!port.nodePort) return port;
  const { nodePort: _, ...rest } = port;
  const nodePort = pools.nodePorts.next();
  return nodePort === null ? rest : { ...rest, nodePort };
}

function tileSlice(
  slice: EndpointSlice,
  pods: PodTiles,
  tile: number,
  namespaceOf: NamespaceOf,
): EndpointSlice {
  if (tile === 0 && !pods.renumbered) return slice;
  const { uid: _, ...metadata } = slice.metadata;
  return {
    ...slice,
    metadata: { ...metadata, namespace: namespaceOf(metadata.namespace, tile) },
    endpoints: slice.endpoints.map((endpoint) => ({
      ...endpoint,
      addresses: endpoint.addresses.map((ip) => pods.addressOf(canonicalIp(ip) ?? ip, tile)),
    })),
  };
}
