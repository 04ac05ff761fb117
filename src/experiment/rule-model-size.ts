// How much a rule model holds: rules on one side; elements of sets and maps, virtual and real servers on the other.
import type { IptablesRuleset } from "../netfilter/iptables/model.js";
import type { RuleModel } from "../netfilter/rule-model.js";

export function ruleModelSize(model: RuleModel): { readonly rules: number; readonly elements: number } {
  switch (model.mode) {
    case "userspace":
      return {
        rules: rulesIn(model.ruleset),
        elements: model.listeners.reduce((sum, { backends }) => sum + backends.length, 0),
      };
    case "iptables":
      return { rules: rulesIn(model.ruleset), elements: elementsIn(model.ipsets) };
    case "ipvs": {
      const servers = model.virtualServers.reduce((sum, { realServers }) => sum + 1 + realServers.length, 0);
      return { rules: rulesIn(model.ruleset), elements: elementsIn(model.ipsets) + servers };
    }
    case "nftables": {
      const { chains, sets, maps } = model.table;
      const rules = [...chains.values()].reduce((sum, chain) => sum + chain.rules.length, 0);
      return { rules, elements: elementsIn([...sets.values(), ...maps.values()]) };
    }
  }
}

function rulesIn(ruleset: IptablesRuleset): number {
  let rules = 0;
  for (const table of ruleset.tables.values())
    for (const chain of table.chains.values()) rules += chain.rules.length;
  return rules;
}

function elementsIn(holders: readonly { readonly elements: { readonly size: number } }[]): number {
  return holders.reduce((sum, { elements }) => sum + elements.size, 0);
}
