// The iptables rules of ipvs mode: about thirty whatever the number of Services, because they ask ipsets.
// One more rule exists per load-balancer VIP whose source ranges leave the node itself out.
// Source: kube-proxy pkg/proxy/ipvs/proxier.go (writeIptablesRules, acceptIPVSTraffic, createAndLinkKubeChains).
import { present } from "../../base/assert.js";
import { familyOf, parseCidr, type Cidr } from "../../base/ip.js";
import type { Hook, IptablesRuleset, Match, Rule, TableName } from "../../netfilter/iptables/model.js";
import {
  accept,
  address,
  addressType,
  comment,
  conntrack,
  drop,
  emptyRuleset,
  jump,
  markBits,
  masquerade,
  matchSet,
  orMark,
  protocol,
  reject,
  returnToCaller,
  rule,
  xorMark,
} from "../../netfilter/iptables/ruleset.js";
import type { ProxyConfig } from "../config.js";
import { localDetectorOf } from "../local-detector.js";
import { IPVS_SETS, setName, type IpvsSetName, type IpvsSets } from "./sets.js";

/** A VIP from which the node itself is kept away. */
export interface GuardedVip {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
  /** Whether it has a server that IPVS could send packets to. */
  readonly isServed: boolean;
}

const CHAINS: readonly (readonly [TableName, readonly string[]])[] = [
  ["nat", ["KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-NODE-PORT", "KUBE-LOAD-BALANCER", "KUBE-MARK-MASQ"]],
  [
    "filter",
    [
      "KUBE-FORWARD",
      "KUBE-NODE-PORT",
      "KUBE-PROXY-FIREWALL",
      "KUBE-SOURCE-RANGES-FIREWALL",
      "KUBE-IPVS-FILTER",
      "KUBE-IPVS-OUT-FILTER",
    ],
  ],
];

/** In the order kube-proxy makes them; each is put at the head of its chain. */
const JUMPS: readonly (readonly [TableName, Hook, string, string])[] = [
  ["nat", "OUTPUT", "KUBE-SERVICES", "kubernetes service portals"],
  ["nat", "PREROUTING", "KUBE-SERVICES", "kubernetes service portals"],
  ["nat", "POSTROUTING", "KUBE-POSTROUTING", "kubernetes postrouting rules"],
  ["filter", "FORWARD", "KUBE-FORWARD", "kubernetes forwarding rules"],
  ["filter", "INPUT", "KUBE-NODE-PORT", "kubernetes health check rules"],
  ["filter", "INPUT", "KUBE-PROXY-FIREWALL", "kube-proxy firewall rules"],
  ["filter", "FORWARD", "KUBE-PROXY-FIREWALL", "kube-proxy firewall rules"],
  ["filter", "INPUT", "KUBE-IPVS-FILTER", "kubernetes ipvs access filter"],
  ["filter", "OUTPUT", "KUBE-IPVS-OUT-FILTER", "kubernetes ipvs access filter"],
];

/** How many chains and jumps one sync makes sure of, one exec each. */
export const CHAINS_COUNT = CHAINS.reduce((count, [, names]) => count + names.length, 0);
export const JUMPS_COUNT = JUMPS.length;

/** The ruleset of one family. Rules about a set stand in it only while the set has elements, where upstream does so. */
export function ipvsRuleset(
  config: ProxyConfig,
  sets: IpvsSets,
  guardedVips: readonly GuardedVip[],
): IptablesRuleset {
  const ruleset = emptyRuleset(config.family);
  for (const [table, names] of CHAINS) {
    for (const name of names) ruleset.tables.get(table)?.chains.set(name, { name, policy: null, rules: [] });
  }
  for (const [table, hook, chain, text] of JUMPS) {
    chainOf(ruleset, table, hook).unshift(rule({ matches: [comment(text)], target: jump(chain) }));
  }
  const writer: Writer = { config, sets, ruleset };
  writeServices(writer);
  writeLoadBalancer(writer);
  writeNodePorts(writer);
  writeMasquerade(writer);
  writeFirewall(writer);
  writeForward(writer);
  writeInputFilter(writer);
  for (const vip of guardedVips) append(writer, "filter", "KUBE-IPVS-OUT-FILTER", guardRule(vip));
  return ruleset;
}

interface Writer {
  readonly config: ProxyConfig;
  readonly sets: IpvsSets;
  readonly ruleset: IptablesRuleset;
}

const DST: readonly "dst"[] = ["dst"];
const DST_DST: readonly "dst"[] = ["dst", "dst"];
const DST_DST_SRC: readonly ("src" | "dst")[] = ["dst", "dst", "src"];

function chainOf(ruleset: IptablesRuleset, table: TableName, chain: string): Rule[] {
  return present(ruleset.tables.get(table)?.chains.get(chain), `chain ${table}/${chain}`).rules;
}

function append(writer: Writer, table: TableName, chain: string, parts: Partial<Rule>): void {
  chainOf(writer.ruleset, table, chain).push(rule(parts));
}

/** `-m comment --comment "..." -m set --match-set NAME sides`. */
function about(writer: Writer, set: IpvsSetName, sides: readonly ("src" | "dst")[]): Match[] {
  return [comment(IPVS_SETS[set].comment), bare(writer, set, sides)];
}

function bare(writer: Writer, set: IpvsSetName, sides: readonly ("src" | "dst")[]): Match {
  return matchSet(setName(set, writer.config.family), sides);
}

function writeServices(writer: Writer): void {
  const { config, sets } = writer;
  const services = (parts: Partial<Rule>) => append(writer, "nat", "KUBE-SERVICES", parts);
  const loopback = config.family === "IPv4" ? "127.0.0.0/8" : "::1/128";
  services({ source: address(cidrOf(loopback)), target: returnToCaller });
  if (!sets.isEmpty("KUBE-LOAD-BALANCER")) {
    services({ matches: about(writer, "KUBE-LOAD-BALANCER", DST_DST), target: jump("KUBE-LOAD-BALANCER") });
  }
  if (!sets.isEmpty("KUBE-CLUSTER-IP")) services(clusterIpMasquerade(writer));
  if (!sets.isEmpty("KUBE-EXTERNAL-IP")) {
    services({ matches: about(writer, "KUBE-EXTERNAL-IP", DST_DST), target: jump("KUBE-MARK-MASQ") });
    for (const parts of externalIpAccepts(writer, "KUBE-EXTERNAL-IP")) services(parts);
  }
  if (!sets.isEmpty("KUBE-EXTERNAL-IP-LOCAL")) {
    for (const parts of externalIpAccepts(writer, "KUBE-EXTERNAL-IP-LOCAL")) services(parts);
  }
  services({ matches: [addressType("destination", "LOCAL")], target: jump("KUBE-NODE-PORT") });
  // Other rules of the host must not keep the packets of virtual services from IPVS.
  for (const set of ["KUBE-CLUSTER-IP", "KUBE-LOAD-BALANCER"] as const) {
    if (!sets.isEmpty(set)) services({ matches: [bare(writer, set, DST_DST)], target: accept });
  }
}

/** Who is masqueraded on the way to a ClusterIP: everyone, who is no local Pod, or the node using the VIP as source. */
function clusterIpMasquerade(writer: Writer): Partial<Rule> {
  const target = jump("KUBE-MARK-MASQ");
  if (writer.config.masqueradeAll) return { matches: about(writer, "KUBE-CLUSTER-IP", DST_DST), target };
  const stranger = notLocal(writer.config);
  if (stranger === null) return { matches: about(writer, "KUBE-CLUSTER-IP", ["src", "dst"]), target };
  return { matches: about(writer, "KUBE-CLUSTER-IP", DST_DST), ...stranger, target };
}

/** The part of a rule that a packet of a local Pod does not match; null when no detector tells them apart. */
function notLocal(config: ProxyConfig): Partial<Rule> | null {
  const detector = localDetectorOf(config);
  switch (detector?.kind) {
    case undefined:
      return null;
    case "cidr":
      return { source: address(cidrOf(present(detector.cidrs[0], "CIDR")), { negated: true }) };
    case "bridge":
      return { inInterface: { value: detector.interface, negated: true } };
    case "prefix":
      return { inInterface: { value: `${detector.prefix}+`, negated: true } };
  }
}

/** Traffic from outside the machine, and traffic to addresses that are the machine's own, goes on to IPVS. */
function externalIpAccepts(writer: Writer, set: IpvsSetName): Partial<Rule>[] {
  const notThroughBridge: Match = { kind: "physdev", isIn: { value: true, negated: true } };
  const notFromNode: Match = {
    kind: "addrtype",
    source: { value: "LOCAL", negated: true },
    destination: null,
    limitInterface: null,
  };
  return [
    { matches: [...about(writer, set, DST_DST), notThroughBridge, notFromNode], target: accept },
    { matches: [...about(writer, set, DST_DST), addressType("destination", "LOCAL")], target: accept },
  ];
}

function writeLoadBalancer(writer: Writer): void {
  if (!writer.sets.isEmpty("KUBE-LOAD-BALANCER-LOCAL")) {
    const matches = about(writer, "KUBE-LOAD-BALANCER-LOCAL", DST_DST);
    append(writer, "nat", "KUBE-LOAD-BALANCER", { matches, target: returnToCaller });
  }
  append(writer, "nat", "KUBE-LOAD-BALANCER", { target: jump("KUBE-MARK-MASQ") });
}

function writeNodePorts(writer: Writer): void {
  const sets = [
    ["tcp", "KUBE-NODE-PORT-LOCAL-TCP", "KUBE-NODE-PORT-TCP", DST],
    ["udp", "KUBE-NODE-PORT-LOCAL-UDP", "KUBE-NODE-PORT-UDP", DST],
    ["sctp", "KUBE-NODE-PORT-LOCAL-SCTP-HASH", "KUBE-NODE-PORT-SCTP-HASH", DST_DST],
  ] as const;
  for (const [name, local, all, sides] of sets) {
    const parts = { protocol: protocol(name) };
    if (!writer.sets.isEmpty(local)) {
      const matches = about(writer, local, sides);
      append(writer, "nat", "KUBE-NODE-PORT", { ...parts, matches, target: returnToCaller });
    }
    if (!writer.sets.isEmpty(all)) {
      const matches = about(writer, all, sides);
      append(writer, "nat", "KUBE-NODE-PORT", { ...parts, matches, target: jump("KUBE-MARK-MASQ") });
    }
  }
}

function writeMasquerade(writer: Writer): void {
  const mark = masqueradeMark(writer.config);
  const masquerading = masquerade({ randomFully: writer.config.randomFully });
  const postrouting = (parts: Partial<Rule>) => append(writer, "nat", "KUBE-POSTROUTING", parts);
  if (!writer.sets.isEmpty("KUBE-LOOP-BACK")) {
    postrouting({
      matches: about(writer, "KUBE-LOOP-BACK", DST_DST_SRC),
      target: masquerade({ randomFully: false }),
    });
  }
  postrouting({ matches: [markBits(mark, { negated: true })], target: returnToCaller });
  postrouting({ target: xorMark(mark) });
  postrouting({ matches: [comment("kubernetes service traffic requiring SNAT")], target: masquerading });
  append(writer, "nat", "KUBE-MARK-MASQ", { target: orMark(mark) });
}

function writeFirewall(writer: Writer): void {
  const { sets } = writer;
  if (!sets.isEmpty("KUBE-LOAD-BALANCER-FW")) {
    const matches = about(writer, "KUBE-LOAD-BALANCER-FW", DST_DST);
    append(writer, "filter", "KUBE-PROXY-FIREWALL", { matches, target: jump("KUBE-SOURCE-RANGES-FIREWALL") });
  }
  for (const set of ["KUBE-LOAD-BALANCER-SOURCE-CIDR", "KUBE-LOAD-BALANCER-SOURCE-IP"] as const) {
    if (sets.isEmpty(set)) continue;
    const matches = about(writer, set, DST_DST_SRC);
    append(writer, "filter", "KUBE-SOURCE-RANGES-FIREWALL", { matches, target: returnToCaller });
  }
  append(writer, "filter", "KUBE-SOURCE-RANGES-FIREWALL", { target: drop });
}

function writeForward(writer: Writer): void {
  const marked = markBits(masqueradeMark(writer.config));
  const known = conntrack(["RELATED", "ESTABLISHED"]);
  append(writer, "filter", "KUBE-FORWARD", {
    matches: [comment("kubernetes forwarding rules"), marked],
    target: accept,
  });
  append(writer, "filter", "KUBE-FORWARD", {
    matches: [comment("kubernetes forwarding conntrack rule"), known],
    target: accept,
  });
}

/** Ports of the host stay closed behind the addresses of kube-ipvs0, unless they belong to a service. */
function writeInputFilter(writer: Writer): void {
  append(writer, "filter", "KUBE-NODE-PORT", {
    matches: about(writer, "KUBE-HEALTH-CHECK-NODE-PORT", DST),
    target: accept,
  });
  const filter = (parts: Partial<Rule>) => append(writer, "filter", "KUBE-IPVS-FILTER", parts);
  const services = [
    "KUBE-LOAD-BALANCER",
    "KUBE-CLUSTER-IP",
    "KUBE-EXTERNAL-IP",
    "KUBE-EXTERNAL-IP-LOCAL",
  ] as const;
  for (const set of services) filter({ matches: [bare(writer, set, DST_DST)], target: returnToCaller });
  filter({ matches: [bare(writer, "KUBE-HEALTH-CHECK-NODE-PORT", DST)], target: returnToCaller });
  filter({ matches: [conntrack(["NEW"]), bare(writer, "KUBE-IPVS-IPS", DST)], target: reject });
}

/**
 * What the node itself sends to a VIP whose source ranges leave it out: the kernel gives such packets the VIP as their
 * source, for it is an address of the node. IPVS refuses what it has no server for before the rule can drop it.
 */
function guardRule({ ip, protocol, port, isServed }: GuardedVip): Partial<Rule> {
  const bits = familyOf(ip) === "IPv4" ? 32 : 128;
  const text = `--vaddr ${ip} --vproto ${protocol} --vport ${port}`;
  const match: Match = isServed
    ? { kind: "ipvs", protocol, address: ip, port }
    : { kind: "opaque", extension: "ipvs", text, assumed: false };
  return { source: address(cidrOf(`${ip}/${bits}`)), matches: [match], target: drop };
}

function masqueradeMark(config: ProxyConfig): number {
  return (1 << config.masqueradeBit) >>> 0;
}

function cidrOf(text: string): Cidr {
  return present(parseCidr(text), `CIDR ${text}`);
}
