// What is said between a client and whoever its packets reach, before anybody knows who that is.
// A conversation is a template: the same words from one client to one address, over fresh source ports each time. Its
// fates (fates.ts) are therefore found once, and every time it is held they are what may be seen.
import type { Packet } from "../../netfilter/packet.js";
import { inverse, type Tuple } from "../../netfilter/tracer/conntrack.js";
import { OUT_INTERFACE } from "../host/topology.js";

/** What the client sends. */
export interface ClientPacket {
  readonly from: "client";
  /** Which of the conversation's source ports it leaves from, counted from 0. Packets of one flow share a port. */
  readonly flow: number;
  readonly packet: Omit<Packet, "sourcePort">;
}

/** What the one whom the client's last packet reached sends back; nothing, when it reached nobody. */
export interface Answer {
  readonly from: "target";
  /** Bits of TCP_FLAGS; without meaning for other protocols. */
  readonly tcpFlags: number;
}

export type Utterance = ClientPacket | Answer;

export interface Conversation {
  /** Kind of packet, as the record counts them: "cluster-ip", "hairpin", ... */
  readonly kind: string;
  /** The Service whose spread over backends the first packet counts to; null for none. */
  readonly service: string | null;
  /** In order; the first is the client's. At most UTTERANCES_MAX. */
  readonly utterances: readonly Utterance[];
  /** Whether the node remembers the client: it can be held once per node. */
  readonly once: boolean;
}

/** A conversation as it is held. */
export interface HeldConversation {
  readonly conversation: Conversation;
  /** Unlike any other of the run, from 1. */
  readonly number: number;
  /** By flow. */
  readonly sourcePorts: readonly number[];
}

/** Positions that fit into a packet's number (wireNumber). */
export const UTTERANCES_MAX = 8;

/** How many source ports a conversation needs. */
export function flowsOf({ utterances }: Conversation): number {
  return utterances.reduce((most, it) => (it.from === "client" ? Math.max(most, it.flow + 1) : most), 0);
}

/** The address that opens it. */
export function clientOf({ utterances }: Conversation): string {
  const [first] = utterances;
  return first?.from === "client" ? first.packet.source : "";
}

/** The client's packet with the port that a flow was given. */
export function packetOf({ packet, flow }: ClientPacket, sourcePorts: readonly number[]): Packet {
  return { ...packet, sourcePort: sourcePorts[flow] ?? 0 };
}

/** The packet that answers one which came out as `sent`. */
export function answerTo(sent: Tuple, { tcpFlags }: Answer): Packet {
  const flags = sent.protocol === "tcp" ? tcpFlags : 0;
  return { ...inverse(sent), inInterface: OUT_INTERFACE, tcpFlags: flags, payloadBytes: 0 };
}

/** Position of the client's packet that an answer at `index` is to. */
export function askedBefore({ utterances }: Conversation, index: number): number {
  return utterances.findLastIndex(({ from }, at) => at < index && from === "client");
}

/** The conversation cut off behind its utterance `index`. */
export function upTo(conversation: Conversation, index: number): Conversation {
  return { ...conversation, utterances: conversation.utterances.slice(0, index + 1) };
}
