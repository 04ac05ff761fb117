// Primitives of iptables, loaded by either of its two: legacy walks a table of its own, nft has expressions and, for what
// has none, the same matches through a compatibility layer.
//
//   hooks    kube-proxy's tables, no rule
//   dnat     ... and one rule that translates; everything below stands on it, so that connections are tracked
//   masquerade, scan, rows of work, cold
//
// Copies stand in mangle PREROUTING: after connection tracking, before translation.
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

export type IptablesFlavour = "iptables-legacy" | "iptables-nft";

/** What one copy does, and what its price stands for. */
export interface IptablesWork {
  readonly counter: CounterName;
  /** Arguments of the rule; never the end of the walk. */
  readonly rule: string;
  readonly what: string;
}

const SET = "PLUMB-SET";
const SET_ELEMENTS = 10_000;
const EMPTY_CHAIN = "PLUMB-EMPTY";

/** Rules whose header matches every packet, and fail or hold at what they are about. */
export const IPTABLES_WORK: readonly IptablesWork[] = [
  { counter: "commentMatches", rule: '-m comment --comment "ns-1/service-1:dns"', what: "xt_comment" },
  {
    counter: "portMatches",
    rule: `-d ${serviceAddress(0)} -p udp -m udp --dport 81`,
    what: "port of the transport header",
  },
  { counter: "ctstateMatches", rule: "-m conntrack --ctstate INVALID", what: "xt_conntrack" },
  { counter: "markMatches", rule: "-m mark --mark 0x4000/0x4000", what: "mark compare" },
  { counter: "fibLookups", rule: "-m addrtype --dst-type LOCAL", what: "xt_addrtype: a route lookup" },
  {
    counter: "statisticMatches",
    rule: "-m statistic --mode random --probability 0.00001",
    what: "xt_statistic with its random draw",
  },
  {
    counter: "setProbes",
    rule: `-m set --match-set ${SET} dst,dst`,
    what: `xt_set on hash:ip,port of ${SET_ELEMENTS} elements, found`,
  },
  { counter: "chainJumps", rule: `-j ${EMPTY_CHAIN}`, what: "jump and return" },
  { counter: "markSets", rule: "-j MARK --or-mark 0x1", what: "MARK target" },
];

/** A rule as KUBE-SERVICES has them, that misses by its address. Beyond the caches it costs more, and so there are many. */
export const SCAN_SIZES: Readonly<Record<IptablesFlavour, readonly number[]>> = {
  "iptables-legacy": [128, 512, 1000, 1500, 2500, 5000, 10_000],
  "iptables-nft": [128, 512, 2500, 10_000],
};

/** Sets by size, for elements that are cold. */
export const COLD_SET_SIZES = [100, 1000, 10_000, 30_000] as const;

export const workName = (flavour: IptablesFlavour, counter: CounterName, copies: number) =>
  `${flavour} ${counter} ${copies}`;
export const scanName = (flavour: IptablesFlavour, rules: number) => `${flavour} scan ${rules}`;
export const coldName = (flavour: IptablesFlavour, services: number) => `${flavour} cold ${services}`;
export const coldSetName = (elements: number) => `set cold ${elements}`;

export function iptablesPrimitives(flavour: IptablesFlavour): PrimitiveNode[] {
  const both = ["first", "established"] as const;
  const node = (name: string, rules: Rules, texts: readonly PrimitiveText[] = []): PrimitiveNode => ({
    name,
    flavour,
    texts: [...texts, restoreText(rules)],
    cases: [oneTarget(name)],
  });
  return [
    { ...node(`${flavour} hooks`, {}), cases: [oneTarget(`${flavour} hooks`, both)] },
    { ...node(`${flavour} dnat`, { nat: [DNAT] }), cases: [oneTarget(`${flavour} dnat`, both)] },
    node(`${flavour} masquerade`, { nat: [DNAT, "-A POSTROUTING -j MASQUERADE --random-fully"] }),
    ...SCAN_SIZES[flavour].map((rules) =>
      node(scanName(flavour, rules), { mangle: missingRules(rules), nat: [DNAT] }),
    ),
    ...IPTABLES_WORK.flatMap(({ counter, rule }) =>
      COPIES.map((copies) =>
        node(
          workName(flavour, counter, copies),
          { mangle: [...REFERRED, ...copiesOf(rule, copies)], nat: [DNAT] },
          rule.includes(SET) ? [setText(SET_ELEMENTS)] : [],
        ),
      ),
    ),
    ...COLD_SIZES.map((services) => ({
      name: coldName(flavour, services),
      flavour,
      texts: [restoreText({ nat: serviceChains(services) })],
      cases: coldCases(coldName(flavour, services), services),
    })),
  ];
}

/** Sets of growing size, each probed once a packet, by iptables-legacy: the cost of elements that are not in a cache. */
export function setPrimitives(): PrimitiveNode[] {
  return COLD_SET_SIZES.map((elements) => ({
    name: coldSetName(elements),
    flavour: "iptables-legacy",
    texts: [
      setText(elements),
      restoreText({
        nat: [
          `-A PREROUTING -m set --match-set ${SET} dst,dst -j DNAT --to-destination ${endpointAddress(0)}`,
        ],
      }),
    ],
    cases: coldCases(coldSetName(elements), elements),
  }));
}

/** Lines of a table: chains of its own first, then rules. */
interface Rules {
  readonly mangle?: readonly string[];
  readonly nat?: readonly string[];
}

const DNAT = `-A PREROUTING -p udp -j DNAT --to-destination ${endpointAddress(0)}:${SERVICE_PORT}`;
const REFERRED = [`:${EMPTY_CHAIN} - [0:0]`];

/** The tables and built-in chains that kube-proxy's rules are in, for a fresh namespace. */
const TABLES = {
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
} as const;

function restoreText(rules: Rules): PrimitiveText {
  return {
    part: "iptables",
    *text() {
      for (const [table, chains] of Object.entries(TABLES)) {
        yield `*${table}\n${chains.map((chain) => `:${chain} ACCEPT [0:0]\n`).join("")}`;
        yield* (rules[table as keyof Rules] ?? []).map((line) => `${line}\n`);
        yield "COMMIT\n";
      }
    },
  };
}

function copiesOf(rule: string, copies: number): string[] {
  return Array.from({ length: copies }, () => `-A PREROUTING ${rule}`);
}

/** None of them is about Service 0, which is asked. */
function missingRules(count: number): string[] {
  return Array.from({ length: count }, (_, index) => serviceRule(index + 1));
}

function serviceRule(index: number): string {
  const comment = `-m comment --comment "ns-${index % 10}/service-${index}:dns cluster IP"`;
  return `-A PREROUTING ${comment} -m udp -p udp -d ${serviceAddress(index)} --dport ${SERVICE_PORT}`;
}

/** Every Service with two chains of two rules, as a cluster IP and its endpoint have: two jumps, a translation. */
function serviceChains(services: number): string[] {
  const indices = Array.from({ length: services }, (_, index) => index);
  const port = `-m udp -p udp`;
  const comment = (index: number) => `-m comment --comment "ns-${index % 10}/service-${index}:dns"`;
  return [
    ...indices.map((index) => `:S${index} - [0:0]\n:E${index} - [0:0]`),
    ...indices.map((index) => `${serviceRule(index)} -j S${index}`),
    ...indices.map((index) =>
      [
        `-A S${index} ${comment(index)} ${port} -d ${serviceAddress(index)} --dport ${SERVICE_PORT} ! -s 10.0.0.0/8 -j RETURN`,
        `-A S${index} ${comment(index)} -j E${index}`,
        `-A E${index} ${comment(index)} -s ${endpointAddress(index)} -j RETURN`,
        `-A E${index} ${comment(index)} ${port} -j DNAT --to-destination ${endpointAddress(index)}:${SERVICE_PORT}`,
      ].join("\n"),
    ),
  ];
}

function setText(elements: number): PrimitiveText {
  return {
    part: "ipset",
    *text() {
      yield `create ${SET} hash:ip,port family inet hashsize 1024 maxelem 65536\n`;
      for (let index = 0; index < elements; index++)
        yield `add ${SET} ${serviceAddress(index)},udp:${SERVICE_PORT}\n`;
    },
  };
}
