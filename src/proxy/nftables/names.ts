// Names of nftables chains and sets: prefix + H8 + "-" + what they belong to, readable in `nft list`.
//
//   service-ULMVA6XW-ns1/svc1/tcp/p80
//   endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80
//
// H8: the first 8 base32 characters of the SHA-256 of the text after it. It keeps names apart that end in "..." because
// they were cut to what the kernel allows (256 bytes less a prefix of up to 16), and names that differ in one digit.
// Source: kube-proxy pkg/proxy/nftables/proxier.go, hashAndTruncate, servicePort[Endpoint]ChainNameBase.
import { hashBase32 } from "../name-hash.js";
import type { Endpoint, ServicePort } from "../service-port.js";

/** Longest name after the prefix: the kernel's 256 less the longest prefix, 16. */
const NAME_BASE_MAX = 240;
const HASH_LENGTH = 8;

/** The chains that one service port may have. */
export interface ServiceChainNames {
  /** Endpoints of policy Cluster. */
  readonly service: string;
  /** Endpoints of policy Local. */
  readonly local: string;
  /** What external destinations pass through first. */
  readonly external: string;
  readonly firewall: string;
}

export function serviceChainNames(port: ServicePort): ServiceChainNames {
  const base = hashAndTruncate(servicePath(port));
  return {
    service: `service-${base}`,
    local: `local-${base}`,
    external: `external-${base}`,
    firewall: `firewall-${base}`,
  };
}

/** Chain that translates to one endpoint, and the dynamic set of the clients that stick to it. */
export interface EndpointNames {
  readonly chain: string;
  readonly affinitySet: string;
}

export function endpointNames(port: ServicePort, endpoint: Endpoint): EndpointNames {
  const ip = endpoint.ip.replaceAll(":", ".");
  const base = hashAndTruncate(`${servicePath(port)}__${ip}/${endpoint.port}`);
  return { chain: `endpoint-${base}`, affinitySet: `affinity-${base}` };
}

/** "ns1/svc1/tcp/p80"; an unnamed port leaves the last part empty. */
function servicePath(port: ServicePort): string {
  return `${port.namespace}/${port.serviceName}/${port.protocol.toLowerCase()}/${port.portName}`;
}

function hashAndTruncate(path: string): string {
  const name = `${hashBase32(path, HASH_LENGTH)}-${path}`;
  return name.length > NAME_BASE_MAX ? `${name.slice(0, NAME_BASE_MAX - 3)}...` : name;
}
