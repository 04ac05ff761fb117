// The chains and affinity sets of one service port: what a partial sync rewrites when that Service changes.
// A chain's rules depend on its own service port and the configuration alone, which is what makes that possible.
//
//   1.36 and later: endpoints are inline, one rule          up to 1.35: one chain per endpoint
//     external-X -> service-X: dnat to numgen map             external-X -> service-X: numgen vmap -> endpoint-Y: dnat
//     with affinity the endpoint chains exist in both, for their `update @affinity-Y { ip saddr }`
//
// Source: kube-proxy pkg/proxy/nftables/proxier.go syncProxyRules and writeServiceToEndpointRules.
import { cidrContains, knownCidr } from "../../base/ip.js";
import type { NftChain, NftRule, NftSet, NftStatement } from "../../netfilter/nftables/model.js";
import type { ProxyConfig } from "../config.js";
import { localDetectorOf } from "../local-detector.js";
import { nodeAddresses } from "../node-port-addresses.js";
import {
  type Endpoint,
  type ServiceEntry,
  type ServicePort,
  isExternallyAccessible,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from "../service-port.js";
import { markStatement } from "./base-table.js";
import { detectorStatement } from "./local-traffic.js";
import { type EndpointNames, type ServiceChainNames, endpointNames, serviceChainNames } from "./names.js";
import { DROP, chain, fibLocal, goto, gotoVerdict, lookup, match, matchNone, rule } from "./rules.js";

/** Chains and sets of one service port. Endpoint chains come last; all are referred to from chains before them. */
export interface ServiceObjects {
  readonly chains: readonly NftChain[];
  readonly sets: readonly NftSet[];
}

/** Cost: the hash of each name, and one target per endpoint. */
export function serviceObjects(entry: ServiceEntry, config: ProxyConfig): ServiceObjects {
  const { port } = entry;
  const names = serviceChainNames(port);
  const affinity = port.affinitySeconds > 0;
  const perEndpoint = affinity || config.nftables.layout === "1.35";
  const endpoints = new Map<string, EndpointNames>();
  if (perEndpoint)
    for (const endpoint of entry.reachable) endpoints.set(endpoint.text, endpointNames(port, endpoint));

  const chains: NftChain[] = [];
  const internal = port.internalPolicyLocal ? names.local : names.service;
  const policies: [string, readonly Endpoint[], boolean][] = [
    [names.service, entry.cluster, usesClusterEndpoints(port)],
    [names.local, entry.local, usesLocalEndpoints(port)],
  ];
  for (const [name, list, used] of policies) {
    if (!used || list.length === 0) continue;
    const first = name === internal ? internalMasquerade(entry, config) : [];
    chains.push(chain(name, [...first, ...balancingRules(port, list, endpoints, config)]));
  }
  if (entry.hasAny && isExternallyAccessible(port)) chains.push(externalChain(entry, names, config));
  if (usesFirewall(port)) chains.push(firewallChain(port, names, config));
  for (const endpoint of perEndpoint ? entry.reachable : [])
    chains.push(endpointChain(port, endpoint, endpoints, config));
  return {
    chains,
    sets: affinity ? [...endpoints.values()].map(({ affinitySet }) => affinitySetOf(affinitySet, port)) : [],
  };
}

/** Load-balancer VIPs restricted to source ranges. */
export function usesFirewall(port: ServicePort): boolean {
  return port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges.length > 0;
}

/** 1.35: ClusterIP traffic that is not from local Pods is marked in the service's own chain. */
function internalMasquerade(entry: ServiceEntry, config: ProxyConfig): NftRule[] {
  if (config.nftables.layout !== "1.35" || !entry.hasInternal) return [];
  const toClusterIp = match("ip daddr", [entry.port.clusterIP]);
  if (config.masqueradeAll) return [rule([toClusterIp, markStatement(config)])];
  const detector = localDetectorOf(config);
  return detector === null
    ? []
    : [rule([toClusterIp, detectorStatement(detector, "not-local"), markStatement(config)])];
}

function balancingRules(
  port: ServicePort,
  list: readonly Endpoint[],
  names: ReadonlyMap<string, EndpointNames>,
  config: ProxyConfig,
): NftRule[] {
  if (names.size === 0) return [rule([protocolOf(port), directTranslation(list, config)])];
  const chosen = list.map((endpoint) => names.get(endpoint.text) ?? endpointNames(port, endpoint));
  const sticky = port.affinitySeconds > 0 ? chosen : [];
  return [
    ...sticky.map((name) => rule([lookup(["ip saddr"], name.affinitySet), goto(name.chain)])),
    rule([{ kind: "numgen-vmap", verdicts: chosen.map((name) => gotoVerdict(name.chain)) }]),
  ];
}

function directTranslation(list: readonly Endpoint[], config: ProxyConfig): NftStatement {
  const targets = list.map(({ ip, port }) => ({ ip, port }));
  const [only] = targets;
  if (config.nftables.directSingleEndpoint && only !== undefined && targets.length === 1)
    return { kind: "dnat", target: only };
  return { kind: "numgen-dnat", targets };
}

function externalChain(entry: ServiceEntry, names: ServiceChainNames, config: ProxyConfig): NftChain {
  const mark = markStatement(config);
  if (!entry.port.externalPolicyLocal) {
    // The endpoint may be on another node, so replies must come back through this one.
    return chain(names.external, [rule([mark]), ...(entry.hasExternal ? [rule([goto(names.service)])] : [])]);
  }
  const detector = localDetectorOf(config);
  const rules: NftRule[] = [];
  if (detector !== null) {
    rules.push(
      rule([detectorStatement(detector, "local"), goto(names.service)], "short-circuit pod traffic"),
    );
  }
  rules.push(rule([fibLocal("saddr"), mark], "masquerade local traffic"));
  rules.push(rule([fibLocal("saddr"), goto(names.service)], "short-circuit local traffic"));
  if (entry.hasExternal) rules.push(rule([goto(names.local)]));
  return chain(names.external, rules);
}

function firewallChain(port: ServicePort, names: ServiceChainNames, config: ProxyConfig): NftChain {
  const sources = [...port.loadBalancerSourceRanges];
  const nodeIp = nodeAddresses(config)[0];
  const nodeInside = nodeIp !== undefined && sources.some((text) => cidrContains(knownCidr(text), nodeIp));
  // A VIP that is a local address makes packets of the node to it carry it as their source.
  if (nodeInside) sources.push(...port.loadBalancerVIPs);
  return chain(names.firewall, [rule([matchNone("ip saddr", sources), DROP])]);
}

function endpointChain(
  port: ServicePort,
  endpoint: Endpoint,
  names: ReadonlyMap<string, EndpointNames>,
  config: ProxyConfig,
): NftChain {
  const name = names.get(endpoint.text) ?? endpointNames(port, endpoint);
  const rules: NftRule[] = [];
  // A Pod that reaches itself must see another source address, or it would answer itself directly.
  if (config.nftables.layout === "1.35")
    rules.push(rule([match("ip saddr", [endpoint.ip]), markStatement(config)]));
  if (port.affinitySeconds > 0) rules.push(rule([{ kind: "update", set: name.affinitySet }]));
  rules.push(rule([protocolOf(port), { kind: "dnat", target: { ip: endpoint.ip, port: endpoint.port } }]));
  return chain(name.chain, rules);
}

function protocolOf(port: ServicePort): NftStatement {
  return match("meta l4proto", [port.protocol.toLowerCase()]);
}

function affinitySetOf(name: string, port: ServicePort): NftSet {
  return {
    name,
    type: ["addr"],
    comment: null,
    dynamicTimeoutSeconds: port.affinitySeconds,
    elements: new Map(),
  };
}
