// How many rules and chains a state comes to, by arithmetic instead of by making them: the oracle of compile.ts.
// For each service port, with E_c, E_l, E_r the sizes of its cluster, local and reachable lists:
//   dispatch  1 if internal traffic has an endpoint + externalIPs + VIPs + node port (2 with nfacct on localhost)
//   SVC, SVL  masquerade rule if internal + (1, or 2 with affinity) x E_c, E_l
//   EXT       2 for policy Cluster; 2 + detector + 1 if external traffic has an endpoint, for Local
//   FW        source ranges + VIPs if the node is in a range + 1
//   SEP       2 x E_r
// Plain ClusterIP Services with a detector: S(2 + 3E) + 5 nat rules and S(1 + E) + 4 nat chains.
import { cidrContains, knownCidr, isLoopback } from "../../base/ip.js";
import type { ProxyConfig } from "../config.js";
import { localDetectorOf } from "../local-detector.js";
import { hasLocalhostNodePorts, nodeAddresses, nodePortAddresses } from "../node-port-addresses.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";

/** Rules and chains that a full restore document holds: no hook jumps, canaries or built-in chains. */
export interface RuleCounts {
  readonly natRules: number;
  readonly natChains: number;
  readonly filterRules: number;
}

export function expectedCounts(state: ProxyState, config: ProxyConfig): RuleCounts {
  let natRules = 3 + 1 + nodePortTailCount(config);
  let natChains = 4;
  let filterRules = (config.conntrackTcpBeLiberal ? 2 : 3) + (hasLocalhostNodePorts(config) ? 1 : 0);
  for (const entry of state.entries) {
    natRules += dispatchCount(entry, config) + chainRulesCount(entry, config);
    natChains += chainsCount(entry);
    filterRules += filterCount(entry);
  }
  return { natRules, natChains, filterRules };
}

function nodePortTailCount(config: ProxyConfig): number {
  const addresses = nodePortAddresses(config);
  if (addresses === "all") return 1;
  return addresses.filter((ip) => !isLoopback(ip) || hasLocalhostNodePorts(config)).length;
}

function dispatchCount({ port, hasInternal, hasAny }: ServiceEntry, config: ProxyConfig): number {
  const perNodePort = hasLocalhostNodePorts(config) && config.nfacct ? 2 : 1;
  const nodePortRules = port.nodePort === 0 ? 0 : perNodePort;
  const external = port.externalIPs.length + port.loadBalancerVIPs.length + nodePortRules;
  return (hasInternal ? 1 : 0) + (hasAny ? external : 0);
}

function chainRulesCount(entry: ServiceEntry, config: ProxyConfig): number {
  const { port, cluster, local, reachable, hasInternal, hasExternal } = entry;
  const detector = localDetectorOf(config) !== null;
  const perEndpoint = port.affinitySeconds > 0 ? 2 : 1;
  let rules = hasInternal && (config.masqueradeAll || detector) ? 1 : 0;
  rules += perEndpoint * (cluster.length + local.length) + 2 * reachable.length;
  if (hasExternalChain(entry)) {
    rules += port.externalPolicyLocal ? 2 + (detector ? 1 : 0) + (hasExternal ? 1 : 0) : 2;
  }
  if (hasFirewallChain(entry)) {
    const vips = isNodeInRange(entry, config) ? port.loadBalancerVIPs.length : 0;
    rules += port.loadBalancerSourceRanges.length + vips + 1;
  }
  return rules;
}

function chainsCount(entry: ServiceEntry): number {
  const chains = [
    entry.cluster.length > 0,
    entry.local.length > 0,
    hasExternalChain(entry),
    hasFirewallChain(entry),
  ];
  return chains.filter(Boolean).length + entry.reachable.length;
}

function filterCount(entry: ServiceEntry): number {
  const { port, hasInternal, hasExternal } = entry;
  const external = port.externalIPs.length + port.loadBalancerVIPs.length + (port.nodePort === 0 ? 0 : 1);
  return (
    (hasInternal ? 0 : 1) +
    (hasExternal ? 0 : external) +
    (hasFirewallChain(entry) ? port.loadBalancerVIPs.length : 0) +
    (port.healthCheckNodePort === 0 ? 0 : 1)
  );
}

function hasExternalChain({ port, hasAny }: ServiceEntry): boolean {
  return hasAny && port.nodePort + port.externalIPs.length + port.loadBalancerVIPs.length > 0;
}

function hasFirewallChain({ port, hasAny }: ServiceEntry): boolean {
  return hasAny && port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges.length > 0;
}

function isNodeInRange({ port }: ServiceEntry, config: ProxyConfig): boolean {
  const ip = nodeAddresses(config)[0];
  return (
    ip !== undefined && port.loadBalancerSourceRanges.some((range) => cidrContains(knownCidr(range), ip))
  );
}
