// Primitives that are rules: K copies of one rule that lets the packet go on, in the first chain a packet meets. The
// slope between two K is the cost of evaluating the rule once; what every packet pays besides falls out.
// Cost of a probe: K rules loaded.
import type { Flavour } from "../calibration.js";
import { type Probe, type ProbeText, PROBE_PORT, PROBE_VIP } from "./probe.js";

/** Copies: enough that the slope is far above the noise, few enough that the table stays in the second-level cache. */
export const COPIES = [128, 512] as const;

/** An address that no packet has, different in each copy as Services' are. */
const elsewhere = (copy: number) => `10.255.${copy >> 8}.${copy & 255}`;
const COMMENT = (copy: number) => `-m comment --comment "shop/service-${copy}:http cluster IP"`;

/** A rule as kube-proxy's for a Service, whose address is another. */
export const serviceMiss = (copy: number): string =>
  `-d ${elsewhere(copy)}/32 -p udp ${COMMENT(copy)} -m udp --dport 53 -j ACCEPT`;

/** Header of serviceMiss, with the packet's own address: iptables-nft compares nothing that a rule does not name. */
const HEADER = `-d ${PROBE_VIP}/32 -p udp`;

/** Name -> the rule's text after "-A PREROUTING". The packet passes all of them. */
const IPTABLES_RULES = {
  serviceMiss,
  hit: () => HEADER,
  comment: (copy: number) => `${HEADER} ${COMMENT(copy)}`,
  port: () => `${HEADER} -m udp --dport 1 -j ACCEPT`,
  ctstate: () => `${HEADER} -m conntrack --ctstate INVALID -j DROP`,
  mark: () => `${HEADER} -m mark --mark 0x8000/0x8000 -j ACCEPT`,
  addrtype: () => `${HEADER} -m addrtype --dst-type LOCAL -j ACCEPT`,
  statistic: () => `${HEADER} -m statistic --mode random --probability 0.0000000005 -j ACCEPT`,
  recent: () => `${HEADER} -m recent --name plumb --rcheck --seconds 10800 --rsource -j ACCEPT`,
  setMiss: () => `${HEADER} -m set --match-set PLUMB-OTHERS dst,dst -j ACCEPT`,
  setHit: () => `${HEADER} -m set --match-set PLUMB-OWN dst,dst`,
  jump: () => `${HEADER} -j PLUMB-EMPTY`,
  markSet: () => `${HEADER} -j MARK --set-xmark 0x4000/0x4000`,
} as const satisfies Record<string, (copy: number) => string>;
export type IptablesRule = keyof typeof IPTABLES_RULES;

/** Elements of the sets asked. */
const SET_SIZE = 10_000;

const NFT_RULES = {
  headerMiss: (copy: number) => `ip daddr ${elsewhere(copy)} accept`,
  port: () => `ip daddr ${PROBE_VIP} udp dport 1 accept`,
  ctstate: () => "ct state invalid drop",
  mark: () => "meta mark & 0x8000 == 0x8000 accept",
  fib: () => "fib daddr type local accept",
  numgen: () => "numgen random mod 4294967295 4294967294 accept",
  setMiss: () => "ip daddr . udp dport @others accept",
  mapMiss: () => "ip daddr . meta l4proto . th dport vmap @others-map",
  mapHit: () => "ip daddr . meta l4proto . th dport vmap @own-map",
  jump: () => "jump empty",
  markSet: () => "meta mark set mark or 0x4000",
  update: () => "update @clients { ip saddr }",
} as const satisfies Record<string, (copy: number) => string>;
export type NftRule = keyof typeof NFT_RULES;

/** Id of the probe of a rule. */
export function ruleProbeId(flavour: Flavour, rule: string, copies: number): string {
  return `${flavour} ${rule} x${copies}`;
}

export function ruleProbes(): readonly Probe[] {
  const iptables = (["iptables-legacy", "iptables-nft"] as const).flatMap((flavour) =>
    Object.entries(IPTABLES_RULES).flatMap(([name, rule]) =>
      COPIES.map((copies) => probe(flavour, name, copies, iptablesTexts(rule, copies))),
    ),
  );
  const nftables = Object.entries(NFT_RULES).flatMap(([name, rule]) =>
    COPIES.map((copies) => probe("nftables", name, copies, [nftText(rule, copies)])),
  );
  return [...iptables, ...nftables];
}

function probe(flavour: Flavour, name: string, copies: number, texts: readonly ProbeText[]): Probe {
  return {
    id: ruleProbeId(flavour, name, copies),
    loader: flavour,
    texts,
    targets: [PROBE_VIP],
    cases: [{ packet: "first", spread: "fixed" }],
  };
}

function iptablesTexts(rule: (copy: number) => string, copies: number): readonly ProbeText[] {
  const rules: ProbeText = { part: "iptables", text: () => manglePrerouting(rule, copies) };
  return rule(0).includes("--match-set") ? [{ part: "ipset", text: sets }, rules] : [rules];
}

/** `copies` rules in the first chain of a packet's way. */
export function* manglePrerouting(rule: (copy: number) => string, copies: number): Generator<string> {
  yield "*mangle\n:PLUMB-EMPTY - [0:0]\n";
  for (let copy = 0; copy < copies; copy++) yield `-A PREROUTING ${rule(copy)}\n`;
  yield "COMMIT\n";
}

function* sets(): Generator<string> {
  for (const name of ["PLUMB-OTHERS", "PLUMB-OWN"])
    yield `create ${name} hash:ip,port family inet hashsize 4096 maxelem 65536\n`;
  yield `add PLUMB-OWN ${PROBE_VIP},udp:${PROBE_PORT}\n`;
  for (let element = 0; element < SET_SIZE; element++)
    for (const name of ["PLUMB-OTHERS", "PLUMB-OWN"]) yield `add ${name} ${elsewhere(element)},udp:53\n`;
}

function nftText(rule: (copy: number) => string, copies: number): ProbeText {
  return { part: "nft", text: () => nftLines(rule, copies) };
}

function* nftLines(rule: (copy: number) => string, copies: number): Generator<string> {
  yield "add table ip plumb\n";
  yield "add chain ip plumb empty\nadd chain ip plumb pre { type filter hook prerouting priority -150 ; }\n";
  yield "add set ip plumb clients { type ipv4_addr ; flags dynamic,timeout ; timeout 3h ; size 65535 ; }\n";
  yield "add set ip plumb others { type ipv4_addr . inet_service ; }\n";
  const key = "type ipv4_addr . inet_proto . inet_service : verdict ;";
  yield `add map ip plumb others-map { ${key} }\nadd map ip plumb own-map { ${key} }\n`;
  const asked = rule(0);
  if (asked.includes("@others ")) yield* elements("others", (address) => `${address} . 53`);
  if (asked.includes("@others-map")) yield* elements("others-map", entry);
  if (asked.includes("@own-map")) {
    yield* elements("own-map", entry);
    yield `add element ip plumb own-map { ${PROBE_VIP} . udp . ${PROBE_PORT} : continue }\n`;
  }
  for (let copy = 0; copy < copies; copy++) yield `add rule ip plumb pre ${rule(copy)}\n`;
}

const entry = (address: string) => `${address} . udp . 53 : continue`;

function* elements(set: string, text: (address: string) => string): Generator<string> {
  const all = Array.from({ length: SET_SIZE }, (_, element) => text(elsewhere(element)));
  yield `add element ip plumb ${set} { ${all.join(", ")} }\n`;
}
