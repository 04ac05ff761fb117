// A packet as people write it: "tcp 10.0.1.7:40000 > 10.96.0.9:80 in=eth0 flags=SYN,ACK".
import { PlumbError } from "../../base/errors.js";
import { canonicalIp, familyOf, splitHostPort } from "../../base/ip.js";
import { type Packet, PROTOCOL_NUMBERS, type Protocol, TCP_FLAGS } from "../packet.js";

const FORM =
  "expected 'PROTOCOL SOURCE:PORT > DESTINATION:PORT [in=INTERFACE] [from=node] [flags=SYN,ACK] [payload=BYTES]'";

/** Where packets from outside come in when the text does not say. */
const DEFAULT_INTERFACE = "eth0";

/**
 * Read a packet. ICMP has addresses without ports; IPv6 addresses stand in brackets when a port follows. A TCP packet
 * without flags is a SYN; a packet without in= comes from outside through eth0; from=node starts at OUTPUT.
 *
 * @throws {PlumbError} Usage with what was expected
 */
export function parsePacket(text: string): Packet {
  const [protocolText = "", sourceText = "", arrow, destinationText = "", ...words] = text
    .trim()
    .split(/\s+/);
  const protocol = protocolText.toLowerCase();
  if (!(protocol in PROTOCOL_NUMBERS)) {
    fail(text, `protocol '${protocolText}', expected one of ${Object.keys(PROTOCOL_NUMBERS).join(", ")}`);
  }
  if (arrow !== ">") fail(text, FORM);
  const source = readEnd(text, sourceText, protocol as Protocol);
  const destination = readEnd(text, destinationText, protocol as Protocol);
  if (familyOf(source.ip) !== familyOf(destination.ip)) {
    fail(text, `'${source.ip}' and '${destination.ip}' are of two families, expected one`);
  }
  const packet: Packet = {
    protocol: protocol as Protocol,
    source: source.ip,
    sourcePort: source.port,
    destination: destination.ip,
    destinationPort: destination.port,
    inInterface: DEFAULT_INTERFACE,
    tcpFlags: protocol === "tcp" ? TCP_FLAGS.SYN : 0,
    payloadBytes: 0,
  };
  return words.reduce((packetSoFar, word) => withWord(text, packetSoFar, word), packet);
}

/** The inverse of parsePacket. */
export function packetText(packet: Packet): string {
  const hasPorts = packet.protocol !== "icmp" && packet.protocol !== "icmpv6";
  const end = (ip: string, port: number) =>
    !hasPorts ? ip : ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  const names = Object.entries(TCP_FLAGS).filter(([, bit]) => packet.tcpFlags & bit);
  const isPlain = packet.tcpFlags === (packet.protocol === "tcp" ? TCP_FLAGS.SYN : 0);
  return [
    `${packet.protocol} ${end(packet.source, packet.sourcePort)} > ${end(packet.destination, packet.destinationPort)}`,
    ...(packet.inInterface === null ? ["from=node"] : []),
    ...(packet.inInterface === null || packet.inInterface === DEFAULT_INTERFACE
      ? []
      : [`in=${packet.inInterface}`]),
    ...(isPlain ? [] : [`flags=${names.map(([name]) => name).join(",") || "NONE"}`]),
    ...(packet.payloadBytes === 0 ? [] : [`payload=${packet.payloadBytes}`]),
  ].join(" ");
}

function readEnd(text: string, end: string, protocol: Protocol): { ip: string; port: number } {
  if (protocol === "icmp" || protocol === "icmpv6") {
    const ip = canonicalIp(end.replace(/^\[(.*)\]$/, "$1"));
    if (ip === null) fail(text, `'${end}', expected an address without a port`);
    return { ip, port: 0 };
  }
  const split = splitHostPort(end);
  if (split === null) fail(text, `'${end}', expected ADDRESS:PORT or [IPV6]:PORT`);
  return split;
}

function withWord(text: string, packet: Packet, word: string): Packet {
  const equals = word.indexOf("=");
  const [key, value] = [word.slice(0, equals), word.slice(equals + 1)];
  if (key === "in" && value !== "") return { ...packet, inInterface: value };
  if (word === "from=node") return { ...packet, inInterface: null };
  if (key === "payload" && /^\d{1,7}$/.test(value)) return { ...packet, payloadBytes: Number(value) };
  if (key === "flags" && packet.protocol === "tcp") return { ...packet, tcpFlags: readFlags(text, value) };
  fail(text, `'${word}', expected in=INTERFACE, from=node, payload=BYTES or, for tcp, flags=SYN,ACK`);
}

function readFlags(text: string, list: string): number {
  let bits = 0;
  for (const name of list.toUpperCase().split(",")) {
    const bit = (TCP_FLAGS as Readonly<Record<string, number>>)[name];
    if (bit === undefined && list.toUpperCase() !== "NONE") {
      fail(text, `flag '${name}', expected ${Object.keys(TCP_FLAGS).join(", ")} or NONE`);
    }
    bits |= bit ?? 0;
  }
  return bits;
}

function fail(text: string, problem: string): never {
  throw new PlumbError("Usage", `Cannot read packet '${text}': ${problem}`);
}
