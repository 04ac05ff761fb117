// Clusters for tests of the proxy: short ways to write one Service or slice, and random ones that use every feature.
import {
  LABEL_SERVICE_NAME,
  type ClusterObjects,
  type EndpointSlice,
  type EndpointSliceEndpoint,
  type Service,
  type ServicePortSpec,
  type ServiceSpec,
  type TransportProtocol,
} from "../api/types.js";
import type { Family } from "../base/ip.js";
import type { Prng } from "../base/prng.js";
import type { ProxyConfig, ProxyNode } from "./config.js";
import { defaultProxyConfig } from "./default-config.js";

export const TEST_NODE: ProxyNode = {
  name: "node-0",
  addresses: ["192.168.0.2", "fd00:192::2"],
  podCIDRs: ["10.180.0.0/24"],
  zone: "zone-0",
};

/** Defaults with a cluster CIDR. */
export function testConfig(overrides: Partial<ProxyConfig> = {}): ProxyConfig {
  const { mode = "iptables", family = "IPv4" } = overrides;
  const defaults = defaultProxyConfig(mode, family, TEST_NODE, {
    clusterCIDRs: ["10.0.0.0/8", "fd00:10::/32"],
  });
  return { ...defaults, ...overrides };
}

/** A Service "namespace/name". One TCP port 80 named "p80" unless told otherwise. */
export function testService(
  namespacedName: string,
  spec: ServiceSpec,
  options: { readonly ports?: readonly ServicePortSpec[]; readonly vips?: readonly string[] } = {},
): Service {
  const [namespace, name] = namespacedName.split("/") as [string, string];
  const ports = options.ports ?? [{ name: "p80", protocol: "TCP", port: 80 }];
  const ingress = (options.vips ?? []).map((ip) => ({ ip }));
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { ports, ...spec },
    ...(ingress.length === 0 ? {} : { status: { loadBalancer: { ingress } } }),
  };
}

/** An endpoint: "10.180.0.1", "10.180.0.1@node-0" on that node; conditions override. */
export function testEndpoint(text: string, rest: Partial<EndpointSliceEndpoint> = {}): EndpointSliceEndpoint {
  const [address, nodeName] = text.split("@") as [string, string | undefined];
  return { addresses: [address], ...(nodeName === undefined ? {} : { nodeName }), ...rest };
}

/** The slice `suffix` of a Service; its port matches testService()'s default. */
export function testSlice(
  namespacedName: string,
  endpoints: readonly (EndpointSliceEndpoint | string)[],
  options: {
    readonly suffix?: string;
    readonly family?: Family;
    readonly ports?: EndpointSlice["ports"];
  } = {},
): EndpointSlice {
  const [namespace, name] = namespacedName.split("/") as [string, string];
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name: `${name}-${options.suffix ?? "1"}`, labels: { [LABEL_SERVICE_NAME]: name } },
    addressType: options.family ?? "IPv4",
    endpoints: endpoints.map((endpoint) =>
      typeof endpoint === "string" ? testEndpoint(endpoint) : endpoint,
    ),
    ports: options.ports ?? [{ name: "p80", protocol: "TCP", port: 80 }],
  };
}

/** `count` plain Services with `endpoints` each; `spec` says what else they are, given their number from 0. */
export function uniformCluster(
  count: number,
  endpoints: number,
  spec: (index: number) => Partial<ServiceSpec> & { readonly nodePort?: number } = () => ({}),
): ClusterObjects {
  const services: Service[] = [];
  const endpointSlices: EndpointSlice[] = [];
  for (let index = 0; index < count; index++) {
    const name = `ns${index % 10}/svc${index}`;
    const { nodePort, ...rest } = spec(index);
    const port = {
      name: "p80",
      protocol: "TCP" as const,
      port: 80,
      ...(nodePort === undefined ? {} : { nodePort }),
    };
    services.push(testService(name, { clusterIP: address(0xac1e0000, index), ...rest }, { ports: [port] }));
    const addresses = Array.from({ length: endpoints }, (_, at) =>
      address(0x0ab40000, index * endpoints + at),
    );
    if (endpoints > 0) endpointSlices.push(testSlice(name, addresses));
  }
  return { services, endpointSlices, nodes: [] };
}

/** A cluster that draws from every feature of Services and endpoints. */
export function randomCluster(prng: Prng, servicesCount: number): ClusterObjects {
  const services: Service[] = [];
  const endpointSlices: EndpointSlice[] = [];
  for (let index = 0; index < servicesCount; index++) {
    const name = `ns${prng.below(3)}/svc${index}`;
    const ports = randomPorts(prng, index);
    services.push(
      testService(name, randomSpec(prng, index), {
        ports,
        vips: chance(prng, 0.3) ? [`1.2.3.${index}`] : [],
      }),
    );
    const slicePorts = ports.map(({ name: portName = "", protocol = "TCP", port }) => ({
      name: portName,
      protocol,
      port,
    }));
    for (let slice = prng.below(3); slice > 0; slice--) {
      const endpoints = Array.from({ length: prng.below(4) }, () => randomEndpoint(prng, index));
      endpointSlices.push(testSlice(name, endpoints, { suffix: `${slice}`, ports: slicePorts }));
    }
  }
  return { services, endpointSlices, nodes: [] };
}

function randomPorts(prng: Prng, index: number): ServicePortSpec[] {
  const protocols: readonly TransportProtocol[] = ["TCP", "UDP", "SCTP"];
  return Array.from({ length: 1 + prng.below(2) }, (_, at) => ({
    name: `p${at}`,
    protocol: protocols[prng.below(10) === 0 ? 2 : prng.below(2)] as TransportProtocol,
    port: 80 + at,
    ...(chance(prng, 0.4) ? { nodePort: 30_000 + index * 4 + at } : {}),
  }));
}

function randomSpec(prng: Prng, index: number): ServiceSpec {
  const policy = () => (chance(prng, 0.4) ? "Local" : "Cluster");
  return {
    type: prng.pick(["ClusterIP", "NodePort", "LoadBalancer"] as const),
    clusterIP: address(0xac1e0000, index),
    externalTrafficPolicy: policy(),
    internalTrafficPolicy: policy(),
    ...(chance(prng, 0.3) ? { externalIPs: [`203.0.113.${index}`, "2001:db8::1"] } : {}),
    ...(chance(prng, 0.3)
      ? { loadBalancerSourceRanges: prng.pick([["10.0.0.0/8"], ["192.168.0.0/24", "::/0"]]) }
      : {}),
    ...(chance(prng, 0.3) ? { sessionAffinity: "ClientIP" as const } : {}),
    ...(chance(prng, 0.3) ? { healthCheckNodePort: 31_000 + index } : {}),
  };
}

function randomEndpoint(prng: Prng, index: number): EndpointSliceEndpoint {
  const ready = chance(prng, 0.7);
  return testEndpoint(`10.180.${index}.${prng.below(8)}@node-${prng.below(2)}`, {
    conditions: { ready, serving: ready || chance(prng, 0.6), terminating: !ready && chance(prng, 0.7) },
    ...(chance(prng, 0.4) ? { hints: { forZones: [{ name: `zone-${prng.below(2)}` }] } } : {}),
  });
}

function chance(prng: Prng, probability: number): boolean {
  return prng.unit() < probability;
}

function address(base: number, offset: number): string {
  const word = base + offset;
  return [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255].join(".");
}
