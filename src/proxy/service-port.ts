// The unit of programming: one port of one Service in one address family, with its endpoints.
import type { TransportProtocol } from "../api/types.js";

export interface ServicePort {
  /** "namespace/name", with ":portName" when the port has a name. */
  readonly name: string;
  readonly namespace: string;
  readonly serviceName: string;
  readonly portName: string;
  readonly protocol: TransportProtocol;
  readonly clusterIP: string;
  readonly port: number;
  /** 0 for none. */
  readonly nodePort: number;
  readonly externalIPs: readonly string[];
  /** status.loadBalancer.ingress[].ip whose ipMode is VIP. */
  readonly loadBalancerVIPs: readonly string[];
  /** Canonical CIDRs of this family; empty for "anyone". */
  readonly loadBalancerSourceRanges: readonly string[];
  /** ClientIP affinity, seconds; 0 for none. */
  readonly affinitySeconds: number;
  readonly externalPolicyLocal: boolean;
  readonly internalPolicyLocal: boolean;
  /** 0 for none. */
  readonly healthCheckNodePort: number;
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  /** "ip:port" or "[ip]:port": the identity and the sort key of an endpoint. */
  readonly text: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** On the node this proxy runs on. */
  readonly isLocal: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** A service port with the endpoint lists its rules are made of. Lists are sorted by endpoint text. */
export interface ServiceEntry {
  readonly port: ServicePort;
  /** Every endpoint there is, usable or not. */
  readonly endpoints: readonly Endpoint[];
  readonly cluster: readonly Endpoint[];
  readonly local: readonly Endpoint[];
  readonly reachable: readonly Endpoint[];
  readonly hasAny: boolean;
  /** hasAny, unless the policy is Local and there is no local endpoint. */
  readonly hasInternal: boolean;
  readonly hasExternal: boolean;
}

/** Any way in from outside: a node port, an external IP or a load-balancer VIP. */
export function isExternallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.externalIPs.length > 0 || port.loadBalancerVIPs.length > 0;
}

export function usesClusterEndpoints(port: ServicePort): boolean {
  return !port.internalPolicyLocal || isExternallyAccessible(port);
}

export function usesLocalEndpoints(port: ServicePort): boolean {
  return port.internalPolicyLocal || (port.externalPolicyLocal && isExternallyAccessible(port));
}

/** Everything a compiler reads: pure input, already in emission order. */
export interface ProxyState {
  readonly entries: readonly ServiceEntry[];
  /** All endpoints of all service ports; above config.largeClusterEndpoints comments are left out. */
  readonly endpointsTotal: number;
}
