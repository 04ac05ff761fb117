// Seeded clusters for property tests: few Services, every feature, many accidents (no endpoints, none local, endpoints
// shared between Services, ports of one Service with different protocols).
import {
  type ClusterObjects,
  type EndpointSlice,
  LABEL_SERVICE_NAME,
  type Service,
  type ServicePortSpec,
  type ServiceSpec,
} from "../../api/types.js";
import type { Family } from "../../base/ip.js";
import type { Prng } from "../../base/prng.js";
import type { ProxyNode } from "../config.js";
import { testEndpoint, testService, testSlice } from "../cluster.test-data.js";

/** The node that rules are compiled for. */
export const RANDOM_NODE: ProxyNode = {
  name: "node-0",
  addresses: ["192.168.0.2", "192.168.0.3", "fd00:192::2", "fd00:192::3"],
  podCIDRs: ["10.180.0.0/24", "fd00:180::/64"],
  zone: "zone-a",
};

export const RANDOM_CLUSTER_CIDRS: readonly string[] = ["10.180.0.0/16", "fd00:180::/48"];

/** One of twelve Pods on each of three nodes; endpoints are drawn from the same ones. */
export function randomPodIp(prng: Prng, family: Family): string {
  const [node, pod] = [prng.below(3), prng.below(12) + 1];
  return family === "IPv4" ? `10.180.${node}.${pod}` : `fd00:180:0:${node + 1}::${pod.toString(16)}`;
}

/** A cluster of `servicesCount` Services named ns-0/svc-0, ... */
export function randomCluster(prng: Prng, family: Family, servicesCount: number): ClusterObjects {
  const services: Service[] = [];
  const endpointSlices: EndpointSlice[] = [];
  for (let index = 0; index < servicesCount; index++) {
    const [service, slice] = randomService(prng, family, index);
    services.push(service);
    if (slice !== null) endpointSlices.push(slice);
  }
  return { services, endpointSlices, nodes: [] };
}

/** Another Service in place of number `index`, another Service more, or one less. */
export function changeCluster(
  prng: Prng,
  family: Family,
  objects: ClusterObjects,
): { readonly objects: ClusterObjects; readonly changed: ReadonlySet<string> } {
  const count = objects.services.length;
  const index = prng.below(count + 1);
  const name = `svc-${index}`;
  const services = objects.services.filter(({ metadata }) => metadata.name !== name);
  const endpointSlices = objects.endpointSlices.filter(
    ({ metadata }) => metadata.labels?.[LABEL_SERVICE_NAME] !== name,
  );
  if (prng.unit() < 0.8) {
    const [service, slice] = randomService(prng, family, index);
    services.push(service);
    if (slice !== null) endpointSlices.push(slice);
  }
  return {
    objects: { services, endpointSlices, nodes: [] },
    changed: new Set([`${namespaceOf(index)}/${name}`]),
  };
}

function randomService(prng: Prng, family: Family, index: number): [Service, EndpointSlice | null] {
  const chance = (probability: number) => prng.unit() < probability;
  const ip = (ipv4: string, ipv6: string) => (family === "IPv4" ? ipv4 : ipv6);
  const ports = randomPorts(prng, index);
  const hasVip = chance(0.4);
  const spec: ServiceSpec = {
    type: hasVip ? "LoadBalancer" : "NodePort",
    clusterIP: ip(`172.30.0.${index + 1}`, `fd00:172::${(index + 1).toString(16)}`),
    // Few external IPs, so that Services claim the same one.
    externalIPs: chance(0.3)
      ? [ip(`198.51.100.${prng.below(3) + 1}`, `2001:db8:1::${prng.below(3) + 1}`)]
      : [],
    sessionAffinity: chance(0.3) ? "ClientIP" : "None",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 * (1 + prng.below(3)) } },
    externalTrafficPolicy: chance(0.4) ? "Local" : "Cluster",
    internalTrafficPolicy: chance(0.25) ? "Local" : "Cluster",
    loadBalancerSourceRanges: chance(0.5)
      ? [ip("203.0.113.0/25", "2001:db8:2::/64"), ip("192.168.0.0/24", "fd00:192::/64")].slice(prng.below(2))
      : [],
  };
  const name = `${namespaceOf(index)}/svc-${index}`;
  const vip = ip(`192.0.2.${index + 1}`, `2001:db8:3::${(index + 1).toString(16)}`);
  const service = testService(name, spec, { ports, vips: hasVip ? [vip] : [] });
  return [service, chance(0.15) ? null : randomSlice(prng, family, name, ports)];
}

function randomPorts(prng: Prng, index: number): ServicePortSpec[] {
  const protocols = ["TCP", "UDP", "SCTP"] as const;
  return Array.from({ length: 1 + prng.below(2) }, (_, position) => ({
    name: `p${position}`,
    protocol: prng.unit() < 0.7 ? "TCP" : prng.pick(protocols),
    port: 80 + position,
    targetPort: 8080,
    ...(prng.unit() < 0.6 ? { nodePort: 30_000 + index * 2 + position } : {}),
  }));
}

function randomSlice(
  prng: Prng,
  family: Family,
  name: string,
  ports: readonly ServicePortSpec[],
): EndpointSlice {
  const endpoints = Array.from({ length: 1 + prng.below(5) }, () => {
    const address = randomPodIp(prng, family);
    const terminating = prng.unit() < 0.15;
    const ready = !terminating && prng.unit() < 0.9;
    const node = family === "IPv4" ? Number(address.split(".")[2]) : Number(address.split(":")[3]) - 1;
    return testEndpoint(`${address}@node-${node}`, {
      conditions: { ready, serving: ready || terminating, terminating },
    });
  });
  return testSlice(name, endpoints, {
    family,
    ports: ports.map(({ name: portName = "", protocol = "TCP" }) => ({
      name: portName,
      protocol,
      port: 8080,
    })),
  });
}

function namespaceOf(index: number): string {
  return `ns-${index % 2}`;
}
