// The packet on its way: a copy of its record that stages translate and mark, at CONTEXT_FLIGHT of the context block.
// Why in memory and not in locals: every stage (conntrack, walker, local stage) reads and writes it, and it is one
// cache line that never leaves L1.
//
//   0                               64     68        72       76      80         84         88     92          96
//   +-------------------------------+------+---------+--------+-------+----------+----------+------+-----------+
//   | as a packet record, translated| mark | ct state| ct bits| reason| ct entry | direction| ports| rules at  |
//   | as it goes (abi/packet)       | u32  | u32     | u32    | u32   | ptr or 0 | 0 or 1   | u32  | start u64 |
//   +-------------------------------+------+---------+--------+-------+----------+----------+------+-----------+
//   104: address of the packet's record u32
//   128..384: the unconfirmed conntrack entry, while the flow has none in the table (conntrack/entry)
import { CONTEXT_FLIGHT, CONTEXT_NOW_MS, CONTEXT_COUNTERS, COUNTER_RULES_EVALUATED } from "../abi/context";
import {
  PACKET_DESTINATION,
  PACKET_DESTINATION_PORT,
  PACKET_FLAGS,
  PACKET_INTERFACE,
  PACKET_PAYLOAD_BYTES,
  PACKET_PROTOCOL,
  PACKET_SOURCE,
  PACKET_SOURCE_PORT,
  PACKET_TCP_FLAGS,
  PACKET_TIME_MS,
} from "../abi/packet";

export const FLIGHT_SOURCE: usize = CONTEXT_FLIGHT + PACKET_SOURCE;
export const FLIGHT_DESTINATION: usize = CONTEXT_FLIGHT + PACKET_DESTINATION;
/** u16 each. Together a u32: source port low, destination port high. */
export const FLIGHT_SOURCE_PORT: usize = CONTEXT_FLIGHT + PACKET_SOURCE_PORT;
export const FLIGHT_DESTINATION_PORT: usize = CONTEXT_FLIGHT + PACKET_DESTINATION_PORT;
/** u8. */
export const FLIGHT_PROTOCOL: usize = CONTEXT_FLIGHT + PACKET_PROTOCOL;
/** u8, PACKET_FLAG_ bits. */
export const FLIGHT_FLAGS: usize = CONTEXT_FLIGHT + PACKET_FLAGS;
/** u16. */
export const FLIGHT_INTERFACE: usize = CONTEXT_FLIGHT + PACKET_INTERFACE;
/** u32. */
export const FLIGHT_PAYLOAD_BYTES: usize = CONTEXT_FLIGHT + PACKET_PAYLOAD_BYTES;
/** u8. */
export const FLIGHT_TCP_FLAGS: usize = CONTEXT_FLIGHT + PACKET_TCP_FLAGS;
export const FLIGHT_MARK: usize = CONTEXT_FLIGHT + 64;
/** CT_STATE_ of abi/packet. */
export const FLIGHT_CT_STATE: usize = CONTEXT_FLIGHT + 68;
/** FLIGHT_BIT_ flags. */
export const FLIGHT_CT_BITS: usize = CONTEXT_FLIGHT + 72;
/** DROP_REASON_ of abi/context, set by whoever drops or rejects. */
export const FLIGHT_REASON: usize = CONTEXT_FLIGHT + 76;
/** The flow's entry: in the table, or FLIGHT_NEW_ENTRY's address before it is confirmed; 0 for an untracked packet. */
export const FLIGHT_ENTRY: usize = CONTEXT_FLIGHT + 80;
/** 0 original, 1 reply. */
export const FLIGHT_DIRECTION: usize = CONTEXT_FLIGHT + 84;
/** Ports that a translated source may take: first | last << 16; 0 when the rules named none. */
export const FLIGHT_SOURCE_PORTS: usize = CONTEXT_FLIGHT + 88;
export const FLIGHT_RULES_AT_START: usize = CONTEXT_FLIGHT + 96;
/** Address of the packet's record: how it came, before any translation. */
export const FLIGHT_PACKET: usize = CONTEXT_FLIGHT + 104;
/** A new flow's entry, before it is confirmed. */
export const FLIGHT_NEW_ENTRY: usize = CONTEXT_FLIGHT + 128;

/** The connection's destination is translated (ctstate DNAT, ct status dnat). */
export const FLIGHT_BIT_DNAT: u32 = 1;
/** The connection's source is translated. */
export const FLIGHT_BIT_SNAT: u32 = 2;
/** The translation of the destination (PREROUTING, OUTPUT) is not yet set up: nat chains see the packet. */
export const FLIGHT_BIT_DESTINATION_PENDING: u32 = 4;
/** The same for the source (INPUT, POSTROUTING). */
export const FLIGHT_BIT_SOURCE_PENDING: u32 = 8;
/** Conntrack knew the flow before this packet. */
export const FLIGHT_BIT_KNOWN: u32 = 16;
/** A rule translated the source of this direction, if only to the address it had. */
export const FLIGHT_BIT_MASQUERADED: u32 = 32;

/** Take a packet record in: addresses, ports and time as they came, no mark, no conntrack state. */
export function take(context: usize, packet: usize): void {
  const flight = context + CONTEXT_FLIGHT;
  store<v128>(flight, load<v128>(packet));
  store<v128>(flight, load<v128>(packet, 16), 16);
  store<v128>(flight, load<v128>(packet, 32), 32);
  store<v128>(flight, load<v128>(packet, 48), 48);
  store<u32>(flight, packet as u32, 104);
  // mark, ct state, ct bits, reason; then entry, direction, hash.
  store<v128>(flight, i64x2.splat(0), 64);
  store<v128>(flight, i64x2.splat(0), 80);
  store<u32>(context, load<u32>(packet, PACKET_TIME_MS), CONTEXT_NOW_MS);
  store<u64>(
    context,
    load<u64>(context, CONTEXT_COUNTERS + COUNTER_RULES_EVALUATED * 8),
    FLIGHT_RULES_AT_START,
  );
}

export function hasBit(context: usize, bit: u32): bool {
  return (load<u32>(context, FLIGHT_CT_BITS) & bit) !== 0;
}

export function setBits(context: usize, bits: u32): void {
  store<u32>(context, load<u32>(context, FLIGHT_CT_BITS) | bits, FLIGHT_CT_BITS);
}

export function clearBits(context: usize, bits: u32): void {
  store<u32>(context, load<u32>(context, FLIGHT_CT_BITS) & ~bits, FLIGHT_CT_BITS);
}

export function setReason(context: usize, reason: u32): void {
  store<u32>(context, reason, FLIGHT_REASON);
}
