// Names of per-service chains: a prefix and 16 base32 characters of a SHA-256, 28 characters at most, which is what
// iptables allows. The four service chains share their characters; an endpoint's chain hashes the endpoint too.
//
//   KUBE-SVC- SVL- FW- EXT- : base32(sha256(name + protocol))[0..16]             "ns1/svc1:p80" + "tcp"
//   KUBE-SEP-               : base32(sha256(name + protocol + endpoint))[0..16]  ... + "10.180.0.1:80"
//
// Cost: about 1 us a name. Names of service ports are remembered for as long as the port object lives.
// Source: kube-proxy pkg/proxy/iptables/proxier.go (portProtoHash, servicePortEndpointChainName).
import { hashBase32 } from "../name-hash.js";
import type { Endpoint, ServicePort } from "../service-port.js";

/** Chain names of one service port. Not every one of them is in use. */
export interface ServiceChainNames {
  /** KUBE-SVC-: cluster-wide endpoints. */
  readonly cluster: string;
  /** KUBE-SVL-: endpoints on this node. */
  readonly local: string;
  /** KUBE-EXT-: traffic from outside. */
  readonly external: string;
  /** KUBE-FW-: load-balancer source ranges. */
  readonly firewall: string;
}

const remembered = new WeakMap<ServicePort, ServiceChainNames>();

export function serviceChainNames(port: ServicePort): ServiceChainNames {
  let names = remembered.get(port);
  if (names === undefined) {
    const suffix = hashBase32(port.name + port.protocol.toLowerCase(), 16);
    names = {
      cluster: `KUBE-SVC-${suffix}`,
      local: `KUBE-SVL-${suffix}`,
      external: `KUBE-EXT-${suffix}`,
      firewall: `KUBE-FW-${suffix}`,
    };
    remembered.set(port, names);
  }
  return names;
}

/** KUBE-SEP-: one endpoint of one service port. */
export function endpointChainName(port: ServicePort, endpoint: Endpoint): string {
  return `KUBE-SEP-${hashBase32(port.name + port.protocol.toLowerCase() + endpoint.text, 16)}`;
}
