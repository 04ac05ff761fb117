// Every address and port at which a cluster's Services can be asked, in the order in which kube-proxy writes rules:
// per service port its cluster IP, external IPs and load-balancer VIPs; all node ports after them.
import { canonicalIp, type Family, familyOf } from "../base/ip.js";
import {
  type ClusterObjects,
  LABEL_HEADLESS,
  LABEL_SERVICE_PROXY_NAME,
  type Service,
  type ServicePortSpec,
  type TransportProtocol,
} from "../api/types.js";
import type { TargetKind } from "./traffic-spec.js";

export interface TrafficTarget {
  /** Canonical. */
  readonly ip: string;
  readonly port: number;
  readonly protocol: TransportProtocol;
  readonly kind: TargetKind;
  /** "namespace/name", with ":portName" when the port has a name. */
  readonly service: string;
}

/**
 * Targets of one family.
 *
 * @param order "input" as the Services come, "sorted" by their namespace/name:port
 * @param nodeAddresses of the node whose rules are measured; node ports are asked at each of this family
 */
export function trafficTargets(
  objects: ClusterObjects,
  family: Family,
  nodeAddresses: readonly string[],
  order: "input" | "sorted" = "input",
): TrafficTarget[] {
  const ports = objects.services.filter(isProxied).flatMap((service) => servicePorts(service));
  if (order === "sorted") ports.sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0));
  const addresses = ofFamily(nodeAddresses, family);
  const byAddress: TrafficTarget[] = [];
  const byNodePort: TrafficTarget[] = [];
  for (const { owner, port, service } of ports) {
    const protocol = port.protocol ?? "TCP";
    const clusterIPs = ofFamily(clusterIPsOf(owner), family);
    if (clusterIPs.length === 0) continue;
    const push = (kind: TargetKind, ips: readonly string[]) => {
      for (const ip of ips) byAddress.push({ ip, port: port.port, protocol, kind, service });
    };
    push("cluster-ip", clusterIPs.slice(0, 1));
    push("external-ip", ofFamily(owner.spec.externalIPs ?? [], family));
    push("load-balancer", ofFamily(virtualIPs(owner), family));
    if (port.nodePort === undefined || port.nodePort === 0) continue;
    for (const ip of addresses)
      byNodePort.push({ ip, port: port.nodePort, protocol, kind: "node-port", service });
  }
  return [...byAddress, ...byNodePort];
}

/** Whether kube-proxy makes rules for a Service: it has a cluster IP, and no other proxy was asked to serve it. */
export function isProxied(service: Service): boolean {
  const labels = service.metadata.labels ?? {};
  if (Object.hasOwn(labels, LABEL_SERVICE_PROXY_NAME) || Object.hasOwn(labels, LABEL_HEADLESS)) return false;
  return service.spec.type !== "ExternalName" && clusterIPsOf(service).length > 0;
}

/** Cluster IPs of a Service, primary first; none when it is headless or has no address yet. */
export function clusterIPsOf(service: Service): readonly string[] {
  const { clusterIP, clusterIPs } = service.spec;
  const all = clusterIPs !== undefined && clusterIPs.length > 0 ? clusterIPs : clusterIP ? [clusterIP] : [];
  return all.filter((ip) => ip !== "" && ip !== "None");
}

interface OwnedPort {
  readonly owner: Service;
  readonly port: ServicePortSpec;
  readonly service: string;
}

function servicePorts(owner: Service): OwnedPort[] {
  const { namespace = "default", name } = owner.metadata;
  return (owner.spec.ports ?? []).map((port) => ({
    owner,
    port,
    service: port.name ? `${namespace}/${name}:${port.name}` : `${namespace}/${name}`,
  }));
}

function virtualIPs(service: Service): string[] {
  if (service.spec.type !== "LoadBalancer") return [];
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode = "VIP" }) =>
    ip !== undefined && ipMode === "VIP" ? [ip] : [],
  );
}

function ofFamily(addresses: readonly string[], family: Family): string[] {
  return addresses.map((ip) => canonicalIp(ip) ?? ip).filter((ip) => familyOf(ip) === family);
}
