// What is counted while a packet crosses the rules: one row per counter, in the order of the core's counter block.
// Counting contract, kept alike by every tracer and every WASM path:
//   - a rule is counted (rulesEvaluated) when the walk reaches it, whether it matches or not;
//   - its addresses, interfaces and protocol are one header compare; when that fails, headerMisses counts it
//     and no match of the rule is evaluated;
//   - then its matches are evaluated in the order written, each counted under its class, up to the first that fails.
// asm/abi/context.ts numbers the same rows; a test in src/dataplane holds the two together.

/** Name -> meaning. The position in this object is the index in the counter block. */
const COUNTERS = {
  rulesEvaluated: "rules reached by the walk",
  headerMisses: "rules whose address, interface or protocol did not match",
  commentMatches: "comment matches evaluated (they cost time and always hold)",
  portMatches: "tcp, udp, sctp and multiport matches evaluated",
  ctstateMatches: "conntrack state or status matches evaluated",
  markMatches: "mark and connmark matches evaluated",
  fibLookups: "addrtype matches and fib expressions evaluated",
  statisticMatches: "statistic matches evaluated",
  recentOps: "recent matches and nft dynamic set updates and lookups",
  otherMatches: "matches of any other kind evaluated",
  setProbes: "ipset and nft set membership tests",
  setHits: "of those, tests that found the element",
  mapProbes: "nft verdict map and data map lookups",
  mapHits: "of those, lookups that found the key",
  hashNodesCompared: "entries compared while walking hash buckets",
  randomDraws: "random numbers drawn",
  chainJumps: "jumps and gotos into a chain",
  markSets: "mark, xmark and nft meta mark statements executed",
  dnatTargets: "destination translations set up",
  masqueradeTargets: "source translations set up",
  ctLookups: "conntrack lookups",
  ctInserts: "conntrack entries made",
  natTupleSearches: "searches for a free tuple by NAT",
  ipvsServiceLookups: "IPVS service table lookups",
  ipvsConnLookups: "IPVS connection table lookups",
  ipvsConnInserts: "IPVS connections made",
  schedulerSteps: "real servers looked at by an IPVS scheduler",
  bytesCopied: "bytes copied between kernel and a userspace proxy",
  syscalls: "system calls of a userspace proxy",
  contextSwitches: "wake-ups of a userspace proxy",
} as const;

export type CounterName = keyof typeof COUNTERS;
export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];
export type Counts = Record<CounterName, number>;

export function zeroCounts(): Counts {
  return Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Counts;
}
