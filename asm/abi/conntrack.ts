// The conntrack table of one worker, in its private region. Two slots per flow, as the kernel has two tuple hashes:
// one for the original direction, one for the reply; both lead to the same entry.
//
//   0        4         8      12     16    20       24       28       32      64
//   +--------+---------+------+------+-----+--------+--------+--------+-------+-----------------+---------------------+
//   |entries |slot     |count |fresh |free |soonest |slots at|entries |family | slots: n x u64  | entries             |
//   |max     |mask     |      |      |list |deadline|        |at      |4 or 6 | hash | ref      | 64 (IPv4) or 128 B  |
//   +--------+---------+------+------+-----+--------+--------+--------+-------+-----------------+---------------------+
//
//   slot   low u32: (entry index + 1) << 1 | direction; high u32: hash of that direction's tuple, its
//          top bit set. 0 is empty.
//   entry  IPv4  0: original tuple (16)  16: reply tuple (16)  32: state (32)
//          IPv6  0: original tuple (48)  48: reply tuple (48)  96: state (32)
//   tuple  IPv4  source u32, destination u32, source port u16, destination port u16, protocol u32
//          IPv6  source 16, destination 16, source port u16, destination port u16, protocol u32, pad 8
//   state  0 deadline ms u32 | 4 protocol state u8 | 5 status u8 | 6 last RST u8 | 8 hash original | 12 hash reply |
//          16 next free | 20 mode's own u32 | 24 pad
//
// Cost: 16 bytes of slots at load <= 1/2 and one entry per flow; a lookup touches one slot line and one entry line.
// The host writes entries max, slot mask and family; init() does the rest.

export const CONNTRACK_ENTRIES_MAX = 0;
/** Slots - 1; slots is a power of two, at least four per entry. */
export const CONNTRACK_SLOT_MASK = 4;
export const CONNTRACK_COUNT = 8;
/** Entries below this index have been used at some time. */
export const CONNTRACK_FRESH = 12;
/** Entry index + 1 of the first free entry, 0 when none. */
export const CONNTRACK_FREE = 16;
/** No entry expires before this time; lower bound. */
export const CONNTRACK_SOONEST = 20;
export const CONNTRACK_SLOTS_AT = 24;
export const CONNTRACK_ENTRIES_AT = 28;
export const CONNTRACK_FAMILY = 32;
export const CONNTRACK_HEADER_BYTES = 64;
export const CONNTRACK_SLOT_BYTES = 8;
export const CONNTRACK_ENTRY_BYTES_V4 = 64;
export const CONNTRACK_ENTRY_BYTES_V6 = 128;
/** Slots per entry, at least. */
export const CONNTRACK_SLOTS_PER_ENTRY = 4;

/** Where the state begins within an entry. */
export const CONNTRACK_STATE_AT_V4 = 32;
export const CONNTRACK_STATE_AT_V6 = 96;
export const CONNTRACK_STATE_DEADLINE = 0;
export const CONNTRACK_STATE_PROTOCOL = 4;
export const CONNTRACK_STATE_STATUS = 5;
/** Direction + 1 of the last packet if it was a RST, else 0. */
export const CONNTRACK_STATE_LAST = 6;
export const CONNTRACK_STATE_HASH = 8;
export const CONNTRACK_STATE_HASH_REPLY = 12;
export const CONNTRACK_STATE_NEXT_FREE = 16;
/** A mode's own word (userspace: whether the flow ends in a proxy). */
export const CONNTRACK_STATE_MODE = 20;

export const CONNTRACK_STATUS_SEEN_REPLY = 1;
export const CONNTRACK_STATUS_ASSURED = 2;
export const CONNTRACK_STATUS_DNAT = 4;
export const CONNTRACK_STATUS_SNAT = 8;
/** A rule translated the source, if only to the address it had. */
export const CONNTRACK_STATUS_MASQUERADED = 16;
/** A FIN came while the flow was open. */
export const CONNTRACK_STATUS_CLOSED = 32;
