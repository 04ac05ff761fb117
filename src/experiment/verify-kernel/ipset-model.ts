// The rules and sets of mode ipvs as they can be run where the kernel has no ip_vs: where IPVS would send a connection
// on, a DNAT sends it to one backend. What is asked of sets, hashed, is then the same on every machine.
//
//   KUBE-SERVICES  ... ACCEPT for KUBE-CLUSTER-IP, KUBE-EXTERNAL-IP...   ->   DNAT to the backend
//                  ... ACCEPT for KUBE-LOAD-BALANCER                     ->   as it is
//
// Packets to load balancers stay untranslated, so that FORWARD asks the source ranges about the VIP, as INPUT does where
// IPVS is. The VIPs are no addresses of the node: nothing would listen there. Rules about packets that IPVS handled are
// left out: there are none such, and the match comes with ip_vs.
import type { Family } from "../../base/ip.js";
import type { IptablesRuleset, Match, Rule } from "../../netfilter/iptables/model.js";
import type { IptablesModel, IpvsModel } from "../../netfilter/rule-model.js";

/** In no range that objects are numbered from (workload/address-ranges.ts). */
const IPSET_BACKEND: Readonly<Record<Family, string>> = { IPv4: "10.9.9.9", IPv6: "fd00:10:9::9" };

/** @param nodeAddresses the node's own, without the device kube-ipvs0 */
export function ipsetModel(model: IpvsModel, nodeAddresses: readonly string[]): IptablesModel {
  const { family, ipsets } = model;
  const ruleset = withBackend(model.ruleset, IPSET_BACKEND[family]);
  return { mode: "iptables", family, ruleset, ipsets, localAddresses: nodeAddresses };
}

function withBackend({ family, tables }: IptablesRuleset, backend: string): IptablesRuleset {
  const rewrite =
    (chain: string) =>
    (rule: Rule): Rule =>
      chain === "KUBE-SERVICES" && rule.target?.kind === "accept" && !rule.matches.some(asksLoadBalancers)
        ? { ...rule, target: { kind: "dnat", to: { first: backend, last: null, ports: null }, options: "" } }
        : rule;
  const rewritten = [...tables].map(([name, table]) => {
    const chains = [...table.chains].map(([chain, it]) => {
      const rules = it.rules.filter(({ matches }) => !matches.some(asksIpvs)).map(rewrite(chain));
      return [chain, { ...it, rules }] as const;
    });
    return [name, { ...table, chains: new Map(chains) }] as const;
  });
  return { family, tables: new Map(rewritten) };
}

function asksLoadBalancers(match: Match): boolean {
  return match.kind === "set" && /^KUBE-(6-)?LOAD-BALANCER$/.test(match.name);
}

function asksIpvs(match: Match): boolean {
  return match.kind === "ipvs" || (match.kind === "opaque" && match.extension === "ipvs");
}
