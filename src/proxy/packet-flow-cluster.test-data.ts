// The cluster of the packet-flow cases: two nodes, and Services that between them use every way in and every policy.
// node-1 (192.168.0.2) is ours and hosts 10.180.0.0/24; node-2 hosts 10.180.1.0/24.
import {
  LABEL_SERVICE_NAME,
  type ClusterObjects,
  type EndpointSlice,
  type Service,
  type ServiceSpec,
} from "../api/types.js";
import type { ProxyNode } from "./config.js";

/** The node whose rules the cases compile. */
export const FLOW_NODE: ProxyNode = {
  name: "node-1",
  addresses: ["192.168.0.2", "192.168.0.3", "fd00:192::2"],
  podCIDRs: ["10.180.0.0/24", "fd00:10:180::/64"],
  zone: "zone-a",
};

export const FLOW_CLUSTER_CIDRS: readonly string[] = ["10.180.0.0/16", "fd00:10::/32"];

interface FlowEndpoint {
  readonly ip: string;
  readonly node: "node-1" | "node-2";
  readonly state?: "ready" | "terminating" | "not-ready";
  readonly zoneHint?: string;
}

interface FlowService {
  readonly name: string;
  readonly spec: Omit<ServiceSpec, "ports"> & { readonly clusterIP: string };
  readonly protocol?: "TCP" | "UDP";
  readonly nodePort?: number;
  readonly vip?: string;
  readonly endpoints: readonly FlowEndpoint[];
}

const LOCAL = { externalTrafficPolicy: "Local" } as const;
const RANGES = { loadBalancerSourceRanges: ["203.0.113.0/25"] };

const SERVICES: readonly FlowService[] = [
  { name: "plain", spec: { clusterIP: "172.30.0.41" }, endpoints: [{ ip: "10.180.0.1", node: "node-1" }] },
  {
    name: "two",
    spec: { clusterIP: "172.30.0.42", externalIPs: ["192.168.99.22"] },
    endpoints: [
      { ip: "10.180.0.4", node: "node-1" },
      { ip: "10.180.1.5", node: "node-2" },
    ],
  },
  { name: "empty", spec: { clusterIP: "172.30.0.43", type: "NodePort" }, nodePort: 30043, endpoints: [] },
  {
    name: "node-port",
    spec: { clusterIP: "172.30.0.44", type: "NodePort" },
    nodePort: 30044,
    endpoints: [{ ip: "10.180.1.6", node: "node-2" }],
  },
  {
    name: "lb-ranges",
    spec: { clusterIP: "172.30.0.45", type: "LoadBalancer", ...RANGES },
    nodePort: 30045,
    vip: "5.6.7.8",
    endpoints: [{ ip: "10.180.1.7", node: "node-2" }],
  },
  {
    name: "lb-local",
    spec: { clusterIP: "172.30.0.46", type: "LoadBalancer", healthCheckNodePort: 30146, ...LOCAL },
    nodePort: 30046,
    vip: "1.2.3.4",
    endpoints: [
      { ip: "10.180.0.8", node: "node-1" },
      { ip: "10.180.1.9", node: "node-2" },
    ],
  },
  {
    name: "lb-elsewhere",
    spec: { clusterIP: "172.30.0.47", type: "LoadBalancer", healthCheckNodePort: 30147, ...LOCAL },
    nodePort: 30047,
    vip: "1.2.3.5",
    endpoints: [{ ip: "10.180.1.10", node: "node-2" }],
  },
  {
    name: "internal-local",
    spec: { clusterIP: "172.30.0.48", internalTrafficPolicy: "Local" },
    endpoints: [
      { ip: "10.180.0.11", node: "node-1" },
      { ip: "10.180.1.12", node: "node-2" },
    ],
  },
  {
    name: "internal-elsewhere",
    spec: { clusterIP: "172.30.0.49", internalTrafficPolicy: "Local" },
    endpoints: [{ ip: "10.180.1.13", node: "node-2" }],
  },
  {
    name: "terminating",
    spec: { clusterIP: "172.30.0.50" },
    endpoints: [
      { ip: "10.180.0.14", node: "node-1", state: "terminating" },
      { ip: "10.180.1.15", node: "node-2", state: "not-ready" },
    ],
  },
  {
    name: "hinted",
    spec: { clusterIP: "172.30.0.51" },
    endpoints: [
      { ip: "10.180.0.16", node: "node-1", zoneHint: "zone-a" },
      { ip: "10.180.1.17", node: "node-2", zoneHint: "zone-b" },
    ],
  },
  {
    name: "dns",
    spec: { clusterIP: "172.30.0.52" },
    protocol: "UDP",
    endpoints: [{ ip: "10.180.1.18", node: "node-2" }],
  },
  {
    name: "six",
    spec: { clusterIP: "fd00:172:30::41" },
    endpoints: [{ ip: "fd00:10:180::1", node: "node-1" }],
  },
  {
    name: "six-port",
    spec: { clusterIP: "fd00:172:30::44", type: "NodePort" },
    nodePort: 30061,
    endpoints: [{ ip: "fd00:10:181::6", node: "node-2" }],
  },
];

/** All Services listen on port 80 and send to port 8080 of their endpoints; all are in namespace "flow". */
export const FLOW_OBJECTS: ClusterObjects = {
  services: SERVICES.map(serviceOf),
  endpointSlices: SERVICES.filter((service) => service.endpoints.length > 0).map(sliceOf),
  nodes: [],
};

function serviceOf(flow: FlowService): Service {
  const nodePort = flow.nodePort === undefined ? {} : { nodePort: flow.nodePort };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "flow", name: flow.name },
    spec: {
      ...flow.spec,
      ports: [{ name: "p", protocol: flow.protocol ?? "TCP", port: 80, targetPort: 8080, ...nodePort }],
    },
    ...(flow.vip === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip: flow.vip }] } } }),
  };
}

function sliceOf(flow: FlowService): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "flow", name: `${flow.name}-1`, labels: { [LABEL_SERVICE_NAME]: flow.name } },
    addressType: flow.spec.clusterIP.includes(":") ? "IPv6" : "IPv4",
    endpoints: flow.endpoints.map(({ ip, node, state, zoneHint }) => ({
      addresses: [ip],
      nodeName: node,
      conditions: {
        ready: state === undefined || state === "ready",
        serving: state !== "not-ready",
        terminating: state === "terminating",
      },
      ...(zoneHint === undefined ? {} : { hints: { forZones: [{ name: zoneHint }] } }),
    })),
    ports: [{ name: "p", protocol: flow.protocol ?? "TCP", port: 8080 }],
  };
}
