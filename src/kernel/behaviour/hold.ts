// Holds conversations with a node, many at once, and says what became of each packet.
// A round sends, of every conversation, what can be said without having seen more: up to the next answer, which needs
// to know where the packet before it went. Packets of one conversation stay together and in order.
// Cost: rounds x the 60 ms of an exchange's silence, plus some 20 us a packet.
import type { Verdict } from "../../netfilter/packet.js";
import { TCP_FLAGS } from "../../netfilter/packet.js";
import { inverse, type Tuple } from "../../netfilter/tracer/conntrack.js";
import { OUT_INTERFACE } from "../host/topology.js";
import { type ClientPacket, type HeldConversation, packetOf, UTTERANCES_MAX } from "./conversation.js";
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

/** The client's packet, utterance `index`, as it goes out. */
export function clientWirePacket(held: HeldConversation, index: number, utterance: ClientPacket): WirePacket {
  const packet = packetOf(utterance, held.sourcePorts);
  const answers = answeredBy(held, index);
  const sctpChunk = answers === 0 ? "INIT" : "COOKIE-ECHO";
  return { ...tupleOf(packet), number: wireNumber(held.number, index), answers, sctpChunk };
}

/** Number of the packet of the other side that came before packet `index`; 0 when there was none. */
function answeredBy({ conversation, number }: HeldConversation, index: number): number {
  const mine = conversation.utterances[index]?.from;
  const before = conversation.utterances.slice(0, index).findLastIndex(({ from }) => from !== mine);
  return before < 0 ? 0 : wireNumber(number, before);
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
    const held = this.#held;
    const utterance = held.conversation.utterances[index];
    if (utterance?.from === "client") {
      const { inInterface } = utterance.packet;
      return { inInterface, packet: clientWirePacket(held, index, utterance) };
    }
    const before = this.sights.at(-1);
    if (before === undefined || before.sent === null || before.isLocal) return null;
    const tuple = inverse(before.sent) as Pick<WirePacket, keyof Tuple>;
    const tcpFlags = tuple.protocol === "tcp" ? TCP_FLAGS.SYN | TCP_FLAGS.ACK : 0;
    const numbers = { number: wireNumber(held.number, index), answers: answeredBy(held, index) };
    return { inInterface: OUT_INTERFACE, packet: { ...tuple, tcpFlags, ...numbers, sctpChunk: "INIT-ACK" } };
  }
}

function tupleOf(packet: ReturnType<typeof packetOf>): Omit<WirePacket, "number" | "answers" | "sctpChunk"> {
  const { source, sourcePort, destination, destinationPort, tcpFlags } = packet;
  const protocol = packet.protocol as WirePacket["protocol"];
  return { protocol, source, sourcePort, destination, destinationPort, tcpFlags };
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
