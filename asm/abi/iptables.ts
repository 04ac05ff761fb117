// iptables rules as bytes: regions 0..9 of the images of modes iptables, userspace and ipvs.
//
//   hooks    u32[5 hooks x 4 tables]: chain index + 1, 0 when the table has no chain at that hook
//   chains   16 bytes each, by chain index:
//            0         4       8          12       16
//            +---------+-------+----------+--------+
//            |rules at |count  |capacity  |policy  |   rules at: offset of the first rule from the image's start
//            +---------+-------+----------+--------+
//   rules    one stride each; a chain's rules lie together, in order
//     IPv4   0                 8              16     17     18    20         24       28        32
//            +-----------------+--------------+------+------+-----+----------+--------+---------+
//            |source, dest. u32|masks u32 u32 |proto |target|bits |matches at|operand |operand 2|
//            +-----------------+--------------+------+------+-----+----------+--------+---------+
//     IPv6   0        16            32            48                 64                         80
//            +--------+-------------+-------------+------------------+--------------------------+
//            |source  |source mask  |destination  |destination mask  | as IPv4 bytes 16..32     |
//            +--------+-------------+-------------+------------------+--------------------------+
//   matches  records {kind u8, flags u8, bytes u16, ...}, ended by kind 0; equal lists are stored once
//
// Why fixed strides and both addresses side by side: the walk looks at every header in order, as the kernel does, and
// one 64-bit and-compare decides source and destination of an IPv4 rule. What seldom occurs (negation, interfaces)
// is a match record of its own, HEADER, and still counts as part of the header.
// Cost: 32 or 80 bytes per rule, 16 per chain, matches shared.
// Source of the semantics: net/ipv4/netfilter/ip_tables.c (ipt_do_table), net/netfilter/xt_*.c.

export const IPTABLES_REGION_HOOKS = 0;
export const IPTABLES_REGION_CHAINS = 1;
/** Hash set of local addresses (addrtype LOCAL): {mask u32, pad 12}, then 16 bytes per slot, 4 words, zero when empty. */
export const IPTABLES_REGION_LOCAL = 2;
/** {n u32}, then n x n bytes: row = name in the rule, column = name of the packet; 1 when they match. */
export const IPTABLES_REGION_INTERFACES = 3;
/** The node: 0 address to masquerade with (16 bytes), 16 whether there is one u32. */
export const IPTABLES_REGION_NODE = 4;
/** {count u32, pad 12}, then SET_HEADER_BYTES per set (abi/ipset). */
export const IPTABLES_REGION_SETS = 5;
/** Listeners of the userspace proxy (abi/userspace). */
export const IPTABLES_REGION_LISTENERS = 6;
/** Private regions: affinity 0 lists, 4 entries max, 8 bucket mask, 12 stamps max; 16 count of nth counters; 32: their
 * first values, u32 each, which begin the mode state. */
export const IPTABLES_REGION_PRIVATE = 7;
/** First region number free for a mode of its own. */
export const IPTABLES_REGIONS_END = 10;

export const HOOK_PREROUTING = 0;
export const HOOK_INPUT = 1;
export const HOOK_FORWARD = 2;
export const HOOK_OUTPUT = 3;
export const HOOK_POSTROUTING = 4;
export const HOOK_COUNT = 5;
export const TABLE_RAW = 0;
export const TABLE_MANGLE = 1;
export const TABLE_NAT = 2;
export const TABLE_FILTER = 3;
export const TABLE_COUNT = 4;

export const CHAIN_BYTES = 16;
export const CHAIN_RULES_AT = 0;
export const CHAIN_COUNT = 4;
export const CHAIN_CAPACITY = 8;
export const CHAIN_POLICY = 12;
export const POLICY_NONE = 0;
export const POLICY_ACCEPT = 1;
export const POLICY_DROP = 2;

export const RULE_BYTES_V4 = 32;
export const RULE_BYTES_V6 = 80;
export const RULE_V4_ADDRESSES = 0;
export const RULE_V4_MASKS = 8;
export const RULE_V6_SOURCE = 0;
export const RULE_V6_SOURCE_MASK = 16;
export const RULE_V6_DESTINATION = 32;
export const RULE_V6_DESTINATION_MASK = 48;
/** Where the control part begins. */
export const RULE_CONTROL_V4 = 16;
export const RULE_CONTROL_V6 = 64;
/** Within the control part. Protocol 0 is any. */
export const RULE_PROTOCOL = 0;
export const RULE_TARGET = 1;
export const RULE_BITS = 2;
export const RULE_MATCHES_AT = 4;
export const RULE_OPERAND = 8;
export const RULE_OPERAND_2 = 12;
/** The rule's first match record is HEADER. */
export const RULE_BIT_HEADER = 1;

export const TARGET_NONE = 0;
export const TARGET_ACCEPT = 1;
export const TARGET_DROP = 2;
export const TARGET_REJECT = 3;
export const TARGET_RETURN = 4;
/** Operand: chain index. */
export const TARGET_JUMP = 5;
export const TARGET_GOTO = 6;
/** Operand: offset of a translation record. */
export const TARGET_DNAT = 7;
export const TARGET_SNAT = 8;
/** Operand: first port | last port << 16; 0 keeps the port. */
export const TARGET_REDIRECT = 9;
export const TARGET_MASQUERADE = 10;
/** mark = (mark & ~operand 2) ^ operand. */
export const TARGET_MARK = 11;
export const TARGET_NOTRACK = 12;
/** DNAT to one IPv4 address without a record: operand address, operand 2 port (0 keeps it). */
export const TARGET_DNAT_TO = 13;

/** Translation record: 0 first address, 16 last address, 32 has address u32, 36 first port u16, 38 last port u16. */
export const TRANSLATION_BYTES = 48;
export const TRANSLATION_FIRST = 0;
export const TRANSLATION_LAST = 16;
export const TRANSLATION_HAS_ADDRESS = 32;
export const TRANSLATION_FIRST_PORT = 36;
export const TRANSLATION_LAST_PORT = 38;

export const MATCH_KIND = 0;
export const MATCH_FLAGS = 1;
export const MATCH_BYTES = 2;
/** Flag of most kinds: the result is turned round. */
export const MATCH_FLAG_NEGATED = 1;

export const MATCH_END = 0;
/** Rest of the header. 4: in-interface u16, 6: out-interface u16, 8: protocol u8, 9: HEADER_ bits u8 x2, 16: source, mask,
 * destination, mask (16 bytes each). */
export const MATCH_HEADER = 1;
export const MATCH_HEADER_LENGTH = 80;
export const HEADER_IN_INTERFACE = 4;
export const HEADER_OUT_INTERFACE = 6;
export const HEADER_PROTOCOL = 8;
export const HEADER_PRESENT = 10;
export const HEADER_NEGATED = 11;
export const HEADER_SOURCE = 16;
export const HEADER_SOURCE_MASK = 32;
export const HEADER_DESTINATION = 48;
export const HEADER_DESTINATION_MASK = 64;
export const HEADER_BIT_SOURCE = 1;
export const HEADER_BIT_DESTINATION = 2;
export const HEADER_BIT_IN = 4;
export const HEADER_BIT_OUT = 8;
export const HEADER_BIT_PROTOCOL = 16;

/** 4 bytes; always holds. */
export const MATCH_COMMENT = 2;
/** One destination port range: 4 first u16, 6 last u16. The common case of PORT. */
export const MATCH_DESTINATION_PORT = 3;
/** 4 PORT_ bits u8, 5 negated bits u8, 6 tcp flag mask u8, 7 tcp flags u8, 8..10 range counts u8 (source, destination,
 * either), 11 protocol that the packet must have u8 (0 any, 255 any with ports), 12: ranges u16 u16 each, in that
 * order. */
export const MATCH_PORT = 4;
export const PORT_PRESENT = 4;
export const PORT_NEGATED = 5;
export const PORT_TCP_MASK = 6;
export const PORT_TCP_FLAGS = 7;
export const PORT_COUNTS = 8;
export const PORT_PROTOCOL = 11;
export const PORT_PROTOCOL_WITH_PORTS = 255;
export const PORT_RANGES = 12;
export const PORT_BIT_SOURCE = 1;
export const PORT_BIT_DESTINATION = 2;
export const PORT_BIT_EITHER = 4;
export const PORT_BIT_TCP_FLAGS = 8;
/** 4: bits by CT_STATE_, then STATE_BIT_DNAT and STATE_BIT_SNAT, u32. */
export const MATCH_CONNTRACK = 5;
export const STATE_BIT_DNAT = 32;
export const STATE_BIT_SNAT = 64;
/** 4 value u32, 8 mask u32. */
export const MATCH_MARK = 6;
/** 4 source types u16, 6 destination types u16: ADDRTYPE_ bits, 0 when that side is not asked; flags say which is turned. */
export const MATCH_ADDRTYPE = 7;
/** 4 threshold u32: holds when (random32 & 0x7fffffff) < threshold. */
export const MATCH_RANDOM = 8;
/** 4 every u32, 8 packet u32, 12 offset of the counter in the mode state u32. */
export const MATCH_NTH = 9;
/** 4 list index u32, 8 seconds u32, 12 hit count u32, 16 operation u8, 17 destination side u8, 18 reap u8, 20 stamps that
 * the list keeps per client u32. */
export const MATCH_RECENT = 10;
export const RECENT_SET = 0;
export const RECENT_CHECK = 1;
export const RECENT_UPDATE = 2;
export const RECENT_REMOVE = 3;
/** 4 set index u32 (SET_INDEX_NONE: no such set), 8 sides: bit i set when dimension i comes from the destination. */
export const MATCH_SET = 11;
export const SET_INDEX_NONE = 0x7fffffff;
/** 4 IPRANGE_ bits u8, 5 negated bits u8, 16: source first, last, destination first, last. */
export const MATCH_IPRANGE = 12;
/** A match that the encoder could decide: 4 result u32. Counts as otherMatches. */
export const MATCH_CONSTANT = 13;
/** 4 protocol u32, 8 whether its type is that of our packets (echo request) u32. */
export const MATCH_ICMP = 14;
/** 4 protocol u8, 6 port u16, 16: address. The virtual service that the packet is for. */
export const MATCH_IPVS = 15;

export const ADDRTYPE_LOCAL = 1;
export const ADDRTYPE_UNICAST = 2;
export const ADDRTYPE_BROADCAST = 4;
export const ADDRTYPE_MULTICAST = 8;
/** UNSPEC: any address. */
export const ADDRTYPE_ANY = 15;
/** A type no address here can have. */
export const ADDRTYPE_OTHER = 16;
export const ADDRTYPE_FLAG_SOURCE_NEGATED = 1;
export const ADDRTYPE_FLAG_DESTINATION_NEGATED = 2;
