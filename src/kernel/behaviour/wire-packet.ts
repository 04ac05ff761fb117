// Packets as bytes: what a flow sends, and what can be read off a packet seen. Each carries its flow's number where no
// translation reaches: UDP in its payload, TCP in the sequence number, SCTP in the initiate tag.
//
//   IPv4 20 bytes | IPv6 40 bytes | UDP 8 + number 4 | TCP 20 (SYN, sequence = number) | SCTP 12 + INIT chunk 20
//
// An ICMP error quotes the packet it is about; its number is found there.
import { ipText, ipWords, type Family } from "../../base/ip.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../../netfilter/packet.js";

export interface WireFlow {
  readonly number: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Bits of TCP_FLAGS; SYN opens a connection. */
  readonly tcpFlags: number;
}

/** What a packet seen says. For an ICMP error: addresses of the error itself, and the number of the packet quoted. */
export interface WirePacket extends Omit<WireFlow, "protocol"> {
  readonly protocol: WireFlow["protocol"] | "icmp";
  /** ICMP type and code, "3/3"; null for others. */
  readonly icmp: string | null;
}

const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const HOPS = 64;

/** @returns an IP packet with right checksums */
export function encodePacket(flow: WireFlow): Uint8Array {
  const family: Family = flow.source.includes(":") ? "IPv6" : "IPv4";
  const transport = transportBytes(flow);
  const head = family === "IPv4" ? IPV4_BYTES : IPV6_BYTES;
  const bytes = new Uint8Array(head + transport.length);
  const view = new DataView(bytes.buffer);
  bytes.set(transport, head);
  const addresses = [...addressBytes(flow.source, family), ...addressBytes(flow.destination, family)];
  if (family === "IPv4") {
    view.setUint8(0, 0x45);
    view.setUint16(2, bytes.length);
    view.setUint16(4, flow.number & 0xffff);
    view.setUint8(8, HOPS);
    view.setUint8(9, PROTOCOL_NUMBERS[flow.protocol]);
    bytes.set(addresses, 12);
    view.setUint16(10, checksum(bytes.subarray(0, IPV4_BYTES), 0));
  } else {
    view.setUint8(0, 0x60);
    view.setUint16(4, transport.length);
    view.setUint8(6, PROTOCOL_NUMBERS[flow.protocol]);
    view.setUint8(7, HOPS);
    bytes.set(addresses, 8);
  }
  if (flow.protocol === "sctp") view.setUint32(head + 8, crc32c(bytes.subarray(head)), true);
  else {
    const pseudo = sum(Uint8Array.from(addresses)) + PROTOCOL_NUMBERS[flow.protocol] + transport.length;
    view.setUint16(head + (flow.protocol === "tcp" ? 16 : 6), checksum(bytes.subarray(head), pseudo));
  }
  return bytes;
}

function transportBytes({ protocol, sourcePort, destinationPort, number, tcpFlags }: WireFlow): Uint8Array {
  const bytes = new Uint8Array({ udp: 12, tcp: 20, sctp: 32 }[protocol]);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  if (protocol === "udp") {
    view.setUint16(4, bytes.length);
    view.setUint32(8, number);
  } else if (protocol === "tcp") {
    view.setUint32(4, number);
    view.setUint8(12, 5 << 4);
    view.setUint8(13, tcpFlags);
    view.setUint16(14, 0xffff);
  } else {
    // INIT: type 1, length 20, tag, window, one stream each way, first sequence number.
    view.setUint8(12, 1);
    view.setUint16(14, 20);
    view.setUint32(16, number);
    view.setUint32(20, 0xffff);
    view.setUint16(24, 1);
    view.setUint16(26, 1);
    view.setUint32(28, 1);
  }
  return bytes;
}

/** @returns null for a packet that is none of ours: router solicitations and the like */
export function decodePacket(bytes: Uint8Array): WirePacket | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family: Family = view.getUint8(0) >> 4 === 6 ? "IPv6" : "IPv4";
  const head = family === "IPv4" ? (view.getUint8(0) & 15) * 4 : IPV6_BYTES;
  if (bytes.length < head + 8) return null;
  const protocol = protocolOf(view.getUint8(family === "IPv4" ? 9 : 6));
  if (protocol === null) return null;
  const [sourceAt, width] = family === "IPv4" ? [12, 4] : [8, 16];
  const source = addressText(bytes.subarray(sourceAt, sourceAt + width), family);
  const destination = addressText(bytes.subarray(sourceAt + width, sourceAt + 2 * width), family);
  const inner = bytes.subarray(head);
  if (protocol === "icmp") {
    const icmp = `${view.getUint8(head)}/${view.getUint8(head + 1)}`;
    const quoted = inner.length > 8 + 20 ? decodePacket(inner.subarray(8)) : null;
    if (quoted === null) return null;
    return { ...quoted, protocol, icmp, source, destination, sourcePort: 0, destinationPort: 0 };
  }
  const number = flowNumber(protocol, inner);
  if (number === null) return null;
  return {
    number,
    protocol,
    source,
    sourcePort: view.getUint16(head),
    destination,
    destinationPort: view.getUint16(head + 2),
    tcpFlags: protocol === "tcp" ? view.getUint8(head + 13) : 0,
    icmp: null,
  };
}

function flowNumber(protocol: WireFlow["protocol"], transport: Uint8Array): number | null {
  const at = { udp: 8, tcp: 4, sctp: 16 }[protocol];
  if (transport.length < at + 4) return null;
  return new DataView(transport.buffer, transport.byteOffset).getUint32(at);
}

function protocolOf(number: number): WirePacket["protocol"] | null {
  switch (number) {
    case PROTOCOL_NUMBERS.tcp:
      return "tcp";
    case PROTOCOL_NUMBERS.udp:
      return "udp";
    case PROTOCOL_NUMBERS.sctp:
      return "sctp";
    case PROTOCOL_NUMBERS.icmp:
    case PROTOCOL_NUMBERS.icmpv6:
      return "icmp";
    default:
      return null;
  }
}

/** The answer an endpoint gives to a packet that reached it; it carries the same number. */
export function answerTo(seen: WirePacket & { readonly protocol: WireFlow["protocol"] }): WireFlow {
  return {
    ...seen,
    source: seen.destination,
    sourcePort: seen.destinationPort,
    destination: seen.source,
    destinationPort: seen.sourcePort,
    tcpFlags: seen.protocol === "tcp" ? TCP_FLAGS.SYN | TCP_FLAGS.ACK : 0,
  };
}

function addressBytes(text: string, family: Family): number[] {
  const words = ipWords(text);
  const used = family === "IPv4" ? words.slice(0, 1) : words;
  return used.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
}

function addressText(bytes: Uint8Array, family: Family): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number) => view.getUint32(index * 4);
  return family === "IPv4"
    ? ipText([word(0), 0, 0, 0], family)
    : ipText([word(0), word(1), word(2), word(3)], family);
}

/** Sum of big-endian 16-bit words, not yet folded. */
function sum(bytes: Uint8Array): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0);
  return total;
}

/** RFC 1071, with the field itself still zero. */
function checksum(bytes: Uint8Array, pseudo: number): number {
  let total = sum(bytes) + pseudo;
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}

/** CRC32c, bit by bit: a packet is 32 bytes. RFC 9260 appendix A. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
