// Services as a cluster would complete them: manifests name no cluster IP, node port or load-balancer address.
// A Service that a cluster wrote (it has a uid, or a status and a cluster IP) is taken as it is.
import { canonicalIp, type Family, familyOf, canonicalIpOf } from "../base/ip.js";
import type { Service, ServicePortSpec, ServiceSpec } from "../api/types.js";
import { type ServicePools, servicePools } from "./generate-service.js";
import { clusterIPsOf } from "./traffic-targets.js";

export interface CompletedServices {
  readonly services: readonly Service[];
  readonly warnings: readonly string[];
  /** LoadBalancer Services of a cluster that gave them no address. */
  readonly pendingLoadBalancers: readonly string[];
}

/**
 * Give every Service what it lacks, in input order.
 *
 * @param families of the cluster, primary first
 * @param inUse addresses of nodes and Pods, which no Service may get
 */
export function completeServices(
  services: readonly Service[],
  of: {
    readonly families: readonly Family[];
    readonly inUse: readonly string[];
    readonly serviceRanges: Readonly<Record<Family, string>>;
  },
): CompletedServices {
  const pools = servicePools(of.families, {
    addresses: new Set([...of.inUse, ...services.flatMap(addressesOf)]),
    nodePorts: services.flatMap(nodePortsOf),
    serviceRanges: of.serviceRanges,
  });
  const pendingLoadBalancers: string[] = [];
  const completed = services.map((service) => {
    if (service.spec.type === "ExternalName") return service;
    const families = familiesOfService(service, of.families);
    const spec = { ...service.spec, ...withClusterIPs(service, families, pools), ipFamilies: families };
    if (spec.type !== "NodePort" && spec.type !== "LoadBalancer") return { ...service, spec };
    if (!isFromCluster(service)) return exposed({ ...service, spec }, pools);
    const ingress = service.status?.loadBalancer?.ingress ?? [];
    if (spec.type === "LoadBalancer" && ingress.length === 0) pendingLoadBalancers.push(nameOf(service));
    return { ...service, spec };
  });
  return { services: completed, warnings: pools.nodePorts.warnings(), pendingLoadBalancers };
}

/** Canonical addresses that a Service holds. */
export function addressesOf(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  const all = [
    ...clusterIPsOf(service),
    ...(service.spec.externalIPs ?? []),
    ...ingress.flatMap(({ ip }) => (ip === undefined ? [] : [ip])),
  ];
  return all.map((ip) => canonicalIp(ip) ?? ip);
}

/** Node ports that a Service holds, its health-check port too. */
export function nodePortsOf({ spec }: Service): number[] {
  const ports = (spec.ports ?? []).map(({ nodePort = 0 }) => nodePort);
  return [...ports, spec.healthCheckNodePort ?? 0].filter((port) => port !== 0);
}

/** What a Service asks for or already has; the cluster's first family when it does not say. */
function familiesOfService(service: Service, cluster: readonly Family[]): readonly Family[] {
  const has = clusterIPsOf(service).map(familyOf);
  if (has.length > 0) return has;
  const { ipFamilies: asked = [], ipFamilyPolicy = "SingleStack" } = service.spec;
  if (asked.length > 1) return asked;
  const first = asked[0] ?? cluster[0] ?? "IPv4";
  const wantsBoth = ipFamilyPolicy !== "SingleStack" && cluster.length > 1;
  return wantsBoth ? [first, first === "IPv4" ? "IPv6" : "IPv4"] : [first];
}

function withClusterIPs(
  service: Service,
  families: readonly Family[],
  pools: ServicePools,
): Partial<ServiceSpec> {
  const has = clusterIPsOf(service);
  if (service.spec.clusterIP === "None") return { clusterIPs: ["None"] };
  const clusterIPs = has.length > 0 ? has : families.map((family) => pools.clusterIPs[family].next());
  return { clusterIP: clusterIPs[0] ?? "", clusterIPs };
}

function isFromCluster(service: Service): boolean {
  // kubectl --dry-run prints an empty status too, but no address.
  const hasStatus = service.status?.loadBalancer !== undefined && clusterIPsOf(service).length > 0;
  return service.metadata.uid !== undefined || hasStatus;
}

/** Node ports, and what a load balancer adds. */
function exposed(service: Service, pools: ServicePools): Service {
  const { spec } = service;
  const isBalanced = spec.type === "LoadBalancer";
  const wantsNodePorts = !isBalanced || spec.allocateLoadBalancerNodePorts !== false;
  const ports = wantsNodePorts
    ? (spec.ports ?? []).map((port) => withNodePort(port, pools))
    : (spec.ports ?? []);
  if (!isBalanced) return { ...service, spec: { ...spec, ports } };
  const wantsHealthCheck = spec.externalTrafficPolicy === "Local" && !spec.healthCheckNodePort;
  const healthCheckNodePort = wantsHealthCheck ? pools.nodePorts.next() : null;
  return {
    ...service,
    spec: { ...spec, ports, ...(healthCheckNodePort === null ? {} : { healthCheckNodePort }) },
    status: { loadBalancer: { ingress: virtualIPs(spec, pools).map((ip) => ({ ip, ipMode: "VIP" })) } },
  };
}

function withNodePort(port: ServicePortSpec, pools: ServicePools): ServicePortSpec {
  if (port.nodePort) return port;
  const nodePort = pools.nodePorts.next();
  return nodePort === null ? port : { ...port, nodePort };
}

/** The address asked for, where one is, else one per family. */
function virtualIPs({ loadBalancerIP, ipFamilies = [] }: ServiceSpec, pools: ServicePools): string[] {
  return ipFamilies.map(
    (family) => canonicalIpOf(loadBalancerIP ?? "", family) ?? pools.loadBalancers[family].next(),
  );
}

function nameOf({ metadata }: Service): string {
  return `${metadata.namespace ?? "default"}/${metadata.name}`;
}
