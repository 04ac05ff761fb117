// A packet as the only one of its columns, for races that make packets by field.
import { type Family, ipWords } from "../../base/ip.js";
import { PROTOCOL_NUMBERS, type Packet } from "../../netfilter/packet.js";
import { PacketColumns } from "../../netfilter/packet-columns.js";

/** @param interfaces the first is for packets that came in on none of them */
export function columnsOf(
  packet: Packet,
  family: Family,
  interfaces: readonly string[],
  timeMs: number,
): PacketColumns {
  const columns = new PacketColumns(family, 1, interfaces);
  columns.source.set(ipWords(packet.source));
  columns.destination.set(ipWords(packet.destination));
  columns.sourcePort[0] = packet.sourcePort;
  columns.destinationPort[0] = packet.destinationPort;
  columns.protocol[0] = PROTOCOL_NUMBERS[packet.protocol];
  columns.tcpFlags[0] = packet.tcpFlags;
  columns.fromNode[0] = packet.inInterface === null ? 1 : 0;
  columns.inInterface[0] = Math.max(0, interfaces.indexOf(packet.inInterface ?? ""));
  columns.timeMs[0] = timeMs;
  return columns;
}
