// Seeded packets to the addresses of a random cluster: new connections, more of old ones, replies, and now and then
// something that fits nowhere.
import type { Family } from "../base/ip.js";
import type { Prng } from "../base/prng.js";
import { type Packet, TCP_FLAGS } from "../netfilter/packet.js";
import type { Trace } from "../netfilter/tracer/trace.js";
import { randomPodIp } from "../proxy/nftables/random-cluster.test-data.js";

export const INTERFACES = ["", "eth0", "veth1", "veth22"];

export interface Sent {
  readonly packet: Packet;
  readonly trace: Trace;
}

export interface PacketMix {
  /** TCP flags of a later packet of a flow, one drawn. */
  readonly laterFlags: readonly number[];
  /** Up to which number in 0..1 a new connection goes there; behind them node ports to 0.95, then Pods. */
  readonly upTo: {
    readonly clusterIps: number;
    readonly externalIps: number;
    readonly loadBalancerIps: number;
  };
}

export function randomPacket(prng: Prng, family: Family, sent: readonly Sent[], mix: PacketMix): Packet {
  const last = sent.slice(-40);
  if (last.length > 0 && prng.unit() < 0.5) return laterPacket(prng, family, prng.pick(last), mix);
  const protocol = prng.pick([
    "tcp",
    "tcp",
    "tcp",
    "udp",
    "sctp",
    family === "IPv4" ? "icmp" : "icmpv6",
  ] as const);
  const hasPorts = protocol === "tcp" || protocol === "udp" || protocol === "sctp";
  const [destination, port] = randomDestination(prng, family, mix);
  const fromNode = prng.unit() < 0.15;
  return {
    protocol,
    source: fromNode ? nodeIp(family) : randomSource(prng, family),
    sourcePort: hasPorts ? 40_000 + prng.below(8) : 0,
    destination,
    destinationPort: hasPorts ? port : 0,
    inInterface: fromNode ? null : prng.pick(INTERFACES.slice(1)),
    tcpFlags: protocol === "tcp" ? (prng.unit() < 0.9 ? TCP_FLAGS.SYN : TCP_FLAGS.ACK) : 0,
    payloadBytes: 0,
  };
}

/** Another packet of a flow, in either direction. */
function laterPacket(prng: Prng, family: Family, { packet, trace }: Sent, { laterFlags }: PacketMix): Packet {
  const tcpFlags = packet.protocol === "tcp" ? prng.pick(laterFlags) : 0;
  if (prng.unit() < 0.4) return { ...packet, tcpFlags };
  const from = trace.outcome.target ?? { ip: packet.destination, port: packet.destinationPort };
  return {
    ...packet,
    source: from.ip,
    sourcePort: from.port,
    destination: trace.outcome.masquerade ? nodeIp(family) : packet.source,
    destinationPort: packet.sourcePort,
    inInterface: "eth0",
    tcpFlags,
  };
}

function randomSource(prng: Prng, family: Family): string {
  const outside = {
    IPv4: ["203.0.113.5", "203.0.113.200", "192.168.0.77"],
    IPv6: ["2001:db8:2::5", "2001:db8:9::5", "fd00:192::77"],
  };
  return prng.unit() < 0.6 ? randomPodIp(prng, family) : prng.pick(outside[family]);
}

function randomDestination(prng: Prng, family: Family, { upTo }: PacketMix): [string, number] {
  const ip = (ipv4: string, ipv6: string) => (family === "IPv4" ? ipv4 : ipv6);
  const index = prng.below(14) + 1;
  const port = 80 + prng.below(3);
  const choice = prng.unit();
  if (choice < upTo.clusterIps) return [ip(`172.30.0.${index}`, `fd00:172::${index.toString(16)}`), port];
  if (choice < upTo.externalIps)
    return [ip(`198.51.100.${(index % 3) + 1}`, `2001:db8:1::${(index % 3) + 1}`), port];
  if (choice < upTo.loadBalancerIps)
    return [ip(`192.0.2.${index}`, `2001:db8:3::${index.toString(16)}`), port];
  if (choice < 0.95)
    return [ip(`192.168.0.${2 + (index % 2)}`, `fd00:192::${2 + (index % 2)}`), 30_000 + prng.below(26)];
  return [randomPodIp(prng, family), 8080];
}

export function nodeIp(family: Family): string {
  return family === "IPv4" ? "192.168.0.2" : "fd00:192::2";
}
