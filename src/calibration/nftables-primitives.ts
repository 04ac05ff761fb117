// Primitives of nftables, as in iptables-primitives.ts: hooks, dnat, masquerade, rows of work, cold chains. There is no
// scan: a rule costs its expressions and nothing besides.
// Copies stand in a base chain of their own at prerouting: after connection tracking, before translation.
import type { CounterName } from "../netfilter/counters.js";
import {
  COLD_SIZES,
  coldCases,
  COPIES,
  endpointAddress,
  oneTarget,
  type PrimitiveNode,
  type PrimitiveText,
  SERVICE_PORT,
  serviceAddress,
} from "./primitive.js";

export interface NftWork {
  readonly counter: CounterName;
  readonly rule: string;
  /** Rows whose price is already in a copy: what it does besides. */
  readonly besides: readonly CounterName[];
  readonly what: string;
}

const ELEMENTS = 10_000;
const KEY = "ip daddr . meta l4proto . th dport";

export const NFT_WORK: readonly NftWork[] = [
  { counter: "headerMisses", rule: "ip daddr 192.0.2.1", besides: [], what: "payload compare that fails" },
  {
    counter: "portMatches",
    rule: "meta l4proto udp th dport 81",
    besides: ["headerMisses"],
    what: "transport header compare",
  },
  { counter: "ctstateMatches", rule: "ct state invalid", besides: [], what: "ct state" },
  { counter: "markMatches", rule: "mark and 0x4000 != 0", besides: [], what: "meta mark with mask" },
  { counter: "fibLookups", rule: "fib daddr type local", besides: [], what: "fib type: a route lookup" },
  { counter: "randomDraws", rule: "numgen random mod 1000000 0", besides: [], what: "numgen random" },
  {
    counter: "setProbes",
    rule: "ip daddr @probed",
    besides: [],
    what: `lookup in a set of ${ELEMENTS} addresses, found`,
  },
  {
    counter: "mapProbes",
    rule: `${KEY} vmap @without`,
    besides: [],
    what: `verdict map of ${ELEMENTS} keys of three parts, missing`,
  },
  {
    counter: "mapHits",
    rule: `${KEY} vmap @with`,
    besides: ["mapProbes"],
    what: "on top of that when the key is there",
  },
  { counter: "chainJumps", rule: "jump empty", besides: [], what: "jump and return" },
  { counter: "markSets", rule: "mark set mark or 0x1", besides: [], what: "meta mark set" },
];

export const nftWorkName = (counter: CounterName, copies: number) => `nftables ${counter} ${copies}`;
export const nftColdName = (services: number) => `nftables cold ${services}`;

export function nftablesPrimitives(): PrimitiveNode[] {
  const both = ["first", "established"] as const;
  return [
    { ...node("nftables hooks", []), cases: [oneTarget("nftables hooks", both)] },
    { ...node("nftables dnat", [DNAT]), cases: [oneTarget("nftables dnat", both)] },
    node("nftables masquerade", [DNAT, "add rule ip plumb nat-postrouting masquerade fully-random"]),
    ...NFT_WORK.flatMap(({ counter, rule }) =>
      COPIES.map((copies) => node(nftWorkName(counter, copies), copiesOf(rule, copies))),
    ),
    ...COLD_SIZES.map((services) => ({
      ...node(nftColdName(services), serviceChains(services)),
      cases: coldCases(nftColdName(services), services),
    })),
  ];
}

/** kube-proxy's base chains. */
const BASE_CHAINS = [
  ["filter-prerouting-pre-dnat", "type filter hook prerouting priority -110"],
  ["filter-output-pre-dnat", "type filter hook output priority -110"],
  ["filter-input", "type filter hook input priority 0"],
  ["filter-forward", "type filter hook forward priority 0"],
  ["filter-output", "type filter hook output priority 0"],
  ["nat-prerouting", "type nat hook prerouting priority -100"],
  ["nat-output", "type nat hook output priority -100"],
  ["nat-postrouting", "type nat hook postrouting priority 100"],
] as const;

const DNAT = `add rule ip plumb nat-prerouting meta l4proto udp dnat to ${endpointAddress(0)}:${SERVICE_PORT}`;

function node(name: string, lines: readonly string[]): PrimitiveNode {
  const head = [
    "add table ip plumb",
    ...BASE_CHAINS.map(([chain, hook]) => `add chain ip plumb ${chain} { ${hook} ; }`),
  ];
  return { name, flavour: "nftables", texts: transactions([...head, ...lines]), cases: [oneTarget(name)] };
}

/** The kernel takes time quadratic in what one transaction makes. */
const LINES_PER_TRANSACTION = 1000;

function transactions(lines: readonly string[]): PrimitiveText[] {
  const starts = Array.from({ length: Math.ceil(lines.length / LINES_PER_TRANSACTION) }, (_, index) => index);
  return starts.map((start) => ({
    part: "nft",
    text: () => [
      `${lines.slice(start * LINES_PER_TRANSACTION, (start + 1) * LINES_PER_TRANSACTION).join("\n")}\n`,
    ],
  }));
}

const keyOf = (index: number) => `${serviceAddress(index)} . udp . ${SERVICE_PORT}`;

/** Copies, with what they refer to; connections are tracked and translated as everywhere. */
function copiesOf(rule: string, copies: number): string[] {
  const type = "type ipv4_addr . inet_proto . inet_service : verdict";
  const addresses = Array.from({ length: ELEMENTS }, (_, index) => serviceAddress(index));
  const others = Array.from({ length: ELEMENTS }, (_, index) => `${keyOf(index + 1)} : continue`);
  return [
    DNAT,
    "add chain ip plumb empty",
    "add chain ip plumb copies { type filter hook prerouting priority -150 ; }",
    ...(rule.includes("@probed")
      ? [
          "add set ip plumb probed { type ipv4_addr ; }",
          `add element ip plumb probed { ${addresses.join(", ")} }`,
        ]
      : []),
    ...["with", "without"].flatMap((map) =>
      rule.endsWith(`@${map}`)
        ? [
            `add map ip plumb ${map} { ${type} ; }`,
            `add element ip plumb ${map} { ${others.join(", ")} }`,
            ...(map === "with" ? [`add element ip plumb ${map} { ${keyOf(0)} : continue }`] : []),
          ]
        : [],
    ),
    ...Array.from({ length: copies }, () => `add rule ip plumb copies ${rule}`),
  ];
}

/** Every Service with a chain that draws among its endpoints, one of them, behind one verdict map. */
function serviceChains(services: number): string[] {
  const indices = Array.from({ length: services }, (_, index) => index);
  return [
    "add map ip plumb services { type ipv4_addr . inet_proto . inet_service : verdict ; }",
    ...indices.flatMap((index) => [
      `add chain ip plumb s${index}`,
      `add rule ip plumb s${index} meta l4proto udp dnat ip addr . port to numgen random mod 1 map { 0 : ${endpointAddress(index)} . ${SERVICE_PORT} }`,
      `add element ip plumb services { ${keyOf(index)} : goto s${index} }`,
    ]),
    `add rule ip plumb nat-prerouting ${KEY} vmap @services`,
  ];
}
