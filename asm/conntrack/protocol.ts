// Protocol state of a flow: TCP by the kernel's transition table, UDP and the rest by "answered or not".
// The table is twelve rows of ten states, four bits each, so that a transition is one shift: no branches, no memory.
// Source: net/netfilter/nf_conntrack_proto_tcp.c (tcp_conntracks), _udp.c, _icmp.c, _sctp.c and their timeouts.
import {
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TCP_FLAG_ACK,
  TCP_FLAG_FIN,
  TCP_FLAG_RST,
  TCP_FLAG_SYN,
} from "../abi/packet";
import { CONNTRACK_STATUS_SEEN_REPLY } from "../abi/conntrack";

const STATE_NONE: u32 = 0;
const STATE_SYN_SENT: u32 = 1;
const STATE_SYN_RECV: u32 = 2;
const STATE_ESTABLISHED: u32 = 3;
export const STATE_FIN_WAIT: u32 = 4;
const STATE_CLOSE_WAIT: u32 = 5;
const STATE_LAST_ACK: u32 = 6;
const STATE_TIME_WAIT: u32 = 7;
const STATE_CLOSE: u32 = 8;
const STATE_SYN_SENT2: u32 = 9;
/** A SYN meets a flow that has ended: a new flow takes its place. The first of the answers that are no states. */
export const STATE_REOPEN: u32 = 13;
/** The packet leaves the state as it is. */
export const STATE_IGNORE: u32 = 14;
/** The packet fits no transition: it is INVALID. */
export const STATE_INVALID: u32 = 15;

// Rows, read from the right: digit n is the state that follows state n (the last digit follows NONE).
const ORIGINAL_SYN: u64 = 0x9ddeeeee11;
const ORIGINAL_SYN_ACK: u64 = 0x2ffffff2ff;
const ORIGINAL_ACK: u64 = 0xf8775533f3;
const REPLY_SYN: u64 = 0x9fdfffff9f;
const REPLY_SYN_ACK: u64 = 0x2eeeeeee2f;
const REPLY_ACK: u64 = 0xe8775532ef;
const EITHER_FIN: u64 = 0xf8766644ff;
const EITHER_RST: u64 = 0x888888888f;
const EITHER_NONE: u64 = 0xffffffffff;

/** State after the first packet of a flow, or STATE_INVALID when no flow can begin with it. */
export function begin(protocol: u32, flags: u32): u32 {
  if (protocol === PROTOCOL_TCP) return transition(0, STATE_NONE, flags);
  return STATE_NONE;
}

/** State after one more packet, or STATE_REOPEN, or STATE_IGNORE, or STATE_INVALID: the packet does not belong. */
export function advance(protocol: u32, state: u32, direction: u32, flags: u32): u32 {
  if (protocol === PROTOCOL_TCP) return transition(direction, state, flags);
  return state;
}

/** Whether a packet leaves the flow as old as it was: it is ignored, or a SYN said again before it was answered. */
export function keepsDeadline(next: u32, status: u32): bool {
  if (next === STATE_IGNORE) return true;
  return next === STATE_SYN_SENT && (status & CONNTRACK_STATUS_SEEN_REPLY) === 0;
}

/** Whether a flow that nobody replied to was reset: it ends with that packet. */
export function isRefused(next: u32, status: u32): bool {
  return next === STATE_CLOSE && (status & CONNTRACK_STATUS_SEEN_REPLY) === 0;
}

/** How long a flow in this state lives after its last packet, ms. */
export function timeoutMs(protocol: u32, state: u32, status: u32): u32 {
  if (protocol === PROTOCOL_TCP) return tcpMs(state);
  const answered = (status & CONNTRACK_STATUS_SEEN_REPLY) !== 0;
  if (protocol === PROTOCOL_UDP) return answered ? 120_000 : 30_000;
  if (protocol === PROTOCOL_SCTP) return 600_000;
  return 30_000;
}

function transition(direction: u32, state: u32, flags: u32): u32 {
  return ((rowOf(direction, flags) >>> (state << 2)) & 15) as u32;
}

/** The kernel's order of flags: RST, SYN (with or without ACK), FIN, ACK, none. */
function rowOf(direction: u32, flags: u32): u64 {
  if (flags & TCP_FLAG_RST) return EITHER_RST;
  if (flags & TCP_FLAG_SYN) {
    if (flags & TCP_FLAG_ACK) return direction === 0 ? ORIGINAL_SYN_ACK : REPLY_SYN_ACK;
    return direction === 0 ? ORIGINAL_SYN : REPLY_SYN;
  }
  if (flags & TCP_FLAG_FIN) return EITHER_FIN;
  if (flags & TCP_FLAG_ACK) return direction === 0 ? ORIGINAL_ACK : REPLY_ACK;
  return EITHER_NONE;
}

/** Kernel defaults, with kube-proxy's established (24 h) and close-wait (1 h). A chain of tests: V8 jumps badly. */
function tcpMs(state: u32): u32 {
  if ((1 << state) & TWO_MINUTE_STATES) return 120_000;
  if (state === STATE_ESTABLISHED) return 86_400_000;
  if (state === STATE_SYN_RECV) return 60_000;
  if (state === STATE_CLOSE_WAIT) return 3_600_000;
  return state === STATE_LAST_ACK ? 30_000 : 10_000;
}

const TWO_MINUTE_STATES: u32 =
  ((1 as u32) << STATE_NONE) |
  ((1 as u32) << STATE_SYN_SENT) |
  ((1 as u32) << STATE_FIN_WAIT) |
  ((1 as u32) << STATE_TIME_WAIT) |
  ((1 as u32) << STATE_SYN_SENT2);
