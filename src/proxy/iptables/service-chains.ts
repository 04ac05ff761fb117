// The chains of one service port. A partial sync writes them only for Services that changed.
//
//   KUBE-SERVICES --cluster IP--------------------> SVC, or SVL when the internal policy is Local
//                 --external IP, VIP, node port---> EXT --Cluster--> SVC      VIP with source ranges: FW -> EXT
//                                                       `-Local----> SVL
//   SVC, SVL: masquerade rule, affinity rules, then one rule per endpoint -> SEP: hairpin mark, DNAT
//
// Endpoint i of n (from 0) is taken with probability 1/(n-i) once its predecessors were not: every one 1/n in all.
// A first packet evaluates (n+1)/2 of these rules on average.
// Source: kube-proxy pkg/proxy/iptables/proxier.go (syncProxyRules, writeServiceToEndpointRules).
import { present } from "../../base/assert.js";
import { cidrContains, knownCidr } from "../../base/ip.js";
import type { Chain, Match, Rule, Target } from "../../netfilter/iptables/model.js";
import { address, addressType, comment, jump, rule } from "../../netfilter/iptables/ruleset.js";
import { endpointChainName, serviceChainNames } from "./chain-names.js";
import {
  isExternallyAccessible,
  usesClusterEndpoints,
  usesLocalEndpoints,
  type Endpoint,
  type ServiceEntry,
} from "../service-port.js";
import { commentMatches, hostAddress, jumpToMarkMasq, type CompileContext } from "./context.js";
import { addressFields, usesFirewall } from "./dispatch.js";

/** Which of its four chains a service port has. */
interface ChainsInUse {
  readonly cluster: boolean;
  readonly local: boolean;
  readonly external: boolean;
  readonly firewall: boolean;
}

function chainsInUse(entry: ServiceEntry): ChainsInUse {
  return {
    cluster: usesClusterEndpoints(entry.port) && entry.cluster.length > 0,
    local: usesLocalEndpoints(entry.port) && entry.local.length > 0,
    external: entry.hasAny && isExternallyAccessible(entry.port),
    firewall: usesFirewall(entry),
  };
}

/** Names of the chains that serviceChains() makes, without making them. */
export function serviceChainNamesInUse(entry: ServiceEntry): string[] {
  const names = serviceChainNames(entry.port);
  const uses = chainsInUse(entry);
  const service = (["cluster", "local", "external", "firewall"] as const).filter((kind) => uses[kind]);
  return [
    ...service.map((kind) => names[kind]),
    ...entry.reachable.map((endpoint) => endpointChainName(entry.port, endpoint)),
  ];
}

/** All chains of one service port, in the order in which a restore document lists them. */
export function serviceChains(entry: ServiceEntry, context: CompileContext): Chain[] {
  const names = serviceChainNames(entry.port);
  const uses = chainsInUse(entry);
  const endpointJumps = new Map<Endpoint, JumpTarget>();
  for (const endpoint of entry.reachable) {
    endpointJumps.set(endpoint, { kind: "jump", chain: endpointChainName(entry.port, endpoint) });
  }
  const chains: Chain[] = [];
  const add = (name: string, rules: Rule[]) => chains.push({ name, policy: null, rules });
  if (uses.external) add(names.external, externalRules(entry, context));
  if (uses.firewall) add(names.firewall, firewallRules(entry, context));
  if (uses.cluster) {
    const masquerade = entry.port.internalPolicyLocal ? [] : internalMasquerade(entry, context);
    add(names.cluster, [...masquerade, ...choiceRules(entry, entry.cluster, endpointJumps, context)]);
  }
  if (uses.local) {
    const masquerade = entry.port.internalPolicyLocal ? internalMasquerade(entry, context) : [];
    add(names.local, [...masquerade, ...choiceRules(entry, entry.local, endpointJumps, context)]);
  }
  for (const [endpoint, { chain }] of endpointJumps)
    add(chain, endpointRules(entry, endpoint, chain, context));
  return chains;
}

type JumpTarget = Extract<Target, { readonly chain: string }>;

/** Traffic to the cluster IP that no local Pod sent must come back through this node. */
function internalMasquerade(entry: ServiceEntry, context: CompileContext): Rule[] {
  if (!entry.hasInternal) return [];
  const { masqueradeAll } = context.config;
  if (!masqueradeAll && context.ifNotLocal === null) return [];
  const { port } = entry;
  const match = addressFields(entry, port.clusterIP, `${port.name} cluster IP`, context);
  return [rule({ ...match, ...(masqueradeAll ? {} : context.ifNotLocal), target: jumpToMarkMasq })];
}

function externalRules(entry: ServiceEntry, context: CompileContext): Rule[] {
  const { port } = entry;
  const names = serviceChainNames(port);
  const toCluster = jump(names.cluster);
  const rules: Rule[] = [];
  if (!port.externalPolicyLocal) {
    const text = `masquerade traffic for ${port.name} external destinations`;
    rules.push(rule({ matches: [comment(text)], target: jumpToMarkMasq }));
  } else {
    if (context.ifLocal !== null) {
      const text = `pod traffic for ${port.name} external destinations`;
      rules.push(rule({ ...context.ifLocal, matches: [comment(text)], target: toCluster }));
    }
    rules.push(fromNode(`masquerade LOCAL traffic for ${port.name} external destinations`, jumpToMarkMasq));
    rules.push(fromNode(`route LOCAL traffic for ${port.name} external destinations`, toCluster));
  }
  if (entry.hasExternal)
    rules.push(rule({ target: port.externalPolicyLocal ? jump(names.local) : toCluster }));
  return rules;
}

function fromNode(text: string, target: Target): Rule {
  return rule({ matches: [comment(text), addressType("source", "LOCAL")], target });
}

/** The last rule has no target: what comes so far is dropped later, by filter KUBE-PROXY-FIREWALL. */
function firewallRules({ port }: ServiceEntry, context: CompileContext): Rule[] {
  const text = `${port.name} loadbalancer IP`;
  const toExternal = jump(serviceChainNames(port).external);
  const ranges = port.loadBalancerSourceRanges.map(knownCidr);
  const rules = ranges.map((range) =>
    rule({ source: address(range), matches: [comment(text)], target: toExternal }),
  );
  const { nodeIP } = context;
  if (nodeIP !== null && ranges.some((range) => cidrContains(range, nodeIP))) {
    // The node's own traffic to a VIP that is bound on it carries the VIP as source.
    for (const vip of port.loadBalancerVIPs) {
      rules.push(rule({ source: hostAddress(vip), matches: [comment(text)], target: toExternal }));
    }
  }
  rules.push(
    rule({ matches: [comment(`other traffic to ${port.name} will be dropped by KUBE-PROXY-FIREWALL`)] }),
  );
  return rules;
}

/** Affinity rules for all endpoints, then the random choice. */
function choiceRules(
  { port }: ServiceEntry,
  endpoints: readonly Endpoint[],
  endpointJumps: ReadonlyMap<Endpoint, JumpTarget>,
  { largeCluster, shared }: CompileContext,
): Rule[] {
  const jumpOf = (endpoint: Endpoint) => present(endpointJumps.get(endpoint), endpoint.text);
  const commentOf = (endpoint: Endpoint) => (largeCluster ? null : `${port.name} -> ${endpoint.text}`);
  const rules: Rule[] = [];
  if (port.affinitySeconds > 0) {
    for (const endpoint of endpoints) {
      const target = jumpOf(endpoint);
      const matches = [...commentMatches(commentOf(endpoint)), remembers(target.chain, port.affinitySeconds)];
      rules.push(rule({ matches, target }));
    }
  }
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index] as Endpoint;
    const left = endpoints.length - index;
    const chance = left > 1 ? shared.randomMatches(left) : NO_MATCHES;
    const text = commentOf(endpoint);
    const matches = text === null ? chance : [comment(text), ...chance];
    rules.push(rule({ matches, target: jumpOf(endpoint) }));
  }
  return rules;
}

const NO_MATCHES: readonly Match[] = [];

function endpointRules(
  { port }: ServiceEntry,
  endpoint: Endpoint,
  chain: string,
  context: CompileContext,
): Rule[] {
  const { shared, largeCluster } = context;
  const leading = commentMatches(largeCluster ? null : port.name);
  const protocol = port.protocol.toLowerCase();
  const matches =
    largeCluster && port.affinitySeconds === 0
      ? shared.protocolMatches(protocol)
      : [
          ...leading,
          ...(port.affinitySeconds > 0 ? [remember(chain)] : NO_MATCHES),
          shared.portMatch(protocol, null),
        ];
  return [
    rule({ source: hostAddress(endpoint.ip), matches: leading, target: jumpToMarkMasq }),
    rule({
      protocol: shared.protocol(protocol),
      matches,
      target: shared.dnatTo(endpoint.ip, endpoint.port),
    }),
  ];
}

/** `-m recent --name CHAIN --rcheck --seconds T --reap`: was this client sent here lately? */
function remembers(chain: string, seconds: number): Match {
  return { ...remember(chain), operation: "rcheck", seconds, reap: true };
}

/** `-m recent --name CHAIN --set` */
function remember(chain: string): Extract<Match, { kind: "recent" }> {
  return {
    kind: "recent",
    name: chain,
    operation: "set",
    negated: false,
    seconds: null,
    reap: false,
    hitcount: null,
    side: "source",
  };
}
