// An nftables table as bytes: chains of fixed-stride statements, and hash tables for the named sets and maps.
//
//   region HOOKS    5 x 64 bytes, in the order of netfilter/iptables HOOKS: chain count u32, then count x {chain u32, nat u32}
//   region CHAINS   u32 per chain: offset of its first statement; a jump names a chain by its position here, so that a
//                   sync can move a chain by writing one word
//   region TABLES   16 bytes per named set or map: slots at u32, slot mask u32, pad 8
//   region DISPATCH numbers u32 of the map that sends packets to the Services' chains and of the set of their addresses:
//                   what is touched ahead of a packet (packet/groups). Its offset is 0 when the table has no such two
//   IPTABLES_REGION_LOCAL, _INTERFACES and _NODE have the same numbers and layouts here
//
//   statement  0    1     2         4        8        12       16
//              +----+-----+---------+--------+--------+--------+
//              | op |flags| skip u16| a u32  | b u32  | c u32  |   then its payload, c strides long, where it has one
//              +----+-----+---------+--------+--------+--------+
//   skip: strides from this statement to the next rule, taken when it does not hold. The last rule's skip leads to END.
//
//   slot  IPv4 (16)  0 first address u32, 4 protocol << 16 | port u32, 8 second address u32, 12 value u32
//         IPv6 (32)  0 first address, 16 protocol << 16 | port u32, 20 value u32, 24 pad 8
//         IPv6 (64)  the same, and 32 second address, 48 pad 16: where keys have two addresses
//   slot of a set of single addresses: the address alone, IPv4 4 bytes, IPv6 16; 0 is empty
//   value 0 is an empty slot. Parts that a key lacks are zero. Of a map the value is a verdict, kind << 28 | chain; of a
//   set it is NFT_MEMBER.
//
// Why linear probing on one u64: 1.1 to 1.2 of native C's time, and the simplest of what was measured; tables are
// at most half full. No slot crosses a cache line, and code begins on one: at 50,000 Services these are the misses that
// a first packet pays for. Why sets of addresses are bare: cluster-ips is asked twice per first packet, and half a megabyte
// stays in L2. Why statements of one stride: the next one is found by adding, never by decoding.
// Offsets count from the image's start. Source of the semantics: net/netfilter/nf_tables_core.c.

export const NFT_REGION_HOOKS = 0;
export const NFT_REGION_CHAINS = 1;
export const NFT_REGION_TABLES = 5;
export const NFT_REGION_DISPATCH = 6;

export const NFT_HOOK_BYTES = 64;
export const NFT_HOOK_CHAINS_MAX = 7;
export const NFT_HOOK_FIRST_CHAIN = 8;
export const NFT_HOOK_CHAIN_BYTES = 8;

export const NFT_TABLE_BYTES = 16;
export const NFT_TABLE_SLOTS_AT = 0;
export const NFT_TABLE_SLOT_MASK = 4;

export const NFT_DISPATCH_BYTES = 64;
export const NFT_DISPATCH_MAP = 0;
export const NFT_DISPATCH_SET = 4;

/** Alignment of a chain's first statement. */
export const NFT_CODE_ALIGNMENT = 64;
export const NFT_STATEMENT_BYTES = 16;
export const NFT_STATEMENT_FLAGS = 1;
export const NFT_STATEMENT_SKIP = 2;
export const NFT_STATEMENT_A = 4;
export const NFT_STATEMENT_B = 8;
export const NFT_STATEMENT_C = 12;

/** The first statement of a rule: reaching it counts the rule. */
export const NFT_FLAG_FIRST = 1;
export const NFT_FLAG_NEGATED = 2;
/** The destination's address, not the source's. */
export const NFT_FLAG_DESTINATION = 4;

/** End of the chain: return. */
export const NFT_OP_END = 0;
/** IPv4: (address & b) == a. IPv6: payload value, mask (16 each). */
export const NFT_OP_ADDRESS = 1;
/** a networks in the payload, {value, mask} each: 8 bytes for IPv4, 32 for IPv6. */
export const NFT_OP_ADDRESSES = 2;
/** a == 1: b is the value. Otherwise a values of u32 in the payload. */
export const NFT_OP_PROTOCOL = 3;
export const NFT_OP_SOURCE_PORT = 4;
export const NFT_OP_DESTINATION_PORT = 5;
/** Values are positions in the image's interface list. */
export const NFT_OP_INTERFACE = 6;
/** a: bits by CT_STATE_. */
export const NFT_OP_CT_STATE = 7;
/** a: 1 for dnat, 2 for snat. */
export const NFT_OP_CT_STATUS = 8;
export const NFT_OP_FIB_LOCAL = 9;
/** (mark & a) == b. */
export const NFT_OP_MARK = 10;
export const NFT_OP_MARK_OR = 11;
export const NFT_OP_MARK_XOR = 12;
/** a: table, b: NFT_KEY_ bits. */
export const NFT_OP_LOOKUP = 13;
export const NFT_OP_VMAP = 14;
/** a: table, a set of single addresses. */
export const NFT_OP_ADDRESS_LOOKUP = 22;
/** a: number of the dynamic set. */
export const NFT_OP_CLIENT_LOOKUP = 15;
/** a: number of the dynamic set, b: its timeout, ms. */
export const NFT_OP_CLIENT_UPDATE = 16;
/** a verdicts of u32 in the payload. */
export const NFT_OP_NUMGEN_VMAP = 17;
/** a targets in the payload: IPv4 {address u32, port u32}, IPv6 {address 16, port u32}. */
export const NFT_OP_NUMGEN_DNAT = 18;
/** IPv4: address a, port b. IPv6: port b, payload the address. */
export const NFT_OP_DNAT = 19;
export const NFT_OP_MASQUERADE = 20;
/** a: verdict. */
export const NFT_OP_VERDICT = 21;

export const NFT_TARGET_BYTES_V4 = 8;
export const NFT_TARGET_BYTES_V6 = 20;

/** What a key is made of. */
export const NFT_KEY_FIRST = 1;
export const NFT_KEY_FIRST_IS_DESTINATION = 2;
export const NFT_KEY_SECOND = 4;
export const NFT_KEY_SECOND_IS_DESTINATION = 8;
export const NFT_KEY_PROTOCOL = 16;
export const NFT_KEY_PORT = 32;
export const NFT_KEY_PORT_IS_DESTINATION = 64;

export const NFT_SLOT_BYTES_V4 = 16;
export const NFT_SLOT_BYTES_V6 = 32;
export const NFT_SLOT_BYTES_V6_TWO = 64;
export const NFT_SLOT_VALUE_V4 = 12;
export const NFT_SLOT_VALUE_V6 = 20;

export const NFT_VERDICT_SHIFT = 28;
export const NFT_VERDICT_CHAIN_MASK = 0x0fffffff;
export const NFT_VERDICT_ACCEPT = 1;
export const NFT_VERDICT_DROP = 2;
export const NFT_VERDICT_RETURN = 3;
export const NFT_VERDICT_REJECT = 4;
export const NFT_VERDICT_JUMP = 5;
export const NFT_VERDICT_GOTO = 6;
/** Value of a set's element. */
export const NFT_MEMBER = 0x70000000;

/** Jumps that may be open at once (NFT_JUMP_STACK_SIZE). */
export const NFT_JUMPS_MAX = 16;

/** Multipliers of the key hash, twin src/dataplane/nftables/key-table.ts. */
export const NFT_HASH_A = 0x2c1b3c6d;
export const NFT_HASH_B = 0x297a2d39;
export const NFT_HASH_C = 0x1b873593;

/** Clients of the dynamic sets, in the worker's affinity region; see asm/nftables/clients.ts. */
export const NFT_CLIENTS_HEADER_BYTES = 64;
export const NFT_CLIENTS_SLOT_BYTES = 32;
