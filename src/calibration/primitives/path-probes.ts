// Primitives that are not copies of a rule: what empty tables cost, one bare translation, a long chain, many chains.
import type { PacketKind } from "../../measure/kernel-record.js";
import { type Flavour, FLAVOURS } from "../calibration.js";
import { type Probe, PROBE_BACKEND, PROBE_PORT, PROBE_VIP, type ProbeText, type Spread } from "./probe.js";
import { manglePrerouting, serviceMiss } from "./rule-probes.js";

/** hooks: tables as kube-proxy has them, empty. dnat: with one rule. masquerade: with a second. */
export const SET_UPS = ["hooks", "dnat", "masquerade"] as const;
export type SetUp = (typeof SET_UPS)[number];

export const setUpProbeId = (flavour: Flavour, setUp: SetUp): string => `${flavour} ${setUp}`;

const BOTH_KINDS = (["first", "established"] as const).map(fixed);

function fixed(packet: PacketKind): { readonly packet: PacketKind; readonly spread: Spread } {
  return { packet, spread: "fixed" };
}

export function setUpProbes(): readonly Probe[] {
  return FLAVOURS.flatMap((flavour) => SET_UPS.map((setUp) => setUpProbe(flavour, setUp)));
}

export function setUpProbe(flavour: Flavour, setUp: SetUp): Probe {
  return {
    id: setUpProbeId(flavour, setUp),
    loader: flavour,
    texts: [flavour === "nftables" ? nftSetUp(setUp) : iptablesSetUp(setUp)],
    targets: [PROBE_VIP],
    cases: BOTH_KINDS,
  };
}

/** Built-in chains of kube-proxy's tables. Named, because iptables-nft hooks a chain in only when it is asked for. */
const BUILT_IN = {
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
} as const;

function tableHead(table: keyof typeof BUILT_IN): string {
  return `*${table}\n${BUILT_IN[table].map((chain) => `:${chain} ACCEPT [0:0]\n`).join("")}`;
}

/** The rule at INPUT, which no forwarded packet meets, turns connection tracking on. */
function iptablesSetUp(setUp: SetUp): ProbeText {
  const dnat = `-A PREROUTING -d ${PROBE_VIP}/32 -p udp -m udp --dport ${PROBE_PORT} -j DNAT --to-destination ${PROBE_BACKEND}:${PROBE_PORT}\n`;
  const lines = [
    `${tableHead("mangle")}COMMIT\n`,
    `${tableHead("filter")}-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n`,
    tableHead("nat"),
    setUp === "hooks" ? "" : dnat,
    setUp === "masquerade" ? "-A POSTROUTING -j MASQUERADE --random-fully\n" : "",
    "COMMIT\n",
  ];
  return { part: "iptables", text: () => lines };
}

/** Base chains that kube-proxy's table has on a forwarded packet's way, by name: type, hook, priority. */
const NFT_BASE_CHAINS = {
  "filter-prerouting": "type filter hook prerouting priority -110",
  "nat-prerouting": "type nat hook prerouting priority -100",
  "filter-input": "type filter hook input priority -110",
  "filter-forward": "type filter hook forward priority 0",
  "nat-postrouting": "type nat hook postrouting priority 100",
} as const;

function nftSetUp(setUp: SetUp): ProbeText {
  const rule = (chain: keyof typeof NFT_BASE_CHAINS, text: string) => `add rule ip plumb ${chain} ${text}\n`;
  const lines = [
    "add table ip plumb\n",
    ...Object.entries(NFT_BASE_CHAINS).map(([name, text]) => `add chain ip plumb ${name} { ${text} ; }\n`),
    rule("filter-input", "ct state invalid drop"),
  ];
  if (setUp !== "hooks")
    lines.push(
      rule(
        "nat-prerouting",
        `ip daddr ${PROBE_VIP} udp dport ${PROBE_PORT} dnat to ${PROBE_BACKEND}:${PROBE_PORT}`,
      ),
    );
  if (setUp === "masquerade") lines.push(rule("nat-postrouting", "masquerade fully-random"));
  return { part: "nft", text: () => lines };
}

/** Lengths of one chain: dense where a table of 488 bytes a rule leaves a cache of one or two MiB. */
export const SCAN_LENGTHS: Readonly<Record<Exclude<Flavour, "nftables">, readonly number[]>> = {
  "iptables-legacy": [64, 512, 1024, 1536, 2048, 3072, 4096, 8192, 16_384],
  "iptables-nft": [64, 1024, 4096, 8192],
};

export const scanProbeId = (flavour: Flavour, length: number): string => `${flavour} scan ${length}`;

export function scanProbes(): readonly Probe[] {
  return Object.entries(SCAN_LENGTHS).flatMap(([flavour, lengths]) =>
    lengths.map(
      (length): Probe => ({
        id: scanProbeId(flavour as Flavour, length),
        loader: flavour as Flavour,
        texts: [{ part: "iptables", text: () => manglePrerouting(serviceMiss, length) }],
        targets: [PROBE_VIP],
        cases: [fixed("first")],
      }),
    ),
  );
}
