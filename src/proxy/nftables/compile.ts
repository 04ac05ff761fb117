// Services and endpoints -> the nftables table of one node and family. Pure: the same state gives the same table.
import type { NftablesModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import { nodeAddresses } from "../node-port-addresses.js";
import type { ProxyState } from "../service-port.js";
import { baseTable } from "./base-table.js";
import { serviceObjects } from "./service-chains.js";
import { type ElementSink, serviceElements } from "./service-elements.js";

/**
 * Compile the whole table.
 *
 * @param state service ports in emission order, which is the order of chains and elements
 * @returns table `ip kube-proxy` or `ip6 kube-proxy` in the layout that config.nftables names
 * Cost: one SHA-256 per service port, and one per endpoint where endpoints have chains.
 */
export function compileNftables(state: ProxyState, config: ProxyConfig): NftablesModel {
  const table = baseTable(config);
  const sink: ElementSink = {
    set: (set, key) => table.sets.get(set)?.elements.set(key, null),
    map: (map, key, verdict, comment) => {
      const { elements } = table.maps.get(map) ?? { elements: new Map() };
      // Deleting first keeps the order of the last writer, as a partial sync leaves it.
      elements.delete(key);
      elements.set(key, { verdict, comment });
    },
  };
  for (const entry of state.entries) {
    const { chains, sets } = serviceObjects(entry, config);
    for (const chain of chains) table.chains.set(chain.name, chain);
    for (const set of sets) table.sets.set(set.name, set);
    serviceElements(entry, config, sink);
  }
  return { mode: "nftables", family: config.family, localAddresses: nodeAddresses(config), table };
}
