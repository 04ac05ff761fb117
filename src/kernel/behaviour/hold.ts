// Holds conversations with a node, many at once, and says what became of each packet.
// A round sends, of every conversation, what can be said without having seen more: up to the next answer, which needs
// to know where the packet before it went. Packets of one conversation stay together and in order.
// Cost: rounds x the 60 ms of an exchange's silence, plus some 20 us a packet.
import { type Packet, type Protocol, TCP_FLAGS, type Verdict } from "../../netfilter/packet.js";
import type { Tuple } from "../../netfilter/tracer/conntrack.js";
import {
  answerTo,
  askedBefore,
  type HeldConversation,
  packetOf,
  type Utterance,
  UTTERANCES_MAX,
} from "./conversation.js";
import type { PacketSight } from "./judge.js";
import type { SeenPacket, SentPacket, TestedNode } from "./tested-node.js";
import type { WirePacket } from "./wire-packet.js";

/** What was seen of each, a sight per packet sent; fewer than utterances when nobody was there to answer. */
export async function holdAll(
  node: TestedNode,
  conversations: readonly HeldConversation[],
): Promise<(readonly PacketSight[])[]> {
  const talks = conversations.map((held) => new Talk(held));
  for (;;) {
    const turns = talks.flatMap((talk) => talk.turn());
    if (turns.length === 0) return talks.map(({ sights }) => sights);
    const seen = byNumber(await node.exchange(turns));
    for (const talk of talks) talk.see(seen);
  }
}

/** The number that packet `index` of a conversation carries: even, and no two alike. */
export function wireNumber(number: number, index: number): number {
  return ((number * UTTERANCES_MAX + index) * 2) >>> 0;
}

/** Packet `index` of a conversation with what conntrack looks at beside its ends. */
export function wirePacket(held: HeldConversation, index: number, packet: Packet): WirePacket {
  const { source, sourcePort, destination, destinationPort, tcpFlags } = packet;
  const { utterances } = held.conversation;
  const from = utterances[index]?.from;
  const heard = utterances.findLastIndex((it, at) => at < index && it.from !== from);
  return {
    protocol: packet.protocol as WirePacket["protocol"],
    ...{ source, sourcePort, destination, destinationPort, tcpFlags },
    number: wireNumber(held.number, index),
    answers: heard < 0 ? 0 : acknowledged(held, heard, packet.protocol),
    sctpChunk: heard < 0 ? "INIT" : from === "client" ? "COOKIE-ECHO" : "INIT-ACK",
  };
}

/** What the other side says once it has packet `index`; in TCP, a SYN and a FIN take up one number. */
export function acknowledged(
  { conversation, number }: HeldConversation,
  index: number,
  protocol: Protocol,
): number {
  const own = wireNumber(number, index);
  if (protocol !== "tcp") return own;
  const heard = conversation.utterances[index];
  const flags = heard?.from === "client" ? heard.packet.tcpFlags : (heard?.tcpFlags ?? 0);
  return flags & (TCP_FLAGS.SYN | TCP_FLAGS.FIN) ? own + 1 : own;
}

class Talk {
  readonly sights: PacketSight[] = [];
  readonly #held: HeldConversation;
  /** Sent and not yet looked for. */
  #sent: SentPacket[] = [];

  constructor(held: HeldConversation) {
    this.#held = held;
  }

  /** The packets to send next; none when the conversation is over. */
  turn(): readonly SentPacket[] {
    const { utterances } = this.#held.conversation;
    this.#sent = [];
    for (let index = this.sights.length; index < utterances.length; index++) {
      const isFirst = this.#sent.length === 0;
      if (utterances[index]?.from === "target" && !isFirst) break;
      const next = this.#spoken(index);
      if (next === null || this.#wouldOvertake(next)) break;
      this.#sent.push(next);
    }
    return this.#sent;
  }

  /** What comes in by an interface may wait in the kernel's queue while a process on the node sends. */
  #wouldOvertake({ inInterface }: SentPacket): boolean {
    return inInterface === null && this.#sent.some((before) => before.inInterface !== null);
  }

  see(seen: ReadonlyMap<number, readonly SeenPacket[]>): void {
    for (const { packet } of this.#sent) this.sights.push(sightOf(packet, seen.get(packet.number) ?? []));
  }

  #spoken(index: number): SentPacket | null {
    const { conversation, sourcePorts } = this.#held;
    const utterance = conversation.utterances[index] as Utterance;
    const asked = this.sights[askedBefore(conversation, index)];
    if (utterance.from === "target" && (!asked?.sent || asked.isLocal)) return null;
    const packet =
      utterance.from === "client"
        ? packetOf(utterance, sourcePorts)
        : answerTo(asked?.sent as Tuple, utterance);
    return { inInterface: packet.inInterface, packet: wirePacket(this.#held, index, packet) };
  }
}

/**
 * Out of everything that carries a packet's number: it itself where it came out, else a refusal of it. A host without a
 * listener refuses what was delivered to it, so being seen comes first.
 */
function sightOf(sent: WirePacket, seen: readonly SeenPacket[]): PacketSight {
  const copies = seen.filter(({ packet }) => !packet.refuses);
  const [first] = copies;
  if (first === undefined) {
    const verdict: Verdict = seen.length > 0 ? "REJECT" : "DROP";
    return { verdict, sent: null, isLocal: false, copies: 0 };
  }
  const { source, sourcePort, destination, destinationPort } = first.packet;
  const isTranslated = destination !== sent.destination || destinationPort !== sent.destinationPort;
  return {
    verdict: isTranslated ? "DNAT" : "ACCEPT",
    sent: { protocol: sent.protocol, source, sourcePort, destination, destinationPort },
    isLocal: first.at === "node",
    copies: copies.length,
  };
}

function byNumber(seen: readonly SeenPacket[]): Map<number, SeenPacket[]> {
  const found = new Map<number, SeenPacket[]>();
  for (const it of seen) {
    const list = found.get(it.packet.number);
    if (list === undefined) found.set(it.packet.number, [it]);
    else list.push(it);
  }
  return found;
}
