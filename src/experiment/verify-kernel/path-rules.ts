// A cluster as one kernel path has it: the texts that load it, and the model that its packets are counted in.
import { assert } from "../../base/assert.js";
import type { RuleText } from "../../kernel/host/rule-loading.js";
import type { KernelPath } from "../../measure/kernel-record.js";
import type { Rule } from "../../netfilter/iptables/model.js";
import { printRestore } from "../../netfilter/iptables/text.js";
import { printIpsets } from "../../netfilter/ipset/text.js";
import type { IptablesModel, Mode, RuleModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { compileIpvs } from "../../proxy/ipvs/compile.js";
import { COMPILERS } from "../../proxy/modes.js";
import type { ProxyState } from "../../proxy/service-port.js";

/** Which mode's rules a path loads. */
export const MODE_OF_PATH: Readonly<Record<KernelPath, Mode>> = {
  "iptables-legacy": "iptables",
  "iptables-nft": "iptables",
  nftables: "nftables",
  ipset: "ipvs",
  ipvs: "ipvs",
};

export interface PathRules {
  readonly model: RuleModel;
  readonly texts: readonly RuleText[];
}

/** @param config of the path's mode */
export function rulesOfPath(path: KernelPath, state: ProxyState, config: ProxyConfig): PathRules {
  if (path === "ipset") return ipsetRules(state, config);
  const compiler = COMPILERS[MODE_OF_PATH[path]];
  return { model: compiler.compile(state, config), texts: compiler.documents(state, config) };
}

/** Where every Service of path ipset leads. */
const IPSET_BACKEND = "10.255.0.1";

/** The constant rules and the sets of mode ipvs, with a DNAT to one backend where IPVS would take the packet. */
function ipsetRules(state: ProxyState, config: ProxyConfig): PathRules {
  const { family, ruleset, ipsets, virtualServers, localAddresses } = compileIpvs(state, config);
  const services = ruleset.tables.get("nat")?.chains.get("KUBE-SERVICES");
  assert(services !== undefined, "mode ipvs has chain KUBE-SERVICES");
  services.rules.splice(0, services.rules.length, ...services.rules.map(toBackend));
  // No address of a Service is on kube-ipvs0, as there is no such device.
  const virtual = new Set(virtualServers.map(({ ip }) => ip));
  const model: IptablesModel = {
    mode: "iptables",
    family,
    ruleset,
    ipsets,
    localAddresses: localAddresses.filter((address) => !virtual.has(address)),
  };
  return {
    model,
    texts: [
      { part: "ipset", text: () => printIpsets(ipsets) },
      { part: "iptables", text: () => printRestore(ruleset, { tables: ["nat", "filter"] }) },
    ],
  };
}

function toBackend(rule: Rule): Rule {
  if (rule.target?.kind !== "accept") return rule;
  return {
    ...rule,
    target: { kind: "dnat", to: { first: IPSET_BACKEND, last: null, ports: null }, options: "" },
  };
}
