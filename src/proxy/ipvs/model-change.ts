// What differs between two compiled states: virtual servers, set elements, chains.
// Cost: every virtual server, element and rule of both is looked at, as kube-proxy looks at them on each sync.
import { printRule } from "../../netfilter/iptables/text.js";
import type { Chain } from "../../netfilter/iptables/model.js";
import type { IpSet } from "../../netfilter/ipset/model.js";
import type { VirtualServer } from "../../netfilter/ipvs/model.js";
import { realServerText, schedulerText, serviceText } from "../../netfilter/ipvs/text.js";
import type { IpvsChange } from "../../netfilter/rule-change.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";

/** The change that turns `previous` into `next`. Both were compiled for the same node and family. */
export function modelChange(previous: IpvsModel, next: IpvsModel): IpvsChange {
  const before = byService(previous.virtualServers);
  const after = byService(next.virtualServers);
  return {
    mode: "ipvs",
    virtualServers: next.virtualServers.filter((server) => !isSame(before.get(serviceText(server)), server)),
    removedServers: previous.virtualServers
      .filter((server) => !after.has(serviceText(server)))
      .map(({ protocol, ip, port }) => ({ protocol, ip, port })),
    sets: next.ipsets.flatMap((set, index) => setChange(previous.ipsets[index], set)),
    chains: changedChains(previous, next),
  };
}

function byService(servers: readonly VirtualServer[]): Map<string, VirtualServer> {
  return new Map(servers.map((server) => [serviceText(server), server]));
}

function isSame(before: VirtualServer | undefined, after: VirtualServer): boolean {
  if (before === undefined || schedulerText(before) !== schedulerText(after)) return false;
  if (before.realServers.length !== after.realServers.length) return false;
  return before.realServers.every((real, index) => {
    const other = after.realServers[index];
    return other !== undefined && realServerText(real) === realServerText(other);
  });
}

function setChange(before: IpSet | undefined, after: IpSet): IpvsChange["sets"] {
  const old = before?.elements ?? new Set<string>();
  const add = [...after.elements].filter((element) => !old.has(element));
  const remove = [...old].filter((element) => !after.elements.has(element));
  return add.length + remove.length === 0 ? [] : [{ name: after.name, add, remove }];
}

function changedChains(previous: IpvsModel, next: IpvsModel): IpvsChange["chains"] {
  return [...next.ruleset.tables.values()].flatMap((table) => {
    const before = previous.ruleset.tables.get(table.name);
    return [...table.chains.values()]
      .filter((chain) => chainText(chain) !== chainText(before?.chains.get(chain.name)))
      .map((chain) => ({ table: table.name, chain }));
  });
}

function chainText(chain: Chain | undefined): string {
  return chain === undefined ? "" : chain.rules.map((rule) => printRule(chain.name, rule)).join("\n");
}
