// The part of the table that does not depend on any Service: base chains on the hooks, the chains they jump to, and
// the sets and maps that dispatch. Everything a packet meets before it reaches a chain of its own Service.
//
//   prerouting -110 filter-prerouting-pre-dnat -+-> firewall-check --@firewall-ips--> firewall-...
//   output     -110 filter-output-pre-dnat -----+
//   prerouting -100 nat-prerouting -------------+-> services --@service-ips, @service-nodeports--> service-, external-...
//   output     -100 nat-output -----------------+
//   input         0 filter-input ----> nodeport-endpoints-check --@no-endpoint-nodeports--> drop, reject-chain
//                              `-----> service-endpoints-check  --@no-endpoint-services---> drop, reject-chain
//   forward       0 filter-forward -+-> service-endpoints-check, cluster-ips-check
//   output        0 filter-output --+
//   postrouting 100 nat-postrouting -> masquerading
//
// Source: kube-proxy pkg/proxy/nftables/proxier.go setupNFTables and README.md; `nft list table` of 1.36.
import type {
  NftChain,
  NftField,
  NftMap,
  NftRule,
  NftSet,
  NftStatement,
  NftTable,
  NftType,
} from "../../netfilter/nftables/model.js";
import type { ProxyConfig } from "../config.js";
import { localDetectorOf } from "../local-detector.js";
import { detectorStatement } from "./local-traffic.js";
import { nodePortIps } from "./node-port-ips.js";
import {
  CT_DNAT,
  CT_NEW,
  DROP,
  MASQUERADE,
  REJECT,
  RETURN,
  chain,
  fibLocal,
  jump,
  lookup,
  matchAny,
  matchNot,
  rule,
  vmap,
} from "./rules.js";

/** Names that the per-service rules and elements refer to. */
const MARK_CHAIN = "mark-for-masquerade";
export const REJECT_CHAIN = "reject-chain";
export const SERVICE_IPS = "service-ips";
export const SERVICE_NODEPORTS = "service-nodeports";
export const NO_ENDPOINT_SERVICES = "no-endpoint-services";
export const NO_ENDPOINT_NODEPORTS = "no-endpoint-nodeports";
export const FIREWALL_IPS = "firewall-ips";
export const CLUSTER_IPS = "cluster-ips";
export const HAIRPIN_CONNECTIONS = "hairpin-connections";
const NODEPORT_IPS = "nodeport-ips";

const DESTINATION: readonly NftField[] = ["ip daddr", "meta l4proto", "th dport"];
const NODEPORT: readonly NftField[] = ["meta l4proto", "th dport"];
const CONNECTION: readonly NftField[] = ["ip saddr", "ip daddr", "meta l4proto", "th dport"];
const DESTINATION_TYPE: readonly NftType[] = ["addr", "inet_proto", "inet_service"];
const NODEPORT_TYPE: readonly NftType[] = ["inet_proto", "inet_service"];
const CONNECTION_TYPE: readonly NftType[] = ["addr", "addr", "inet_proto", "inet_service"];

/** The mark that asks postrouting for a masquerade. */
function masqueradeMark(config: ProxyConfig): number {
  return (1 << config.masqueradeBit) >>> 0;
}

/** Add the masquerade mark: inline in 1.36, by a jump to the chain that does it in 1.35. */
export function markStatement(config: ProxyConfig): NftStatement {
  return config.nftables.layout === "1.36"
    ? { kind: "setmark", operation: "or", value: masqueradeMark(config) }
    : jump(MARK_CHAIN);
}

/** The table without any Service: fixed chains with their rules, and empty sets and maps. */
export function baseTable(config: ProxyConfig): NftTable {
  const named = <T extends { readonly name: string }>(items: readonly T[]) =>
    new Map(items.map((item) => [item.name, item]));
  return {
    family: config.family,
    name: "kube-proxy",
    comment: "rules for kube-proxy",
    sets: named(baseSets(config)),
    maps: named(baseMaps()),
    chains: named([
      ...hookChains(),
      ...dispatchChains(config),
      ...checkChains(config),
      ...masqueradeChains(config),
    ]),
  };
}

function baseSets(config: ProxyConfig): NftSet[] {
  const set = (
    name: string,
    type: readonly NftType[],
    comment: string,
    keys: readonly string[] = [],
  ): NftSet => ({
    name,
    type,
    comment,
    dynamicTimeoutSeconds: null,
    elements: new Map(keys.map((key) => [key, null])),
  });
  const sets = [set(CLUSTER_IPS, ["addr"], "Active ClusterIPs")];
  const ips = nodePortIps(config);
  if (ips !== "all") sets.push(set(NODEPORT_IPS, ["addr"], "IPs that accept NodePort traffic", ips));
  if (config.nftables.layout === "1.36") {
    sets.push(set(HAIRPIN_CONNECTIONS, CONNECTION_TYPE, "service hairpin connections"));
  }
  return sets;
}

function baseMaps(): NftMap[] {
  const map = (name: string, type: readonly NftType[], comment: string): NftMap => ({
    name,
    type,
    comment,
    elements: new Map(),
  });
  return [
    map(SERVICE_IPS, DESTINATION_TYPE, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
    map(SERVICE_NODEPORTS, NODEPORT_TYPE, "NodePort traffic"),
    map(
      NO_ENDPOINT_SERVICES,
      DESTINATION_TYPE,
      "vmap to drop or reject packets to services with no endpoints",
    ),
    map(
      NO_ENDPOINT_NODEPORTS,
      NODEPORT_TYPE,
      "vmap to drop or reject packets to service nodeports with no endpoints",
    ),
    map(FIREWALL_IPS, DESTINATION_TYPE, "destinations that are subject to LoadBalancerSourceRanges"),
  ];
}

/** Base chains: each only jumps, most of them for the first packet of a connection only. */
function hookChains(): NftChain[] {
  const onHook = (
    name: string,
    base: NonNullable<NftChain["base"]>,
    targets: readonly string[],
  ): NftChain => ({
    name,
    base,
    comment: null,
    // nat chains see first packets only, so they need no test of the state.
    rules: targets.map((target) => rule(base.type === "nat" ? [jump(target)] : [CT_NEW, jump(target)])),
  });
  return [
    onHook("filter-prerouting-pre-dnat", { type: "filter", hook: "prerouting", priority: -110 }, [
      "firewall-check",
    ]),
    onHook("filter-output-pre-dnat", { type: "filter", hook: "output", priority: -110 }, ["firewall-check"]),
    onHook("filter-input", { type: "filter", hook: "input", priority: 0 }, [
      "nodeport-endpoints-check",
      "service-endpoints-check",
    ]),
    onHook("filter-forward", { type: "filter", hook: "forward", priority: 0 }, [
      "service-endpoints-check",
      "cluster-ips-check",
    ]),
    onHook("filter-output", { type: "filter", hook: "output", priority: 0 }, [
      "service-endpoints-check",
      "cluster-ips-check",
    ]),
    onHook("nat-prerouting", { type: "nat", hook: "prerouting", priority: -100 }, ["services"]),
    onHook("nat-output", { type: "nat", hook: "output", priority: -100 }, ["services"]),
    onHook("nat-postrouting", { type: "nat", hook: "postrouting", priority: 100 }, ["masquerading"]),
  ];
}

function dispatchChains(config: ProxyConfig): NftChain[] {
  return [
    chain("services", [
      ...clusterIpMasquerade(config),
      rule([vmap(DESTINATION, SERVICE_IPS)]),
      rule([...nodePortGuard(config, "services"), vmap(NODEPORT, SERVICE_NODEPORTS)]),
    ]),
  ];
}

/** 1.36: one rule for all ClusterIPs; 1.35 has one in each service chain. */
function clusterIpMasquerade(config: ProxyConfig): NftRule[] {
  if (config.nftables.layout === "1.35") return [];
  const toClusterIp = lookup(["ip daddr"], CLUSTER_IPS);
  if (config.masqueradeAll)
    return [rule([toClusterIp, markStatement(config)], "masquerade clusterIP traffic")];
  const detector = localDetectorOf(config);
  if (detector === null) return [];
  return [
    rule(
      [toClusterIp, detectorStatement(detector, "not-local"), markStatement(config)],
      "masquerade clusterIP traffic from outside cluster",
    ),
  ];
}

/** What an address must be to take NodePort traffic. On the input hook it is known to be local. */
function nodePortGuard(config: ProxyConfig, place: "services" | "input"): NftStatement[] {
  if (nodePortIps(config) !== "all") return [lookup(["ip daddr"], NODEPORT_IPS)];
  const notLoopback = matchNot("ip daddr", [config.family === "IPv4" ? "127.0.0.0/8" : "::1"]);
  return place === "services" ? [fibLocal("daddr"), notLoopback] : [notLoopback];
}

function checkChains(config: ProxyConfig): NftChain[] {
  const serviceCidrs = config.nftables.serviceCIDRs.filter(
    (cidr) => cidr.includes(":") === (config.family === "IPv6"),
  );
  const clusterIpRules = [
    rule([lookup(["ip daddr"], CLUSTER_IPS), REJECT], "Reject traffic to invalid ports of ClusterIPs"),
  ];
  if (serviceCidrs.length > 0) {
    clusterIpRules.push(
      rule([matchAny("ip daddr", serviceCidrs), DROP], "Drop traffic to unallocated ClusterIPs"),
    );
  }
  return [
    chain("firewall-check", [rule([vmap(DESTINATION, FIREWALL_IPS)])]),
    chain("service-endpoints-check", [rule([vmap(DESTINATION, NO_ENDPOINT_SERVICES)])]),
    chain("nodeport-endpoints-check", [
      rule([...nodePortGuard(config, "input"), vmap(NODEPORT, NO_ENDPOINT_NODEPORTS)]),
    ]),
    chain("cluster-ips-check", clusterIpRules),
    chain(REJECT_CHAIN, [rule([REJECT])], "helper for @no-endpoint-services / @no-endpoint-nodeports"),
  ];
}

function masqueradeChains(config: ProxyConfig): NftChain[] {
  const mask = masqueradeMark(config);
  const clearMark: NftStatement = { kind: "setmark", operation: "xor", value: mask };
  if (config.nftables.layout === "1.36") {
    return [
      chain("masquerading", [
        rule([{ kind: "mark", mask, value: 0, negated: true }, clearMark, MASQUERADE]),
        rule([CT_DNAT, lookup(CONNECTION, HAIRPIN_CONNECTIONS), MASQUERADE]),
      ]),
    ];
  }
  return [
    chain("masquerading", [
      rule([{ kind: "mark", mask, value: 0, negated: false }, RETURN]),
      rule([clearMark]),
      rule([MASQUERADE]),
    ]),
    chain(MARK_CHAIN, [rule([{ kind: "setmark", operation: "or", value: mask }])]),
  ];
}
