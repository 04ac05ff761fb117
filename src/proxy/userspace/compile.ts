// Services and endpoints -> portal rules and listeners of the userspace proxy that kube-proxy once was (until v1.25).
// The mode knows ready endpoints only: traffic policies, source ranges, topology hints and masquerade are not for it.
// Cost: rules O(service ports), a shuffle per listener.
// Source: kube-proxy pkg/proxy/userspace (proxier.go, roundrobin.go), v1.23.
import { present } from "../../base/assert.js";
import { Prng } from "../../base/prng.js";
import type { IptablesRuleset, Rule } from "../../netfilter/iptables/model.js";
import { emptyRuleset } from "../../netfilter/iptables/ruleset.js";
import type { ProxyListener, UserspaceModel } from "../../netfilter/rule-model.js";
import type { ProxyConfig } from "../config.js";
import { nodeAddresses } from "../node-port-addresses.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";
import { allocateProxyPorts, proxiedEntries, proxyPortKey } from "./proxy-ports.js";
import { portalRules, USERSPACE_CHAINS, USERSPACE_JUMPS } from "./rules.js";

/**
 * Compile portal rules and listeners. SCTP service ports are left out, as they were upstream.
 *
 * @throws {PlumbError} LimitExceeded when the node has too few ports for the listeners
 */
export function compileUserspace(state: ProxyState, config: ProxyConfig): UserspaceModel {
  const ports = allocateProxyPorts(state, config);
  const ruleset = emptyRuleset(config.family);
  for (const { table, hook, rule } of USERSPACE_JUMPS) rulesOf(ruleset, table, hook).push(rule);
  for (const { table, name } of USERSPACE_CHAINS) {
    present(ruleset.tables.get(table), table).chains.set(name, { name, policy: null, rules: [] });
  }
  const chains = new Map(USERSPACE_CHAINS.map(({ table, name }) => [name, rulesOf(ruleset, table, name)]));
  const listeners: ProxyListener[] = [];
  for (const entry of proxiedEntries(state)) {
    const proxyPort = present(ports.get(proxyPortKey(entry)), entry.port.name);
    for (const { chain, rule } of portalRules(entry.port, proxyPort, config.userspace.hostIP)) {
      present(chains.get(chain), chain).push(rule);
    }
    listeners.push(listenerOf(entry, proxyPort, config.seed));
  }
  return {
    mode: "userspace",
    family: config.family,
    localAddresses: nodeAddresses(config),
    ruleset,
    listeners,
  };
}

function rulesOf(
  ruleset: IptablesRuleset,
  table: "filter" | "nat" | "mangle" | "raw",
  chain: string,
): Rule[] {
  return present(ruleset.tables.get(table)?.chains.get(chain), chain).rules;
}

/** The balancer goes round a list that was shuffled once. */
function listenerOf(entry: ServiceEntry, proxyPort: number, seed: number): ProxyListener {
  const { port } = entry;
  const ready = entry.endpoints.filter((endpoint) => endpoint.ready);
  const shuffled = new Prng(seed).fork(proxyPortKey(entry)).shuffled(ready);
  return {
    protocol: port.protocol === "UDP" ? "udp" : "tcp",
    port: proxyPort,
    servicePort: port.name,
    backends: shuffled.map((endpoint) => ({ ip: endpoint.ip, port: endpoint.port })),
    affinitySeconds: port.affinitySeconds > 0 ? port.affinitySeconds : null,
  };
}
