// What one piece of kernel work costs, ns, on one recorded machine: the numbers a modelled time is made of.
// Rows `measured` are slopes of repeated runs (K = 128 and 512 copies of one rule in a network namespace); `derived`
// are what is left of a whole path after its measured parts; `assumed` could not be measured and says what it rests on.
// A rule costs its base; every match it evaluates and every jump comes on top. Each row is net of the rule's base.
import type { CounterName } from "../netfilter/counters.js";
import type { Mode } from "../netfilter/rule-model.js";

export const CALIBRATION_MACHINE =
  "2-vCPU AMD EPYC 2.6 GHz, 1 MiB L2, Linux 6.18, iptables 1.8.9 legacy, nft 1.0.6";

/** Mode -> how the rows that price it were come by, as a report tells it. */
export const CALIBRATION_ORIGINS: Readonly<Record<Mode, string>> = {
  iptables:
    "measured row by row and checked on whole rulesets; the recent match of session affinity is assumed",
  nftables: "measured row by row and checked on whole rulesets; set updates of session affinity are assumed",
  ipvs: "derived from a user-mode Linux kernel, times 1.9, and not checked on a native one",
  userspace: "wall time of a proxy in C on a loopback, +-30%; copying to and from the proxy is assumed",
};

export interface CostRow {
  readonly ns: number;
  readonly origin: "measured" | "derived" | "assumed";
  readonly what: string;
}

const measured = (ns: number, what: string): CostRow => ({ ns, origin: "measured", what });
const derived = (ns: number, what: string): CostRow => ({ ns, origin: "derived", what });
const assumed = (ns: number, what: string): CostRow => ({ ns, origin: "assumed", what });

export type CostTable = Partial<Record<CounterName, CostRow>>;

/** Whole path through an empty node, UDP, and what connection tracking adds. Cost of every packet in every mode. */
export const PATH = {
  first: measured(1940, "receive, route and forward one packet, no netfilter"),
  established: measured(1956, "the same, established flows"),
  conntrackFirst: measured(839, "conntrack: lookup miss, allocate, confirm"),
  conntrackEstablished: measured(666, "conntrack: lookup hit"),
} as const;

/** iptables-legacy. The base of a rule is not here: it depends on how many are walked (LEGACY_SCAN). */
export const LEGACY_COSTS: CostTable = {
  commentMatches: measured(21.1, "xt_comment, called and returned"),
  portMatches: measured(17.6, "xt_tcpudp"),
  ctstateMatches: measured(19.1, "xt_conntrack"),
  markMatches: measured(15.1, "xt_mark"),
  fibLookups: measured(84.2, "xt_addrtype: a route lookup"),
  statisticMatches: measured(42.3, "xt_statistic with its random draw"),
  recentOps: assumed(150, "xt_recent: a list lookup under a lock; taken as a set probe and a half"),
  otherMatches: assumed(20, "any other match; taken as the cheapest module match"),
  setProbes: measured(104, "xt_set on hash:ip,port of 10,000 entries"),
  chainJumps: measured(11.1, "jump and return"),
  markSets: measured(17.2, "MARK target"),
  dnatTargets: derived(646, "NAT set-up of a connection: first packet through one Service, less its rules"),
  masqueradeTargets: measured(370, "MARK and MASQUERADE against none, less the mark"),
};

/**
 * Base cost of walking n legacy rules, as points of a piecewise line (rules, ns in all). Up to about 1,300 rules of
 * 488 bytes the walk stays in a 1 MiB L2 cache; above 2,500 it does not, and every rule costs twice.
 */
export const LEGACY_SCAN: readonly (readonly [number, number])[] = [
  [0, 0],
  [1300, 3380],
  [2500, 11575],
  [30000, 165300],
];

/** nftables: expressions instead of matches. A rule itself costs nothing but its expressions. */
export const NFT_COSTS: CostTable = {
  headerMisses: measured(4.2, "payload compare that fails"),
  portMatches: measured(8.7, "transport header compare"),
  ctstateMatches: measured(12.7, "ct state"),
  markMatches: measured(12.9, "meta mark with mask"),
  fibLookups: measured(88.4, "fib type: a route lookup"),
  randomDraws: measured(45.7, "numgen random"),
  recentOps: assumed(120, "dynamic set update; taken as a set probe under a lock"),
  setProbes: measured(46.8, "lookup in a set of 10,000"),
  mapProbes: measured(60.7, "verdict map lookup, 3-part key, missing"),
  mapHits: measured(12.9, "on top of that when the key is there"),
  chainJumps: measured(15.7, "jump and return"),
  markSets: measured(9.8, "meta mark set; taken as a counter statement"),
  dnatTargets: derived(905, "NAT set-up of a connection: first packet through one Service, less its rules"),
  masqueradeTargets: measured(560, "mark and masquerade against none, less the mark"),
};

/**
 * IPVS on top of the legacy rows. Not measured natively: taken inside one user-mode Linux kernel, net of the empty
 * path, times 1.9, the ratio that fixed path code shows between that kernel and the native one.
 */
export const IPVS_COSTS: CostTable = {
  ipvsServiceLookups: derived(
    900,
    "service lookup, scheduling, packet rewrite: first packet less its insert",
  ),
  ipvsConnLookups: derived(
    316,
    "connection lookup and NAT of a packet, half of an established packet's share",
  ),
  ipvsConnInserts: derived(330, "new connection entry"),
  hashNodesCompared: derived(5.3, "one more service in the bucket, warm"),
  schedulerSteps: derived(6, "one more real server looked at (lc, 100 servers)"),
};

/** NAT of a packet whose connection is known. */
export const NAT_APPLY = {
  legacy: derived(168, "established packet less conntrack and filter rules"),
  nft: derived(128, "established packet less conntrack and base chain rules"),
} as const;

/** Userspace proxy, wall time on a loopback with an epoll proxy in C; two vCPUs, so +-30%. */
export const PROXY = {
  connection: measured(118_600, "accept, connect onward, tear down: proxied less direct connection"),
  relay: measured(10_500, "one packet through the proxy: half of proxied less direct round trip of 100 B"),
  copyPerByte: assumed(0.1, "copy to and from user memory at 10 GB/s"),
} as const;

/**
 * Extra cost of a first packet when targets are many and so their own chains are cold in the cache:
 * (distinct Services asked for, ns). Random against fixed targets, whole rulesets.
 */
export const COLD_TARGETS = {
  legacy: [
    [1, 0],
    [100, 225],
    [1000, 1243],
    [5000, 2003],
    [10000, 2293],
    [30000, 3395],
  ],
  nft: [
    [1, 0],
    [100, 219],
    [1000, 1219],
    [5000, 1802],
    [10000, 1838],
    [20000, 2266],
  ],
  ipvs: [
    [1, 0],
    [100, 300],
    [1000, 1600],
    [5000, 2400],
    [10000, 3700],
  ],
} as const satisfies Record<string, readonly (readonly [number, number])[]>;
