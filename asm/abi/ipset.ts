// ipset sets as bytes: a header per set (region SETS of abi/iptables; the local addresses use one too), slots elsewhere.
//
//   header  0     1      2       4        8          12     16          20        24       28             32..63
//           +-----+------+-------+--------+----------+------+-----------+---------+--------+--------------+
//           |type |family|pad    |slots at|slot mask |count |range first|range    |nets at |net lengths u32|
//           |u8   |4 or 6|       |u32     |u32       |u32   |u32        |last u32 |u32     |               |
//           +-----+------+-------+--------+----------+------+-----------+---------+--------+--------------+
//   slot    IPv4 0 first address u32, 4 second address u32, 8 port u16, 10 protocol u8, 11 prefix u8, 12 used u32
//           IPv6 0 first address, 16 second address, 32 port u16, 34 protocol u8, 35 prefix u8, 36 used u32, 40 pad 8
//   bitmap  slots at: one bit per port from range first
//   nets    per distinct prefix length, longest first: length u8 in 4 bytes, elements that have it u32; then the mask (16)
//
// Why open addressing with linear probing at load <= 1/2: one cache line per test. A test of a set with networks
// tries each prefix length in use, longest first, as the kernel's hash:net does.
// Offsets count from the image's start. Twin of the hash: src/dataplane/ipset/hash.ts.

export const SET_HEADER_BYTES = 64;
export const SET_TYPE = 0;
export const SET_FAMILY = 1;
export const SET_SLOTS_AT = 4;
export const SET_SLOT_MASK = 8;
export const SET_COUNT = 12;
export const SET_RANGE_FIRST = 16;
export const SET_RANGE_LAST = 20;
export const SET_NETS_AT = 24;
export const SET_NETS_COUNT = 28;
/** In region SETS, headers begin here. */
export const SETS_HEAD_BYTES = 16;

export const SET_SLOT_BYTES_V4 = 16;
export const SET_SLOT_BYTES_V6 = 48;
/** Within the 8 bytes behind the addresses. */
export const SET_SLOT_PORT = 0;
export const SET_SLOT_PROTOCOL = 2;
export const SET_SLOT_PREFIX = 3;
export const SET_SLOT_USED = 4;
/** Values of the used word. An exception (nomatch) says no where a wider network would say yes. */
export const SET_SLOT_MEMBER = 1;
export const SET_SLOT_EXCEPTION = 2;

export const NET_BYTES = 32;
export const NET_LENGTH = 0;
export const NET_COUNT = 4;
export const NET_MASK = 16;

/** Positions in netfilter/ipset/model SET_TYPES. */
export const SET_TYPE_HASH_IP = 0;
export const SET_TYPE_HASH_NET = 1;
export const SET_TYPE_HASH_IP_PORT = 2;
export const SET_TYPE_HASH_IP_PORT_IP = 3;
export const SET_TYPE_HASH_IP_PORT_NET = 4;
export const SET_TYPE_BITMAP_PORT = 5;

export const SET_HASH_MULTIPLIER_A = 0x2c1b3c6d;
export const SET_HASH_MULTIPLIER_B = 0x297a2d39;
export const SET_HASH_MULTIPLIER_C = 0x1b873593;
