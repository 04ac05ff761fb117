// The TCP state of a tracked connection: the kernel's own table, by direction, flags and the state before.
// Source: net/netfilter/nf_conntrack_proto_tcp.c: tcp_conntracks, and what nf_conntrack_tcp_packet makes of a SYN.
import { assert } from "../../base/assert.js";
import { TCP_FLAGS } from "../packet.js";

const TCP_STATES = ["NO", "SS", "SR", "ES", "FW", "CW", "LA", "TW", "CL", "S2", "CF", "CR"] as const;
/**
 * NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE, SYN_SENT2. The kernel's CLOSE
 * is three states here: a SYN opens the connection anew only if somebody had sent a FIN before the reset (CF), or if the
 * last packet was the opener's own reset (CR); otherwise (CL) it is left alone.
 */
export type TcpState = (typeof TCP_STATES)[number];

/** IG: the packet leaves the state as it is. IV: it fits no transition. */
export type Transition = TcpState | "IG" | "IV";

/** Row by direction and flags, column by the state before. */
const TRANSITIONS: Readonly<Record<string, readonly Transition[]>> = {
  //                 NO SS SR ES FW CW LA TW CL S2 CF CR
  "original syn": row("SS SS IG IG IG IG IG SS IG S2 SS SS"),
  "original synack": row("IV IV SR IV IV IV IV IV IV SR IV IV"),
  "original fin": row("IV IV FW FW LA LA LA TW CL IV CF CL"),
  "original ack": row("ES IV ES ES CW CW TW TW CL IV CF CL"),
  "original rst": row("IV CR CR CR CF CF CF CF CR CR CF CR"),
  "original none": row("IV IV IV IV IV IV IV IV IV IV IV IV"),
  "reply syn": row("IV S2 IV IV IV IV IV SS IV S2 IV IV"),
  "reply synack": row("IV SR IG IG IG IG IG IG IG SR IG CL"),
  "reply fin": row("IV IV FW FW LA LA LA TW CL IV CF CL"),
  "reply ack": row("IV IG SR ES CW CW TW TW CL IG CF CL"),
  "reply rst": row("IV CL CL CL CF CF CF CF CL CL CF CL"),
  "reply none": row("IV IV IV IV IV IV IV IV IV IV IV IV"),
};

function row(text: string): readonly Transition[] {
  const states = text.split(" ") as Transition[];
  assert(states.length === TCP_STATES.length, `a row of ${states.length} transitions`);
  return states;
}

/** What a packet with these flags makes of a connection's state; NO is the state before the first packet. */
export function tcpTransition(state: TcpState, isReply: boolean, tcpFlags: number): Transition {
  const states = TRANSITIONS[`${isReply ? "reply" : "original"} ${flagName(tcpFlags)}`];
  return states?.[TCP_STATES.indexOf(state)] ?? "IV";
}

/** The kernel's order: a RST counts first, then SYN, FIN, ACK. */
function flagName(tcpFlags: number): string {
  if (tcpFlags & TCP_FLAGS.RST) return "rst";
  if (tcpFlags & TCP_FLAGS.SYN) return tcpFlags & TCP_FLAGS.ACK ? "synack" : "syn";
  if (tcpFlags & TCP_FLAGS.FIN) return "fin";
  return tcpFlags & TCP_FLAGS.ACK ? "ack" : "none";
}
