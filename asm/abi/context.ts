// The per-worker context block: everything an exported call may touch is reached from this pointer.
//
//   0    4    8    12   16   20   24   28   32         64                         512            576      640       1024
//   +----+----+----+----+----+----+----+----+----------+--------------------------+--------------+--------+---------+
//   |imag|ct  |aff |ipvs|mode|scra|rand|now | reserved | counters: 56 x u64       | drops 8 x u64|reserved| flight: |
//   |ptr |ptr |ptr |ptr |ptr |ptr |u32 |ms  |          | order: netfilter/counters| by reason    |        | packet/ |
//   +----+----+----+----+----+----+----+----+----------+--------------------------+--------------+--------+---------+
//
// Pointers are absolute byte addresses in the shared memory. A module exports
//   init(context): prepare the private regions (zero is not assumed), and
//   evaluate(context, packets, results, count): one batch; no allocation, no host call.
// Bare numbers below 2^31 only: tsc and asc both read this file.

export const CONTEXT_BYTES = 1024;
/** Table image, shared and read-only while workers run. */
export const CONTEXT_IMAGE = 0;
/** Conntrack table of this worker (abi/conntrack). */
export const CONTEXT_CONNTRACK = 4;
/** Client affinity lists: recent, nft dynamic sets, userspace affinity map. 0 when the image needs none. */
export const CONTEXT_AFFINITY = 8;
/** IPVS connection table. 0 outside ipvs. */
export const CONTEXT_IPVS_CONNECTIONS = 12;
/** Mutable state of the mode: round-robin cursors, nth counters, real server loads. 0 when none. */
export const CONTEXT_MODE_STATE = 16;
/** Scratch for chain stacks, SCRATCH_BYTES long. */
export const CONTEXT_SCRATCH = 20;
/** State of the random stream: base/prng's mulberry32. */
export const CONTEXT_RANDOM = 24;
/** Time of the packet being evaluated, ms since the start of the run; taken from the packet record. */
export const CONTEXT_NOW_MS = 28;
export const CONTEXT_COUNTERS = 64;
export const CONTEXT_DROPS = 512;
/** The packet on its way; laid out in asm/packet/flight.ts, no business of the host. */
export const CONTEXT_FLIGHT = 640;
export const SCRATCH_BYTES = 4096;

export const COUNTER_BYTES = 8;
export const COUNTER_RULES_EVALUATED = 0;
export const COUNTER_HEADER_MISSES = 1;
export const COUNTER_COMMENT_MATCHES = 2;
export const COUNTER_PORT_MATCHES = 3;
export const COUNTER_CTSTATE_MATCHES = 4;
export const COUNTER_MARK_MATCHES = 5;
export const COUNTER_FIB_LOOKUPS = 6;
export const COUNTER_STATISTIC_MATCHES = 7;
export const COUNTER_RECENT_OPS = 8;
export const COUNTER_OTHER_MATCHES = 9;
export const COUNTER_SET_PROBES = 10;
export const COUNTER_SET_HITS = 11;
export const COUNTER_MAP_PROBES = 12;
export const COUNTER_MAP_HITS = 13;
export const COUNTER_HASH_NODES_COMPARED = 14;
export const COUNTER_RANDOM_DRAWS = 15;
export const COUNTER_CHAIN_JUMPS = 16;
export const COUNTER_MARK_SETS = 17;
export const COUNTER_DNAT_TARGETS = 18;
export const COUNTER_MASQUERADE_TARGETS = 19;
export const COUNTER_CT_LOOKUPS = 20;
export const COUNTER_CT_INSERTS = 21;
export const COUNTER_NAT_TUPLE_SEARCHES = 22;
export const COUNTER_IPVS_SERVICE_LOOKUPS = 23;
export const COUNTER_IPVS_CONN_LOOKUPS = 24;
export const COUNTER_IPVS_CONN_INSERTS = 25;
export const COUNTER_SCHEDULER_STEPS = 26;
export const COUNTER_BYTES_COPIED = 27;
export const COUNTER_SYSCALLS = 28;
export const COUNTER_CONTEXT_SWITCHES = 29;
export const COUNTER_COUNT = 30;

export const DROP_REASON_NONE = 0;
export const DROP_REASON_RULE = 1;
export const DROP_REASON_NO_ENDPOINT = 2;
export const DROP_REASON_CONNTRACK_FULL = 3;
export const DROP_REASON_CONNTRACK_INVALID = 4;
export const DROP_REASON_AFFINITY_FULL = 5;
export const DROP_REASON_CONNECTIONS_FULL = 6;
export const DROP_REASON_CHAIN_TOO_DEEP = 7;
export const DROP_REASON_COUNT = 8;
