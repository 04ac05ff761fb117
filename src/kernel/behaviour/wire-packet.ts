// Packets as bytes: what is sent, and what can be read off a packet seen. Each carries a number where no translation
// reaches: UDP in its payload, TCP in the sequence number, SCTP in the first word of its first chunk.
//
//   IPv4 20 bytes | IPv6 40 bytes | UDP 8 + number 4 | TCP 20, sequence = number | SCTP 12 + chunk header 4 + number 4 ...
//
// An ICMP error quotes the packet it is about and a RST answers it; the number of that packet is found there.
import { ipText, ipWords, type Family } from "../../base/ip.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../../netfilter/packet.js";

/** First chunks of SCTP packets that take a connection from nothing to established; numbers are IANA's. */
export const SCTP_CHUNKS = { INIT: 1, "INIT-ACK": 2, "COOKIE-ECHO": 10 } as const;

export interface WirePacket {
  /** 32 bits. Even: a host without a socket sends a RST of the next number, which must be none of ours. */
  readonly number: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Bits of TCP_FLAGS; SYN opens a connection. */
  readonly tcpFlags: number;
  readonly sctpChunk: keyof typeof SCTP_CHUNKS;
  /** What conntrack compares with what it saw of the other side: TCP's acknowledgment, SCTP's verification tag; or 0. */
  readonly answers: number;
}

/** What a packet seen says. */
export interface SeenWirePacket extends Omit<WirePacket, "protocol" | "sctpChunk" | "answers"> {
  readonly protocol: WirePacket["protocol"] | "icmp";
  /** An ICMP error about, or a RST in answer to, the packet of this number; the addresses are those of the refusal. */
  readonly refuses: boolean;
  /** ICMP type and code, "3/3"; null for others. */
  readonly icmp: string | null;
}

const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const HOPS = 64;

/** @returns an IP packet with right checksums */
export function encodePacket(flow: WirePacket): Uint8Array {
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

function transportBytes(packet: WirePacket): Uint8Array {
  const { protocol, number, answers } = packet;
  const bytes = new Uint8Array({ udp: 12, tcp: 20, sctp: 32 }[protocol]);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, packet.sourcePort);
  view.setUint16(2, packet.destinationPort);
  if (protocol === "udp") {
    view.setUint16(4, bytes.length);
    view.setUint32(8, number);
  } else if (protocol === "tcp") {
    view.setUint32(4, number);
    view.setUint32(8, answers);
    view.setUint8(12, 5 << 4);
    view.setUint8(13, packet.tcpFlags);
    view.setUint16(14, 0xffff);
  } else {
    // Verification tag: what the other side asked for. INIT and INIT ACK: tag asked for, window, one stream each way,
    // first sequence number; COOKIE ECHO has a cookie of those 16 bytes.
    view.setUint32(4, answers);
    view.setUint8(12, SCTP_CHUNKS[packet.sctpChunk]);
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
export function decodePacket(bytes: Uint8Array): SeenWirePacket | null {
  const head = readHead(bytes);
  if (head === null) return null;
  const { protocol, source, destination, transport } = head;
  if (protocol === "icmp") return decodeError(head);
  const view = new DataView(transport.buffer, transport.byteOffset, transport.byteLength);
  const at = { udp: 8, tcp: 4, sctp: 16 }[protocol];
  if (transport.length < at + 4) return null;
  const tcpFlags = protocol === "tcp" && transport.length > 13 ? view.getUint8(13) : 0;
  const number = view.getUint32(at);
  // A host that refuses a SYN numbers its RST 0; ours have numbers of their own.
  const resets = TCP_FLAGS.RST | TCP_FLAGS.ACK;
  const refuses = (tcpFlags & resets) === resets && number === 0;
  return {
    number: refuses ? (view.getUint32(8) - 1) >>> 0 : number,
    protocol,
    source,
    sourcePort: view.getUint16(0),
    destination,
    destinationPort: view.getUint16(2),
    tcpFlags,
    refuses,
    icmp: null,
  };
}

interface Head {
  readonly family: Family;
  readonly protocol: SeenWirePacket["protocol"];
  readonly source: string;
  readonly destination: string;
  readonly transport: Uint8Array;
}

function readHead(bytes: Uint8Array): Head | null {
  if (bytes.length < IPV4_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family: Family = view.getUint8(0) >> 4 === 6 ? "IPv6" : "IPv4";
  const length = family === "IPv4" ? (view.getUint8(0) & 15) * 4 : IPV6_BYTES;
  if (bytes.length < length + 8) return null;
  const protocol = protocolOf(view.getUint8(family === "IPv4" ? 9 : 6));
  if (protocol === null) return null;
  const [at, width] = family === "IPv4" ? [12, 4] : [8, 16];
  return {
    family,
    protocol,
    source: addressText(bytes.subarray(at, at + width), family),
    destination: addressText(bytes.subarray(at + width, at + 2 * width), family),
    transport: bytes.subarray(length),
  };
}

/** ICMP types whose message is the packet they are about, behind 8 bytes. */
const ICMP_ERRORS: Readonly<Record<Family, readonly number[]>> = { IPv4: [3, 4, 11, 12], IPv6: [1, 2, 3, 4] };
const ICMP_HEADER_BYTES = 8;

function decodeError({ family, source, destination, transport }: Head): SeenWirePacket | null {
  const [type = 0, code = 0] = transport;
  if (!ICMP_ERRORS[family].includes(type)) return null;
  const quoted = decodePacket(transport.subarray(ICMP_HEADER_BYTES));
  if (quoted === null || quoted.icmp !== null) return null;
  const ends = { source, destination, sourcePort: 0, destinationPort: 0 };
  return { ...quoted, ...ends, protocol: "icmp", icmp: `${type}/${code}`, refuses: true };
}

function protocolOf(number: number): SeenWirePacket["protocol"] | null {
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
