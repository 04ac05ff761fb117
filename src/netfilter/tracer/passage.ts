// One packet's way through the node, the same for every form of rules (trace.ts draws it): conntrack first, then the hooks in
// order, with what conntrack stored applied where the kernel's NAT would.
// What is left out: the way out (no packet has an outgoing interface), fragments, ICMP errors about a flow, policy
// routing. A known flow's destination is translated before the first hook's raw and mangle tables, not between them.
// The node's own packets run OUTPUT's rules before IPVS has them; in the kernel raw, mangle and nat before and, once
// more, raw, mangle and filter behind it. Only where conntrack knows no flow OUTPUT runs again here: it finds one then.
// Twin: asm/packet/path.ts. Source: net/ipv4/ip_input.c, ip_output.c, net/netfilter/nf_nat_core.c.
import { joinHostPort } from "../../base/ip.js";
import type { Hook } from "../iptables/model.js";
import type { CtState, DropReason } from "../packet.js";
import { type Connection, type Conntrack, inverse, type Tracked, type Tuple } from "./conntrack.js";
import type { Flight, HookResult, HookWalker, LocalResult, LocalStage } from "./trace.js";

/** The node that a packet passes. */
export interface PassedNode {
  readonly walker: HookWalker;
  readonly localStage: LocalStage;
  readonly conntrack: Conntrack;
  /** What masquerading takes; null: the node has no address of this family. */
  readonly nodeAddress: string | null;
  isLocal(address: string): boolean;
}

/** A packet's end: sent on or delivered, or stopped. */
export type End =
  | { readonly kind: "sent" }
  | { readonly kind: "drop" | "reject"; readonly reason: DropReason };

const SENT: End = { kind: "sent" };
/** No port is left for the flow's reply tuple: it cannot be entered into the table. */
const NO_TUPLE: End = { kind: "drop", reason: "conntrack-full" };

/** One packet on its way. */
export class Passage {
  readonly #node: PassedNode;
  readonly #flight: Flight;
  #tracked: Tracked;
  /** Null for an INVALID packet. */
  #connection: Connection | null = null;
  #isReply = false;
  #isDraft = false;

  constructor(node: PassedNode, flight: Flight, tracked: Tracked) {
    this.#node = node;
    this.#flight = flight;
    this.#tracked = tracked;
  }

  travel(): End {
    const full = this.#setTracked(this.#tracked);
    if (full) return full;
    return this.#flight.packet.inInterface === null ? this.#fromNode() : this.#fromOutside();
  }

  /** What conntrack last said of it. */
  get tracked(): Tracked {
    return this.#tracked;
  }

  get isMasqueraded(): boolean {
    return this.#connection?.masqueraded === true && !this.#isReply;
  }

  /** The flight belongs to a flow from here on, if to any. */
  #setTracked(tracked: Tracked): End | null {
    const flight = this.#flight;
    this.#tracked = tracked;
    this.#connection = "connection" in tracked ? tracked.connection : null;
    this.#isReply = tracked.kind === "known" && tracked.isReply;
    this.#isDraft = tracked.kind === "draft";
    flight.isKnown = tracked.kind === "known";
    flight.flow = this.#connection;
    flight.ctState = ctStateOf(tracked);
    flight.ctDnat = this.#connection?.dnat ?? false;
    flight.ctSnat = this.#connection?.snat ?? false;
    flight.natDestinationPending = this.#isDraft;
    flight.natSourcePending = this.#isDraft;
    note(flight, "conntrack", describe(tracked));
    if (tracked.kind === "full") return { kind: "drop", reason: "conntrack-full" };
    this.#applyDestination();
    return null;
  }

  #fromOutside(): End {
    const flight = this.#flight;
    const stopped = this.#walk("PREROUTING");
    if (stopped) return stopped;
    const isLocal = this.#node.isLocal(flight.destination);
    note(flight, "route", `${flight.destination} is ${isLocal ? "local: INPUT" : "elsewhere: FORWARD"}`);
    if (!isLocal) return this.#walk("FORWARD") ?? this.#leave();
    const refused = this.#walk("INPUT");
    if (refused) return refused;
    const result = this.#deliver("INPUT");
    if (result.kind === "drop" || result.kind === "reject") return result;
    // A server on the node itself: the packet goes up, past OUTPUT and POSTROUTING.
    if (result.kind !== "forwarded" || this.#node.isLocal(flight.destination)) return this.#finish();
    return this.#sendOn();
  }

  #fromNode(): End {
    const flight = this.#flight;
    const stopped = this.#walk("OUTPUT");
    if (stopped) return stopped;
    const result = this.#deliver("OUTPUT");
    if (result.kind === "drop" || result.kind === "reject") return result;
    const isLocal = this.#node.isLocal(flight.destination);
    if (result.kind === "forwarded" && this.#connection === null && !isLocal) return this.#sendOn();
    const left = this.#leave();
    if (left.kind !== "sent" || !this.#node.isLocal(flight.destination)) return left;
    // Over the loopback device it comes in again.
    note(flight, "route", `${flight.destination} is local: PREROUTING, INPUT`);
    const refused = this.#walk("PREROUTING") ?? this.#walk("INPUT");
    if (refused) return refused;
    const arrived = this.#deliver("INPUT");
    return arrived.kind === "drop" || arrived.kind === "reject" ? arrived : SENT;
  }

  /**
   * What IPVS sends on passes OUTPUT anew. Conntrack tracks a packet there that fitted no flow: with the server as its
   * destination it may belong to another, or begin one.
   */
  #sendOn(): End {
    const flight = this.#flight;
    if (this.#connection === null) {
      flight.counts.ctLookups++;
      const tracked = this.#node.conntrack.track(tupleOf(flight), flight.packet.tcpFlags, flight.timeMs);
      const full = this.#setTracked(tracked);
      if (full) return full;
    }
    return this.#walk("OUTPUT") ?? this.#leave();
  }

  #leave(): End {
    return this.#walk("POSTROUTING") ?? this.#finish();
  }

  /** Behind POSTROUTING and INPUT alike: the source's translation, and the flow becomes findable. */
  #finish(): End {
    this.#applySource();
    return this.#settle();
  }

  /** Run a hook's rules, then set up the translations that they asked for. Null: go on. */
  #walk(hook: Hook): End | null {
    const flight = this.#flight;
    const before = {
      destination: flight.natDestinationPending,
      source: flight.natSourcePending,
      from: flight.source,
    };
    const result: HookResult = this.#node.walker.walk(hook, flight);
    if (result.kind !== "accept") return result;
    if (before.destination && !flight.natDestinationPending) this.#setUpDestination();
    // Rules decide once: at the first of these hooks.
    if (hook === "PREROUTING" || hook === "OUTPUT") flight.natDestinationPending = false;
    return before.source && !flight.natSourcePending ? this.#setUpSource(before.from) : null;
  }

  #deliver(from: "INPUT" | "OUTPUT"): LocalResult {
    const result = this.#node.localStage.deliver(this.#flight, from);
    if ("forgetsFlow" in result && this.#connection) this.#node.conntrack.forget(this.#connection);
    if (result.kind === "forwarded" && this.#isDraft && this.#connection) {
      // Replies will come from where the stage sent it: IPVS alters the reply tuple, without a NAT set-up.
      const { destination, destinationPort } = this.#flight;
      this.#connection.reply = {
        ...this.#connection.reply,
        source: destination,
        sourcePort: destinationPort,
      };
    }
    return result;
  }

  #setUpDestination(): void {
    const { destination, destinationPort, counts } = this.#flight;
    counts.natTupleSearches++;
    if (!this.#connection) return;
    const { original } = this.#connection;
    const changed = destination !== original.destination || destinationPort !== original.destinationPort;
    this.#flight.ctDnat = changed;
    this.#connection.dnat = changed;
    this.#connection.reply = { ...this.#connection.reply, source: destination, sourcePort: destinationPort };
  }

  /** @param from the source before the rules ran: when they left it, they masquerade */
  #setUpSource(from: string): End | null {
    const flight = this.#flight;
    const ip = flight.source === from ? (this.#node.nodeAddress ?? from) : flight.source;
    if (this.#connection) this.#connection.masqueraded = true;
    return this.#bindSource(ip);
  }

  #bindSource(ip: string): End | null {
    const flight = this.#flight;
    const connection = this.#connection;
    if (!connection) return null;
    const tried = this.#node.conntrack.bindSource(
      connection,
      ip,
      flight.natSourcePorts ?? null,
      flight.timeMs,
    );
    if (tried === null) return NO_TUPLE;
    flight.counts.natTupleSearches += tried;
    flight.source = connection.reply.destination;
    flight.sourcePort = connection.reply.destinationPort;
    const { source, sourcePort } = flight.packet;
    connection.snat = flight.source !== source || flight.sourcePort !== sourcePort;
    flight.ctSnat = connection.snat;
    if (connection.snat) note(flight, "nat", `source ${joinHostPort(flight.source, flight.sourcePort)}`);
    return null;
  }

  /** The null binding if rules left the source alone, then confirm. */
  #settle(): End {
    const connection = this.#connection;
    if (!connection || !this.#isDraft) return SENT;
    const { conntrack } = this.#node;
    if (this.#flight.natSourcePending) {
      this.#flight.natSourcePending = false;
      if (conntrack.isTaken(connection.reply, this.#flight.timeMs)) {
        const stopped = this.#bindSource(this.#flight.source);
        if (stopped) return stopped;
      }
    }
    conntrack.confirm(connection);
    this.#isDraft = false;
    this.#flight.counts.ctInserts++;
    return SENT;
  }

  /** What the set-up of a known flow says of this direction's destination. */
  #applyDestination(): void {
    const other = this.#translation(this.#isReply ? "snat" : "dnat");
    if (!other) return;
    this.#flight.destination = other.destination;
    this.#flight.destinationPort = other.destinationPort;
    note(
      this.#flight,
      "nat",
      `destination ${joinHostPort(other.destination, other.destinationPort)}, as stored`,
    );
  }

  #applySource(): void {
    if (this.#isDraft) return;
    const other = this.#translation(this.#isReply ? "dnat" : "snat");
    if (!other) return;
    this.#flight.source = other.source;
    this.#flight.sourcePort = other.sourcePort;
    note(this.#flight, "nat", `source ${joinHostPort(other.source, other.sourcePort)}, as stored`);
  }

  /** The other direction's tuple turned round, when this kind of translation was set up. */
  #translation(kind: "dnat" | "snat") {
    const connection = this.#connection;
    if (!connection?.[kind]) return null;
    return inverse(this.#isReply ? connection.original : connection.reply);
  }
}

/** The addresses that it has now. */
export function tupleOf({ protocol, source, sourcePort, destination, destinationPort }: Flight): Tuple {
  return { protocol, source, sourcePort, destination, destinationPort };
}

function ctStateOf(tracked: Tracked): CtState {
  if (tracked.kind === "draft" || tracked.kind === "full") return "NEW";
  if (tracked.kind === "invalid") return "INVALID";
  return tracked.connection.seenReply ? "ESTABLISHED" : "NEW";
}

function describe(tracked: Tracked): string {
  if (tracked.kind === "draft") return "new flow: NEW";
  if (tracked.kind === "full") return "table full";
  if (tracked.kind === "invalid") return "fits no flow: INVALID";
  return `known flow, ${tracked.isReply ? "reply" : "original"} direction: ${ctStateOf(tracked)}`;
}

function note(flight: Flight, place: string, text: string): void {
  flight.steps?.push({ place, text, matched: true, effect: "" });
}
