// The rules that do not depend on any Service: hook jumps, masquerade, the forwarding and firewall chains.
//
// kube-proxy creates the jumps one by one, each in front of what is there, so a fresh node shows them in reverse:
//   filter INPUT    KUBE-FIREWALL, KUBE-PROXY-FIREWALL, KUBE-NODEPORTS, KUBE-EXTERNAL-SERVICES
//   filter FORWARD  KUBE-PROXY-FIREWALL, KUBE-FORWARD, KUBE-SERVICES, KUBE-EXTERNAL-SERVICES
//   filter OUTPUT   KUBE-FIREWALL, KUBE-PROXY-FIREWALL, KUBE-SERVICES
//   nat             OUTPUT and PREROUTING to KUBE-SERVICES, POSTROUTING to KUBE-POSTROUTING
// Source: kube-proxy pkg/proxy/iptables/proxier.go (iptablesJumpChains, iptablesKubeletJumpChains, syncProxyRules).
import { present } from "../../base/assert.js";
import { hostCidr, knownCidr, isLoopback } from "../../base/ip.js";
import type { Hook, IptablesRuleset, Match, Rule, TableName } from "../../netfilter/iptables/model.js";
import {
  accept,
  address,
  addressType,
  comment,
  conntrack,
  drop,
  jump,
  markBits,
  masquerade,
  orMark,
  returnToCaller,
  rule,
  xorMark,
} from "../../netfilter/iptables/ruleset.js";
import { nodePortAddresses } from "../node-port-addresses.js";
import type { CompileContext } from "./context.js";

/** The chain whose disappearance tells kube-proxy that somebody flushed the rules. */
export const CANARY_CHAIN = "KUBE-PROXY-CANARY";
/** Hooked always, filled only where node ports are open on localhost. */
export const FIREWALL_CHAIN = "KUBE-FIREWALL";

interface Hooked {
  readonly table: "filter" | "nat";
  readonly hook: Hook;
  readonly chain: string;
  readonly onlyNew: boolean;
  readonly comment: string | null;
}

const PORTALS = "kubernetes service portals";
const EXTERNAL_PORTALS = "kubernetes externally-visible service portals";
const FIREWALL = "kubernetes load balancer firewall";

/** In the order of creation, which is the reverse of the order in a chain. */
const JUMPS: readonly Hooked[] = [
  hooked("filter", "INPUT", "KUBE-EXTERNAL-SERVICES", EXTERNAL_PORTALS, true),
  hooked("filter", "FORWARD", "KUBE-EXTERNAL-SERVICES", EXTERNAL_PORTALS, true),
  hooked("filter", "INPUT", "KUBE-NODEPORTS", "kubernetes health check service ports"),
  hooked("filter", "FORWARD", "KUBE-SERVICES", PORTALS, true),
  hooked("filter", "OUTPUT", "KUBE-SERVICES", PORTALS, true),
  hooked("filter", "FORWARD", "KUBE-FORWARD", "kubernetes forwarding rules"),
  hooked("filter", "INPUT", "KUBE-PROXY-FIREWALL", FIREWALL, true),
  hooked("filter", "OUTPUT", "KUBE-PROXY-FIREWALL", FIREWALL, true),
  hooked("filter", "FORWARD", "KUBE-PROXY-FIREWALL", FIREWALL, true),
  hooked("nat", "OUTPUT", "KUBE-SERVICES", PORTALS),
  hooked("nat", "PREROUTING", "KUBE-SERVICES", PORTALS),
  hooked("nat", "POSTROUTING", "KUBE-POSTROUTING", "kubernetes postrouting rules"),
  hooked("filter", "INPUT", FIREWALL_CHAIN, null),
  hooked("filter", "OUTPUT", FIREWALL_CHAIN, null),
];

/** Jumps from the built-in chains; what a full sync ensures with one exec each, twice. */
export const HOOK_JUMPS_COUNT = JUMPS.length;

function hooked(
  table: Hooked["table"],
  hook: Hook,
  chain: string,
  text: string | null,
  onlyNew = false,
): Hooked {
  return { table, hook, chain, onlyNew, comment: text };
}

/** Put the jumps into the built-in chains of an otherwise empty ruleset. */
export function addHookJumps(ruleset: IptablesRuleset): void {
  for (const it of JUMPS) {
    const matches: Match[] = it.onlyNew ? [conntrack(["NEW"])] : [];
    if (it.comment !== null) matches.push(comment(it.comment));
    const table = present(ruleset.tables.get(it.table), it.table);
    present(table.chains.get(it.hook), it.hook).rules.unshift(rule({ matches, target: jump(it.chain) }));
  }
}

/** Tables that carry the canary. */
export const CANARY_TABLES: readonly TableName[] = ["mangle", "nat", "filter"];

export function postroutingRules({ mark, config }: CompileContext): Rule[] {
  return [
    rule({ matches: [markBits(mark, { negated: true })], target: returnToCaller }),
    rule({ target: xorMark(mark) }),
    rule({
      matches: [comment("kubernetes service traffic requiring SNAT")],
      target: masquerade({ randomFully: config.randomFully }),
    }),
  ];
}

export function markMasqRules({ mark }: CompileContext): Rule[] {
  return [rule({ target: orMark(mark) })];
}

/** Keeps others from reaching services on 127.0.0.1 that route_localnet would open to them. */
export function firewallRules(): Rule[] {
  const loopback = knownCidr("127.0.0.0/8");
  return [
    rule({
      source: address(loopback, { negated: true }),
      destination: address(loopback),
      matches: [
        comment("block incoming localnet connections"),
        conntrack(["RELATED", "ESTABLISHED", "DNAT"], { negated: true }),
      ],
      target: drop,
    }),
  ];
}

export function forwardRules({ mark, config }: CompileContext): Rule[] {
  const invalid: Match[] = [conntrack(["INVALID"])];
  if (config.nfacct) invalid.push(nfacct("ct_state_invalid_dropped_pkts"));
  const rules = [
    rule({ matches: [comment("kubernetes forwarding rules"), markBits(mark)], target: accept }),
    rule({
      matches: [comment("kubernetes forwarding conntrack rule"), conntrack(["RELATED", "ESTABLISHED"])],
      target: accept,
    }),
  ];
  return config.conntrackTcpBeLiberal ? rules : [rule({ matches: invalid, target: drop }), ...rules];
}

/** Counts packets in a named accounting object, and always matches. */
export function nfacct(name: string): Match {
  return { kind: "opaque", extension: "nfacct", text: `--nfacct-name ${name}`, assumed: true };
}

/** Last in nat KUBE-SERVICES: what is for the node itself may be for a node port. */
export function nodePortTail(context: CompileContext): Rule[] {
  const { config } = context;
  const note = comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain");
  const target = jump("KUBE-NODEPORTS");
  const addresses = nodePortAddresses(config);
  if (addresses !== "all") {
    const usable = addresses.filter((ip) => context.localhostNodePorts || !isLoopback(ip));
    return usable.map((ip) => rule({ destination: address(hostCidr(ip)), matches: [note], target }));
  }
  const loopback = config.family === "IPv6" ? "::1/128" : context.localhostNodePorts ? null : "127.0.0.0/8";
  const destination = loopback === null ? null : address(knownCidr(loopback), { negated: true });
  return [rule({ destination, matches: [note, addressType("destination", "LOCAL")], target })];
}
