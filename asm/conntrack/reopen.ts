// Whether a SYN may take the place of a TCP flow that has ended: only where a FIN ended it, or the last packet before was
// a RST of the SYN's own side; else the SYN changes nothing. Each packet of a flow leaves what that asks for.
// Twin: src/netfilter/tracer/conntrack.ts. Source: net/netfilter/nf_conntrack_proto_tcp.c, case TCP_CONNTRACK_SYN_SENT.
import { CONNTRACK_STATE_LAST, CONNTRACK_STATE_STATUS, CONNTRACK_STATUS_CLOSED } from "../abi/conntrack";
import { PROTOCOL_TCP, TCP_FLAG_RST } from "../abi/packet";
import { STATE_FIN_WAIT, STATE_IGNORE, STATE_INVALID, STATE_REOPEN } from "./protocol";

/** What becomes of the flow at `state` by the packet: `next`, unless that is to reopen one that may not be. */
export function mayReopen(state: usize, direction: u32, next: u32): u32 {
  if (next !== STATE_REOPEN) return next;
  if (load<u8>(state, CONNTRACK_STATE_STATUS) & CONNTRACK_STATUS_CLOSED) return next;
  return load<u8>(state, CONNTRACK_STATE_LAST) === direction + 1 ? next : STATE_IGNORE;
}

/** Note the packet, with what it makes of the flow. */
export function noteLast(state: usize, protocol: u32, direction: u32, flags: u32, next: u32): void {
  if (protocol !== PROTOCOL_TCP || next === STATE_INVALID) return;
  store<u8>(state, (flags & TCP_FLAG_RST ? direction + 1 : 0) as u8, CONNTRACK_STATE_LAST);
  if (next !== STATE_FIN_WAIT) return;
  const status = load<u8>(state, CONNTRACK_STATE_STATUS);
  store<u8>(state, status | (CONNTRACK_STATUS_CLOSED as u8), CONNTRACK_STATE_STATUS);
}
