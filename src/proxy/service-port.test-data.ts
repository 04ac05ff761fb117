// Service ports and endpoints for tests of what is derived from them: valid ones, of which a test states what it is about.
import { joinHostPort } from "../base/ip.js";
import type { Endpoint, ServicePort } from "./service-port.js";

/** TCP port 80 of ns1/svc1, named p80. */
export function testServicePort(changes: Partial<ServicePort> = {}): ServicePort {
  return {
    name: "ns1/svc1:p80",
    namespace: "ns1",
    serviceName: "svc1",
    portName: "p80",
    protocol: "TCP",
    clusterIP: "172.30.0.41",
    port: 80,
    nodePort: 0,
    externalIPs: [],
    loadBalancerVIPs: [],
    loadBalancerSourceRanges: [],
    affinitySeconds: 0,
    externalPolicyLocal: false,
    internalPolicyLocal: false,
    healthCheckNodePort: 0,
    ...changes,
  };
}

/** A ready endpoint on another node. */
export function testServiceEndpoint(ip: string, port: number): Endpoint {
  return {
    ip,
    port,
    text: joinHostPort(ip, port),
    ready: true,
    serving: true,
    terminating: false,
    isLocal: false,
    zoneHints: [],
    nodeHints: [],
  };
}
