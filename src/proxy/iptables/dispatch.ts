// The top-level chains: one rule per address of each service port, which leads to its own chains or refuses.
// They are written on every sync, partial or not, so the input of a sync grows with the number of service ports.
// Source: kube-proxy pkg/proxy/iptables/proxier.go syncProxyRules, "Capture the clusterIP" to "Capture nodeports".
import { knownCidr } from "../../base/ip.js";
import type { Chain, Match, Rule, TableName, Target } from "../../netfilter/iptables/model.js";
import {
  accept,
  address,
  addressType,
  comment,
  drop,
  jump,
  reject,
  rule,
} from "../../netfilter/iptables/ruleset.js";
import { serviceChainNames } from "./chain-names.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";
import { hostAddress, MARK_MASQ_CHAIN, type CompileContext } from "./context.js";
import {
  FIREWALL_CHAIN,
  firewallRules,
  forwardRules,
  markMasqRules,
  nfacct,
  nodePortTail,
  postroutingRules,
} from "./fixed.js";

/** A chain and the table it stands in. */
export interface PlacedChain {
  readonly table: TableName;
  readonly chain: Chain;
}

/** Rules of the dispatch chains while they grow. */
interface Dispatch {
  readonly natServices: Rule[];
  readonly natNodePorts: Rule[];
  readonly filterServices: Rule[];
  readonly filterExternal: Rule[];
  readonly filterNodePorts: Rule[];
  readonly filterFirewall: Rule[];
}

/** Whether load-balancer traffic passes a KUBE-FW- chain. */
export function usesFirewall({ port, hasAny }: ServiceEntry): boolean {
  return hasAny && port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges.length > 0;
}

/** The chain that traffic of Pods and node to the cluster IP takes. */
function internalChainName(entry: ServiceEntry): string {
  const names = serviceChainNames(entry.port);
  return entry.port.internalPolicyLocal ? names.local : names.cluster;
}

/** All chains that do not belong to one service port, in the order in which a restore document lists them. */
export function topLevelChains(state: ProxyState, context: CompileContext): PlacedChain[] {
  const dispatch: Dispatch = {
    natServices: [],
    natNodePorts: [],
    filterServices: [],
    filterExternal: [],
    filterNodePorts: [],
    filterFirewall: [],
  };
  for (const entry of state.entries) dispatchEntry(entry, context, dispatch);
  dispatch.natServices.push(...nodePortTail(context));
  const place = (table: TableName, name: string, rules: Rule[]): PlacedChain => ({
    table,
    chain: { name, policy: null, rules },
  });
  return [
    place("filter", "KUBE-SERVICES", dispatch.filterServices),
    place("filter", "KUBE-EXTERNAL-SERVICES", dispatch.filterExternal),
    place("filter", "KUBE-FORWARD", forwardRules(context)),
    place("filter", "KUBE-NODEPORTS", dispatch.filterNodePorts),
    place("filter", "KUBE-PROXY-FIREWALL", dispatch.filterFirewall),
    ...(context.localhostNodePorts ? [place("filter", FIREWALL_CHAIN, firewallRules())] : []),
    place("nat", "KUBE-SERVICES", dispatch.natServices),
    place("nat", "KUBE-NODEPORTS", dispatch.natNodePorts),
    place("nat", "KUBE-POSTROUTING", postroutingRules(context)),
    place("nat", MARK_MASQ_CHAIN, markMasqRules(context)),
  ];
}

function dispatchEntry(entry: ServiceEntry, context: CompileContext, dispatch: Dispatch): void {
  clusterIp(entry, context, dispatch);
  for (const ip of entry.port.externalIPs) externalIp(entry, ip, context, dispatch);
  for (const ip of entry.port.loadBalancerVIPs) loadBalancerVip(entry, ip, context, dispatch);
  if (entry.port.nodePort !== 0) nodePort(entry, context, dispatch);
  if (entry.port.healthCheckNodePort !== 0) healthCheck(entry, context, dispatch);
}

function clusterIp(entry: ServiceEntry, context: CompileContext, dispatch: Dispatch): void {
  const { name, clusterIP } = entry.port;
  if (entry.hasInternal) {
    const target = jump(internalChainName(entry));
    dispatch.natServices.push(toAddress(entry, clusterIP, `${name} cluster IP`, target, context));
  } else dispatch.filterServices.push(refusal(entry, clusterIP, context));
}

function externalIp(entry: ServiceEntry, ip: string, context: CompileContext, dispatch: Dispatch): void {
  const { port } = entry;
  if (entry.hasAny) {
    const target = jump(serviceChainNames(port).external);
    dispatch.natServices.push(toAddress(entry, ip, `${port.name} external IP`, target, context));
  }
  if (!entry.hasExternal) dispatch.filterExternal.push(refusal(entry, ip, context));
}

function loadBalancerVip(entry: ServiceEntry, ip: string, context: CompileContext, dispatch: Dispatch): void {
  const { port } = entry;
  const names = serviceChainNames(port);
  const guarded = usesFirewall(entry);
  if (entry.hasAny) {
    const target = jump(guarded ? names.firewall : names.external);
    dispatch.natServices.push(toAddress(entry, ip, `${port.name} loadbalancer IP`, target, context));
  }
  if (guarded) {
    const text = `${port.name} traffic not accepted by ${names.firewall}`;
    dispatch.filterFirewall.push(toAddress(entry, ip, text, drop, context));
  }
  if (!entry.hasExternal) dispatch.filterExternal.push(refusal(entry, ip, context));
}

/** Node ports take no notice of source ranges. */
function nodePort(entry: ServiceEntry, context: CompileContext, dispatch: Dispatch): void {
  const { port } = entry;
  if (entry.hasAny) {
    const target = jump(serviceChainNames(port).external);
    if (context.localhostNodePorts && context.config.nfacct) {
      const counted = toNodePort(entry, [comment(port.name)], target, context);
      dispatch.natNodePorts.push({
        ...counted,
        destination: address(knownCidr("127.0.0.0/8")),
        matches: [...counted.matches, nfacct("localhost_nps_accepted_pkts")],
      });
    }
    dispatch.natNodePorts.push(toNodePort(entry, [comment(port.name)], target, context));
  }
  if (!entry.hasExternal) {
    const matches = [comment(refusalText(entry)), addressType("destination", "LOCAL")];
    dispatch.filterExternal.push(toNodePort(entry, matches, refusalTarget(entry), context));
  }
}

function healthCheck({ port }: ServiceEntry, { shared }: CompileContext, dispatch: Dispatch): void {
  dispatch.filterNodePorts.push(
    rule({
      protocol: shared.protocol("tcp"),
      matches: [
        comment(`${port.name} health check node port`),
        shared.portMatch("tcp", port.healthCheckNodePort),
      ],
      target: accept,
    }),
  );
}

function toAddress(
  entry: ServiceEntry,
  ip: string,
  text: string,
  target: Target,
  context: CompileContext,
): Rule {
  return rule({ ...addressFields(entry, ip, text, context), target });
}

/** `-m comment --comment "<text>" -m tcp -p tcp -d <ip> --dport <port>` */
export function addressFields(
  { port }: ServiceEntry,
  ip: string,
  text: string,
  { shared }: CompileContext,
): Pick<Rule, "destination" | "protocol" | "matches"> {
  const protocol = port.protocol.toLowerCase();
  return {
    destination: hostAddress(ip),
    protocol: shared.protocol(protocol),
    matches: [comment(text), shared.portMatch(protocol, port.port)],
  };
}

function toNodePort(
  { port }: ServiceEntry,
  leading: readonly Match[],
  target: Target,
  { shared }: CompileContext,
): Rule {
  const protocol = port.protocol.toLowerCase();
  const matches = [...leading, shared.portMatch(protocol, port.nodePort)];
  return rule({ protocol: shared.protocol(protocol), matches, target });
}

/** Traffic to an address that has nobody to take it. */
function refusal(entry: ServiceEntry, ip: string, context: CompileContext): Rule {
  return toAddress(entry, ip, refusalText(entry), refusalTarget(entry), context);
}

function refusalText(entry: ServiceEntry): string {
  return entry.hasAny ? `${entry.port.name} has no local endpoints` : `${entry.port.name} has no endpoints`;
}

/** Dropped rather than rejected when other nodes could serve: a retry may reach one of them. */
function refusalTarget(entry: ServiceEntry): Target {
  return entry.hasAny ? drop : reject;
}
