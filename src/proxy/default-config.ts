// What a proxy is configured with when nobody says otherwise: the defaults of KubeProxyConfiguration v1alpha1.
import type { Family } from "../base/ip.js";
import type { Mode } from "../netfilter/rule-model.js";
import type { LocalDetector, ProxyConfig, ProxyNode } from "./config.js";

/**
 * Defaults of one mode on one node. Services come in sorted order; `options.clusterCIDRs`, where known, tell Pods from
 * the rest (detectLocalMode ClusterCIDR, upstream's default), otherwise nothing does.
 */
export function defaultProxyConfig(
  mode: Mode,
  family: Family,
  node: ProxyNode,
  options: { readonly clusterCIDRs?: readonly string[] } = {},
): ProxyConfig {
  return {
    mode,
    family,
    node,
    localDetector: clusterCidrDetector(options.clusterCIDRs ?? []),
    order: "sorted",
    seed: 1,
    masqueradeAll: false,
    masqueradeBit: 14,
    localhostNodePorts: true,
    nodePortAddresses: [],
    conntrackTcpBeLiberal: false,
    randomFully: true,
    nfacct: false,
    largeClusterEndpoints: 1000,
    ipvs: { scheduler: "rr", strictARP: false, excludeCIDRs: [] },
    nftables: { layout: "1.36", directSingleEndpoint: false, serviceCIDRs: [] },
    userspace: { firstProxyPort: 1024, hostIP: hostIpOf(node, family) },
  };
}

function clusterCidrDetector(cidrs: readonly string[]): LocalDetector {
  return cidrs.length === 0 ? { kind: "none" } : { kind: "cidr", cidrs };
}

/** The node's primary address of the family; loopback when it has none. */
function hostIpOf(node: ProxyNode, family: Family): string {
  const loopback = family === "IPv4" ? "127.0.0.1" : "::1";
  return node.addresses.find((address) => address.includes(":") === (family === "IPv6")) ?? loopback;
}
