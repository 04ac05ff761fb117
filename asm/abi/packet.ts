// Packet records in, result records out; 64 bytes each, one cache line, little-endian.
//
//   packet  0         16        32    34    36    37    38    40      44      48        52      64
//           +---------+---------+-----+-----+-----+-----+-----+-------+-------+---------+-------+
//           | source  | dest    |sport|dport|proto|flags|iface|time ms|payload|tcp flags|  pad  |
//           +---------+---------+-----+-----+-----+-----+-----+-------+-------+---------+-------+
//   result  0    1      2     4              8         24    26    28         44    46   48     64
//           +----+------+-----+--------------+---------+-----+-----+----------+-----+----+------+
//           |verd|reason|flags|rulesEvaluated| target  |tport| pad | source'  |sport|pad | pad  |
//           +----+------+-----+--------------+---------+-----+-----+----------+-----+----+------+
//
// An address is four u32 words, most significant first, each a host-order number (so 10.0.0.1 is 0x0a000001 in
// word 0, words 1..3 zero). Ports are host-order u16.

export const PACKET_STRIDE = 64;
export const PACKET_SOURCE = 0;
export const PACKET_DESTINATION = 16;
export const PACKET_SOURCE_PORT = 32;
export const PACKET_DESTINATION_PORT = 34;
export const PACKET_PROTOCOL = 36;
export const PACKET_FLAGS = 37;
/** Index of the arrival interface in the image's interface list; 0 is "none named". */
export const PACKET_INTERFACE = 38;
export const PACKET_TIME_MS = 40;
export const PACKET_PAYLOAD_BYTES = 44;
export const PACKET_TCP_FLAGS = 48;

/** Made on the node: the walk starts at OUTPUT. */
export const PACKET_FLAG_FROM_NODE = 1;

export const RESULT_STRIDE = 64;
export const RESULT_VERDICT = 0;
export const RESULT_REASON = 1;
export const RESULT_FLAGS = 2;
export const RESULT_RULES_EVALUATED = 4;
/** Destination after translation (the packet's own when untranslated). */
export const RESULT_TARGET = 8;
export const RESULT_TARGET_PORT = 24;
/** Source after translation. */
export const RESULT_SOURCE = 28;
export const RESULT_SOURCE_PORT = 44;

/** Values are positions in netfilter/packet VERDICTS. */
export const VERDICT_ACCEPT = 0;
export const VERDICT_DNAT = 1;
export const VERDICT_DROP = 2;
export const VERDICT_REJECT = 3;

/** Source translated to the node's address. */
export const RESULT_FLAG_MASQUERADE = 1;
/** Conntrack knew the flow: no nat chain was walked. */
export const RESULT_FLAG_ESTABLISHED = 2;
/** The packet travelled in the reply direction of its flow. */
export const RESULT_FLAG_REPLY = 4;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMPV6 = 58;
export const PROTOCOL_SCTP = 132;

export const TCP_FLAG_FIN = 1;
export const TCP_FLAG_SYN = 2;
export const TCP_FLAG_RST = 4;
export const TCP_FLAG_PSH = 8;
export const TCP_FLAG_ACK = 16;
export const TCP_FLAG_URG = 32;

/** Positions in netfilter/packet CT_STATES. */
export const CT_STATE_INVALID = 0;
export const CT_STATE_NEW = 1;
export const CT_STATE_ESTABLISHED = 2;
export const CT_STATE_RELATED = 3;
export const CT_STATE_UNTRACKED = 4;
