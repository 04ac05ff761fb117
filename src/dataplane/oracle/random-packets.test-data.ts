// Seeded random packets of a small world: openings, replies, repeats, ends and nonsense, over a clock that leaps now
// and then, so that flows are met in every state and expire.
import { ipWords } from "../../base/ip.js";
import type { Prng } from "../../base/prng.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../../netfilter/packet.js";
import { PacketColumns } from "../../netfilter/packet-columns.js";
import type { World } from "./random-ruleset.test-data.js";

/** What a packet may answer: the ends of an earlier one as they left the node. */
export interface SentPacket {
  readonly protocol: number;
  readonly source: { readonly ip: string; readonly port: number };
  readonly destination: { readonly ip: string; readonly port: number };
}

const { SYN, ACK, FIN, RST, PSH } = TCP_FLAGS;
const FLAG_MIX = [SYN, SYN, SYN, ACK, ACK, ACK | PSH, FIN | ACK, RST, SYN | ACK, 0];
const REPLY_MIX = [SYN | ACK, SYN | ACK, ACK, FIN | ACK, RST, SYN];

/** One packet at a time, each perhaps an answer to one of `sent`. Packet 0 of the columns. */
export function randomPacket(
  prng: Prng,
  world: World,
  sent: readonly SentPacket[],
  timeMs: number,
): PacketColumns {
  const columns = new PacketColumns(world.family, 1, world.interfaces);
  const answered = sent.length > 0 && prng.below(2) === 0 ? prng.pick(sent.slice(-12)) : null;
  const isReply = answered !== null && prng.below(2) === 0;
  const [from, to] =
    answered === null ? [randomEnd(prng, world), randomEnd(prng, world)] : endsOf(answered, isReply);
  columns.source.set(ipWords(from.ip));
  columns.destination.set(ipWords(to.ip));
  columns.sourcePort[0] = from.port;
  columns.destinationPort[0] = to.port;
  const { tcp, udp, sctp } = PROTOCOL_NUMBERS;
  const icmp = world.family === "IPv4" ? PROTOCOL_NUMBERS.icmp : PROTOCOL_NUMBERS.icmpv6;
  const protocol = answered?.protocol ?? prng.pick([tcp, tcp, tcp, udp, udp, sctp, icmp]);
  columns.protocol[0] = protocol;
  columns.tcpFlags[0] = protocol === tcp ? prng.pick(isReply ? REPLY_MIX : FLAG_MIX) : 0;
  columns.fromNode[0] = prng.below(5) === 0 ? 1 : 0;
  columns.inInterface[0] = prng.below(world.interfaces.length);
  columns.payloadBytes[0] = prng.pick([0, 0, 1, 100, 1448]);
  columns.timeMs[0] = timeMs;
  return columns;
}

/** Mostly a step, now and then a leap over a protocol's timeout. */
export function nextTime(prng: Prng, timeMs: number): number {
  return timeMs + (prng.below(25) === 0 ? prng.pick([10_000, 30_000, 61_000, 125_000]) : prng.below(900));
}

function randomEnd(prng: Prng, world: World): { ip: string; port: number } {
  return { ip: prng.pick(world.addresses), port: prng.pick([...world.ports, 40_000, 40_001, 65_535]) };
}

function endsOf({ source, destination }: SentPacket, isReply: boolean) {
  return isReply ? ([destination, source] as const) : ([source, destination] as const);
}
