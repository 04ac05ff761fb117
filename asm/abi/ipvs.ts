// IPVS as bytes: regions 10..13 of an image of mode ipvs (0..9 are the iptables rules and sets, abi/iptables, abi/ipset),
// and two private regions of each worker: the mode state (scheduler cursors, server loads) and the connections.
//
//   head     0       4           8       12       16          20              24           28       32          36
//            +-------+-----------+-------+--------+-----------+---------------+------------+--------+-----------+
//            |variant|bucket mask|changes|state at|state bytes|connections max|server bytes|loads at|service set|
//            |u32    |u32        |u32    |u32     |u32        |u32            |u32         |u32     |idx + 1    |
//            +-------+-----------+-------+--------+-----------+---------------+------------+--------+-----------+
//   buckets  u32 each: service index + 1 of the newest service, 0 when empty
//   service  0       16     18     20      24      28        32         36        40       44     48      52       56    64
//            +-------+------+------+-------+-------+---------+----------+---------+--------+------+-------+--------+-----+
//            |address|port  |proto |next   |list   |servers  |persistent|scheduler|generat.|table |wrr    |wrr lev.|room,|
//            |16     |u16   |u16   |idx + 1|offset |in it    |ms, 0 none|u8,flags |u32     |offset|divisor|2 x u16 |first|
//            +-------+------+------+-------+-------+---------+----------+---------+--------+------+-------+--------+-----+
//   server   0 weight u32 | 4 generation u32, 0 when free | 8 port u16 | 10 pad | 12 IPv4 address u32
//            IPv6: 12 pad | 16 address (16). So an IPv4 record is 16 bytes, an IPv6 record 32.
//   list     server ids u32, newest server first; room for SERVICE_LIST_CAPACITY of them. Offset 0 while the ids are
//            SERVICE_FIRST_SERVER and those after it, as they are until the servers change: one line less to read.
//   table    list positions u16: 256 (sh, dh) or 4093 (mh); offset 0 for the others; NO_POSITION when empty
//            Offsets of both count from the image's first byte.
//
//   state    per service slot, 16 bytes: 0 service generation | 4 last position + 1 | 8 wrr level | 12 pad; then, at
//            loads, per server slot, 16 bytes: 0 generation | 4 active | 8 inactive | 12 pad
//   connections: header (128) | buckets u32 | entries (64 each) | links (16 each)
//     entry  0      16      32     48          50           52          54       55    56          60          64
//            +------+-------+------+-----------+------------+-----------+--------+-----+-----------+-----------+
//            |client|virtual|server|client port|virtual port|server port|protocol|state|next idx+1 |deadline ms|
//            +------+-------+------+-----------+------------+-----------+--------+-----+-----------+-----------+
//     links  0 older idx+1 | 4 newer idx+1 | 8 server id | 12 server generation
//
// Why: a lookup touches one bucket word and one 64-byte line per compared node; scheduling one line of a server and two
// of state; an established packet one bucket word and one connection line. Records are as small as can be: at 50,000
// Services with ten servers each, servers and their loads are 10 MB each. Generations tell whether a slot still means
// what it meant: a server's changes when its slot is given to another server, a service's whenever its servers change,
// which makes its scheduler start over. So an image can be updated under a worker whose private state was filled before.
// Source of the semantics: Linux net/netfilter/ipvs; twins in src/netfilter/ipvs.

export const IPVS_REGION_HEAD = 10;
export const IPVS_REGION_BUCKETS = 11;
export const IPVS_REGION_SERVICES = 12;
export const IPVS_REGION_SERVERS = 13;

export const IPVS_HEAD_VARIANT = 0;
export const IPVS_HEAD_BUCKET_MASK = 4;
/** How often the image was updated; 0 means that no server can have gone. */
export const IPVS_HEAD_CHANGES = 8;
/** Where the state begins in the mode state region, and its bytes, which init() zeroes. */
export const IPVS_HEAD_STATE_AT = 12;
export const IPVS_HEAD_STATE_BYTES = 16;
/** A power of two. */
export const IPVS_HEAD_CONNECTIONS_MAX = 20;
/** Bytes of a server record, by the image's family. */
export const IPVS_HEAD_SERVER_BYTES = 24;
/** Where the servers' loads begin in the mode state region. */
export const IPVS_HEAD_LOADS_AT = 28;
/** Index + 1 of the set that has an element per service port, 0 when none has: touched ahead of a packet. */
export const IPVS_HEAD_SERVICE_SET = 32;
export const IPVS_HEAD_LENGTH = 64;

export const IPVS_VARIANT_FIXED = 0;
export const IPVS_VARIANT_RESIZABLE = 1;

export const SERVICE_BYTES = 64;
export const SERVICE_ADDRESS = 0;
/** Port and protocol are compared as one u32. */
export const SERVICE_PORT = 16;
export const SERVICE_PROTOCOL = 18;
export const SERVICE_NEXT = 20;
export const SERVICE_LIST = 24;
export const SERVICE_SERVERS = 28;
export const SERVICE_PERSISTENT_MS = 32;
/** Position in netfilter/ipvs/model IPVS_SCHEDULERS. */
export const SERVICE_SCHEDULER = 36;
export const SERVICE_FLAGS = 37;
export const SERVICE_GENERATION = 40;
export const SERVICE_TABLE = 44;
export const SERVICE_WRR_DIVISOR = 48;
/** Two u16 in one word: the highest level, and that of the first round. */
export const SERVICE_WRR_LEVEL_MAX = 52;
export const SERVICE_WRR_LEVEL_FIRST = 54;
export const SERVICE_LIST_CAPACITY = 56;
/** Server id at list position 0; meaningless without servers. */
export const SERVICE_FIRST_SERVER = 60;
export const SERVICE_FLAG_SOURCE_PORT = 1;

export const SCHEDULER_RR = 0;
export const SCHEDULER_WRR = 1;
export const SCHEDULER_LC = 2;
export const SCHEDULER_WLC = 3;
export const SCHEDULER_SH = 4;
export const SCHEDULER_DH = 5;
export const SCHEDULER_SED = 6;
export const SCHEDULER_NQ = 7;
export const SCHEDULER_MH = 8;

export const SERVER_BYTES_V4 = 16;
export const SERVER_BYTES_V6 = 32;
export const SERVER_WEIGHT = 0;
export const SERVER_GENERATION = 4;
export const SERVER_PORT = 8;
export const SERVER_ADDRESS_V4 = 12;
export const SERVER_ADDRESS_V6 = 16;

export const NO_POSITION = 65535;

export const SERVER_STATE_BYTES = 16;
export const SERVER_STATE_GENERATION = 0;
export const SERVER_STATE_ACTIVE = 4;
export const SERVER_STATE_INACTIVE = 8;
export const SERVICE_STATE_BYTES = 16;
export const SERVICE_STATE_GENERATION = 0;
export const SERVICE_STATE_LAST = 4;
export const SERVICE_STATE_LEVEL = 8;

export const CONNECTIONS_HEADER_BYTES = 128;
export const CONNECTIONS_MAX = 0;
export const CONNECTIONS_COUNT = 4;
/** Entries below this index have been used at some time. */
export const CONNECTIONS_FRESH = 8;
/** Index + 1 of the first free entry. */
export const CONNECTIONS_FREE = 12;
/** Time of the last sweep, ms. */
export const CONNECTIONS_SWEPT = 16;
/** No template expires before this time. */
export const CONNECTIONS_TEMPLATE_SOONEST = 20;
export const CONNECTIONS_ENTRIES_AT = 24;
export const CONNECTIONS_LINKS_AT = 28;
/** Per expiring state: index + 1 of the oldest and of the newest connection. */
export const CONNECTIONS_LISTS = 32;
export const CONNECTIONS_LIST_BYTES = 8;

export const CONNECTION_BYTES = 64;
export const CONNECTION_CLIENT = 0;
export const CONNECTION_VIRTUAL = 16;
export const CONNECTION_SERVER = 32;
/** Client and virtual port are compared as one u32; client port low. */
export const CONNECTION_CLIENT_PORT = 48;
export const CONNECTION_VIRTUAL_PORT = 50;
export const CONNECTION_SERVER_PORT = 52;
export const CONNECTION_PROTOCOL = 54;
export const CONNECTION_STATE = 55;
export const CONNECTION_NEXT = 56;
export const CONNECTION_DEADLINE = 60;

export const CONNECTION_OPEN = 0;
/** A FIN came from the client, or from the server. */
export const CONNECTION_CLIENT_CLOSED = 1;
export const CONNECTION_SERVER_CLOSED = 2;
/** From both, or a RST. */
export const CONNECTION_ENDED = 3;
export const CONNECTION_DATAGRAM = 4;
/** Session affinity of a client to a service; its client port is 0. */
export const CONNECTION_TEMPLATE = 5;
export const CONNECTION_UNUSED = 6;
/** States that expire in order: the first five. */
export const CONNECTION_EXPIRING_STATES = 5;

export const LINKS_BYTES = 16;
export const LINKS_OLDER = 0;
export const LINKS_NEWER = 4;
export const LINKS_SERVER = 8;
export const LINKS_SERVER_GENERATION = 12;

/** Netfilter/ipvs/connection-table has the same numbers. */
export const IPVS_TCP_TIMEOUT_MS = 900000;
export const IPVS_CLOSING_TIMEOUT_MS = 120000;
export const IPVS_UDP_TIMEOUT_MS = 300000;
export const IPVS_REFRESH_GRANULARITY_MS = 1000;
