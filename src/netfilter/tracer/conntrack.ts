// Connection tracking, slow and obvious: what the core's hash table (asm/conntrack) must agree with, packet by packet.
//
// The algorithm, which both keep to:
//   track     one lookup of the packet's tuple among both tuples of every connection. Found and not expired: the
//             protocol state moves on, the deadline is now + the new state's timeout. The deadline stays as it is for
//             a SYN that is said again before it was answered, and for a packet that the state ignores. No transition:
//             INVALID, nothing changes. A SYN to a connection in TIME_WAIT or CLOSE removes it and opens a new one. A
//             RST where nothing was replied yet ends the connection with itself: its deadline is now.
//             Not found: a draft, which no other packet sees until it is confirmed. TCP that cannot begin a
//             connection (SYN+ACK, FIN, RST, no flags) is INVALID; a bare ACK begins one (nf_conntrack_tcp_loose=1).
//             No room for a draft even without the expired ones: full. Nothing is dropped early to make room.
//   state     NEW until a packet travelled in the reply direction, that one and all later are ESTABLISHED.
//   NAT       set up once per direction, while a draft, by rewriting the draft's reply tuple:
//             destination: always as asked. Source: the port is kept when the reply tuple is free, else counted up
//             (from the top on again at the bottom) through the asked range, 1024..65535 when none is asked; none
//             free: the packet is dropped. A port outside an asked range starts at its bottom. MASQUERADE
//             --random-fully searches alike. When no rule translates the source but the reply tuple is taken, the
//             source port is moved in the same way (the kernel's null binding).
//             A tuple is taken when an unexpired confirmed connection has it in either direction.
//   confirm   the draft becomes findable. A dropped packet never gets there.
// Bucket counts and hash functions never show in results.
//
// Source: net/netfilter/nf_conntrack_core.c, nf_conntrack_proto_{tcp,udp,icmp,generic}.c, nf_nat_core.c.
import { assert } from "../../base/assert.js";
import type { Range } from "../iptables/model.js";
import { type Protocol, TCP_FLAGS } from "../packet.js";
import { type ConntrackTimeouts, KUBE_PROXY_TIMEOUTS } from "./conntrack-timeouts.js";
import { type TcpState, tcpTransition } from "./tcp-state.js";

export interface Tuple {
  readonly protocol: Protocol;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

export interface Connection {
  readonly original: Tuple;
  /** What packets of the other direction look like when they arrive. */
  reply: Tuple;
  /** NO for other protocols than TCP. */
  tcpState: TcpState;
  seenReply: boolean;
  /** Whether a rule changed the destination or the source. */
  dnat: boolean;
  snat: boolean;
  /** Whether a rule translated the source, if only to the address it had: the node's own packets, masqueraded. */
  masqueraded: boolean;
  /** Whether a FIN came while it was open. */
  closed: boolean;
  /** The last packet's direction if it was a RST. */
  lastReset: "original" | "reply" | null;
  /** It is gone when the time reaches this. */
  deadlineMs: number;
}

export type Tracked =
  | { readonly kind: "known"; readonly connection: Connection; readonly isReply: boolean }
  | { readonly kind: "draft"; readonly connection: Connection }
  | { readonly kind: "invalid" }
  | { readonly kind: "full" };

export interface ConntrackOptions {
  readonly entriesMax: number;
  readonly timeouts?: ConntrackTimeouts;
}

export class Conntrack {
  /** Both tuples of every confirmed connection, by text. */
  readonly #byTuple = new Map<string, Connection>();
  readonly #connections = new Set<Connection>();
  readonly #entriesMax: number;
  readonly #timeouts: ConntrackTimeouts;

  constructor({ entriesMax, timeouts = KUBE_PROXY_TIMEOUTS }: ConntrackOptions) {
    this.#entriesMax = entriesMax;
    this.#timeouts = timeouts;
  }

  /** Confirmed connections, expired ones included until they are met or collected. */
  get count(): number {
    return this.#connections.size;
  }

  track(tuple: Tuple, tcpFlags: number, nowMs: number): Tracked {
    const found = this.#find(tuple, nowMs);
    if (found === undefined) return this.#open(tuple, tcpFlags, nowMs);
    const isReply = tupleText(found.original) !== tupleText(tuple);
    const next = tuple.protocol === "tcp" ? nextState(found, isReply, tcpFlags) : "NO";
    if (next === "IV") return { kind: "invalid" };
    if (next === "SS" && (found.tcpState === "TW" || found.tcpState === "CL")) {
      this.#remove(found);
      return this.#open(tuple, tcpFlags, nowMs);
    }
    if (tcpFlags & TCP_FLAGS.RST) found.lastReset = isReply ? "reply" : "original";
    else found.lastReset = null;
    found.closed ||= next === "FW";
    const wasAnswered = found.seenReply;
    found.seenReply ||= isReply;
    if (next === "IG" || (next === "SS" && !wasAnswered))
      return { kind: "known", connection: found, isReply };
    found.tcpState = next;
    const isRefused = next === "CL" && !wasAnswered;
    found.deadlineMs = isRefused ? nowMs : nowMs + this.#timeoutMs(found);
    return { kind: "known", connection: found, isReply };
  }

  /** As if it had never been there. */
  forget(connection: Connection): void {
    this.#remove(connection);
  }

  /** Make a draft findable. */
  confirm(draft: Connection): void {
    assert(!this.#connections.has(draft), "a connection is confirmed once");
    this.#connections.add(draft);
    this.#byTuple.set(tupleText(draft.original), draft);
    this.#byTuple.set(tupleText(draft.reply), draft);
  }

  /**
   * Give a draft the source `ip`, and a port for which its reply tuple is free.
   *
   * @returns candidates tried, the last of them chosen; null when every port is taken
   */
  bindSource(draft: Connection, ip: string, ports: Range | null, nowMs: number): number | null {
    const { first, last } = ports ?? { first: 1024, last: 65535 };
    const kept = draft.reply.destinationPort;
    let port = ports !== null && (kept < first || kept > last) ? first : kept;
    for (let tried = 1; tried <= last - first + 2; tried++) {
      const reply = { ...draft.reply, destination: ip, destinationPort: port };
      if (!this.isTaken(reply, nowMs)) {
        draft.reply = reply;
        return tried;
      }
      port = port >= last || port < first ? first : port + 1;
    }
    return null;
  }

  /** An expired connection is removed, or confirming the draft would leave two with one tuple. */
  isTaken(tuple: Tuple, nowMs: number): boolean {
    return this.#find(tuple, nowMs) !== undefined;
  }

  #open(tuple: Tuple, tcpFlags: number, nowMs: number): Tracked {
    const first = tuple.protocol === "tcp" ? tcpTransition("NO", false, tcpFlags) : "NO";
    if (first === "IV" || first === "IG") return { kind: "invalid" };
    if (!this.#hasRoom(nowMs)) return { kind: "full" };
    const connection: Connection = {
      original: tuple,
      reply: inverse(tuple),
      tcpState: first,
      seenReply: false,
      dnat: false,
      snat: false,
      masqueraded: false,
      closed: false,
      lastReset: null,
      deadlineMs: 0,
    };
    connection.deadlineMs = nowMs + this.#timeoutMs(connection);
    return { kind: "draft", connection };
  }

  #find(tuple: Tuple, nowMs: number): Connection | undefined {
    const connection = this.#byTuple.get(tupleText(tuple));
    if (connection === undefined || connection.deadlineMs > nowMs) return connection;
    this.#remove(connection);
    return undefined;
  }

  #remove(connection: Connection): void {
    this.#connections.delete(connection);
    this.#byTuple.delete(tupleText(connection.original));
    this.#byTuple.delete(tupleText(connection.reply));
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#connections.size < this.#entriesMax) return true;
    for (const connection of this.#connections) {
      if (connection.deadlineMs <= nowMs) this.#remove(connection);
    }
    return this.#connections.size < this.#entriesMax;
  }

  #timeoutMs({ original, tcpState, seenReply }: Connection): number {
    const { tcp, udp, sctp, icmp } = this.#timeouts;
    switch (original.protocol) {
      case "tcp":
        return tcp[tcpState] * 1000;
      case "udp":
        return (seenReply ? udp.answered : udp.unanswered) * 1000;
      case "sctp":
        return sctp * 1000;
      default:
        return icmp * 1000;
    }
  }
}

/** A SYN takes the place of a connection that a FIN ended, or a RST of its own side right before; else it changes nothing. */
function nextState({ tcpState, closed, lastReset }: Connection, isReply: boolean, tcpFlags: number) {
  const next = tcpTransition(tcpState, isReply, tcpFlags);
  const reopens = next === "SS" && (tcpState === "TW" || tcpState === "CL");
  return reopens && !closed && lastReset !== (isReply ? "reply" : "original") ? "IG" : next;
}

/** "tcp 10.0.0.1:80 > 10.0.0.2:4000". */
export function tupleText({ protocol, source, sourcePort, destination, destinationPort }: Tuple): string {
  return `${protocol} ${source} ${sourcePort} > ${destination} ${destinationPort}`;
}

export function inverse(tuple: Tuple): Tuple {
  return {
    protocol: tuple.protocol,
    source: tuple.destination,
    sourcePort: tuple.destinationPort,
    destination: tuple.source,
    destinationPort: tuple.sourcePort,
  };
}
