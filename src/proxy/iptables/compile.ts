// Services and endpoints -> the iptables rules of one node and family, as a fresh node has them after a full sync.
// Cost: one SHA-256 per endpoint and per service port; 50,000 Services x 10 endpoints are 1.6 million rules.
// Source: kube-proxy pkg/proxy/iptables/proxier.go syncProxyRules. Twin for the counts: counts.test-data.ts.
import { present } from "../../base/assert.js";
import type { Chain, IptablesRuleset, TableName } from "../../netfilter/iptables/model.js";
import { emptyRuleset } from "../../netfilter/iptables/ruleset.js";
import type { IptablesModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import { nodeAddresses } from "../node-port-addresses.js";
import type { ProxyState } from "../service-port.js";
import { compileContext } from "./context.js";
import { topLevelChains } from "./dispatch.js";
import { addHookJumps, CANARY_CHAIN, CANARY_TABLES, FIREWALL_CHAIN } from "./fixed.js";
import { serviceChains } from "./service-chains.js";

/**
 * Compile the whole ruleset: hook jumps in the built-in chains, top-level chains, the chains of every service port in
 * the state's order, and the canaries. Chains stand in the order in which kube-proxy's restore document lists them.
 */
export function compileIptables(state: ProxyState, config: ProxyConfig): IptablesModel {
  const context = compileContext(state, config);
  const ruleset = emptyRuleset(config.family);
  addHookJumps(ruleset);
  for (const { table, chain } of topLevelChains(state, context)) addChain(ruleset, table, chain);
  const emptyFirewall = { name: FIREWALL_CHAIN, policy: null, rules: [] };
  if (!context.localhostNodePorts) addChain(ruleset, "filter", emptyFirewall);
  const nat = present(ruleset.tables.get("nat"), "nat").chains;
  for (const entry of state.entries) {
    for (const chain of serviceChains(entry, context)) nat.set(chain.name, chain);
  }
  for (const table of CANARY_TABLES)
    addChain(ruleset, table, { name: CANARY_CHAIN, policy: null, rules: [] });
  return {
    mode: "iptables",
    family: config.family,
    localAddresses: nodeAddresses(config),
    ruleset,
    ipsets: [],
  };
}

function addChain(ruleset: IptablesRuleset, table: TableName, chain: Chain): void {
  present(ruleset.tables.get(table), table).chains.set(chain.name, chain);
}
