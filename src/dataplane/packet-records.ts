// Columns of packets -> the 64-byte records that the core reads (asm/abi/packet.ts draws them).
import * as abi from "../../asm/abi/packet.js";
import type { PacketColumns } from "../netfilter/packet-columns.js";
import { resolveInterface } from "./iptables/interfaces.js";

/**
 * Write packets [first, first + count) as records from `offset` of `memory` on.
 * @param interfaces names by the image's numbers
 */
export function writePackets(
  memory: { readonly buffer: ArrayBufferLike; readonly offset: number },
  columns: PacketColumns,
  range: { readonly first: number; readonly count: number },
  interfaces: readonly string[],
): void {
  const { first, count } = range;
  const words = new Uint32Array(memory.buffer, memory.offset, (count * abi.PACKET_STRIDE) / 4);
  const resolved = columns.interfaces.map((name) => resolveInterface(interfaces, name));
  words.fill(0);
  for (let index = 0; index < count; index++) {
    const packet = first + index;
    const at = (index * abi.PACKET_STRIDE) / 4;
    for (let word = 0; word < 4; word++) {
      words[at + word] = columns.source[packet * 4 + word] as number;
      words[at + 4 + word] = columns.destination[packet * 4 + word] as number;
    }
    const fromNode = columns.fromNode[packet] === 1;
    const arrival = fromNode ? 0 : (resolved[columns.inInterface[packet] as number] ?? 0);
    const flags = fromNode ? abi.PACKET_FLAG_FROM_NODE : 0;
    words[at + abi.PACKET_SOURCE_PORT / 4] =
      (columns.sourcePort[packet] as number) | ((columns.destinationPort[packet] as number) << 16);
    words[at + abi.PACKET_PROTOCOL / 4] =
      (columns.protocol[packet] as number) | (flags << 8) | (arrival << 16);
    words[at + abi.PACKET_TIME_MS / 4] = columns.timeMs[packet] as number;
    words[at + abi.PACKET_PAYLOAD_BYTES / 4] = columns.payloadBytes[packet] as number;
    words[at + abi.PACKET_TCP_FLAGS / 4] = columns.tcpFlags[packet] as number;
  }
}
