// Who was sent where: clients remembered per list. One store per worker serves iptables' recent lists, nft's dynamic
// sets and the userspace proxy's affinity map.
//
//   0       4      8      12     16     20    24    28       32         36          64
//   +-------+------+------+------+------+-----+-----+--------+----------+-----------+-------+---------+------------+
//   |entries|bucket|lists |stamps|count |fresh|free |lists at|buckets at|entries at |       | lists   | buckets    |
//   |max    |mask  |      |max   |      |     |list |        |          |           |       | 16 each | u32 each   |
//   +-------+------+------+------+------+-----+-----+--------+----------+-----------+-------+---------+------------+
//   list    0 oldest, 4 newest (entry index + 1, 0 none), 8 clients, 12 pad: least recently used first
//   entry   0 address (16), 16 list, 20 hash, 24 next in bucket, 28 older, 32 newer, 36 last seen ms, 40 value,
//           44 stamps u16, 46 next stamp u16, 48 stamps ms u32 x stamps max; a multiple of 16 bytes
//
// Why pooled: half a million lists of a hundred places each would not fit; few places are ever taken.

export const AFFINITY_ENTRIES_MAX = 0;
export const AFFINITY_BUCKET_MASK = 4;
export const AFFINITY_LISTS = 8;
/** Arrival times kept per client; 1 unless a rule asks for a hit count. */
export const AFFINITY_STAMPS_MAX = 12;
export const AFFINITY_COUNT = 16;
export const AFFINITY_FRESH = 20;
export const AFFINITY_FREE = 24;
export const AFFINITY_LISTS_AT = 28;
export const AFFINITY_BUCKETS_AT = 32;
export const AFFINITY_ENTRIES_AT = 36;
export const AFFINITY_HEADER_BYTES = 64;

export const AFFINITY_LIST_BYTES = 16;
export const AFFINITY_LIST_OLDEST = 0;
export const AFFINITY_LIST_NEWEST = 4;
export const AFFINITY_LIST_CLIENTS = 8;

/** Bytes of an entry before its stamps. */
export const AFFINITY_ENTRY_BYTES = 48;
export const AFFINITY_ENTRY_ADDRESS = 0;
export const AFFINITY_ENTRY_LIST = 16;
export const AFFINITY_ENTRY_HASH = 20;
export const AFFINITY_ENTRY_NEXT = 24;
export const AFFINITY_ENTRY_OLDER = 28;
export const AFFINITY_ENTRY_NEWER = 32;
export const AFFINITY_ENTRY_SEEN_MS = 36;
/** The user's own: the endpoint a client sticks to, an expiry. */
export const AFFINITY_ENTRY_VALUE = 40;
export const AFFINITY_ENTRY_STAMPS = 44;
export const AFFINITY_ENTRY_NEXT_STAMP = 46;
export const AFFINITY_ENTRY_STAMPS_MS = 48;

/** Clients that xt_recent remembers per list (module parameter ip_list_tot). */
export const RECENT_CLIENTS_MAX = 100;
