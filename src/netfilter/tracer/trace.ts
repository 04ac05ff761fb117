// The vocabulary of tracing: a packet on its way, the stages it meets, and the record of its walk.
// The path itself is path.ts; what runs at a hook is a HookWalker (iptables, nftables); what stands behind INPUT is a
// LocalStage (IPVS, a userspace proxy).
//
//   from outside: conntrack -> PREROUTING -> route -+-> FORWARD ----------------------> POSTROUTING -> confirm
//                                                   +-> INPUT -> [local stage] -+-> local process
//                                                                               +-> OUTPUT -> POSTROUTING -> confirm
//   from the node: conntrack -> OUTPUT -> [IPVS's local-out] -> POSTROUTING -> (PREROUTING, INPUT if it is local)
import type { Family } from "../../base/ip.js";
import type { Counts } from "../counters.js";
import type { Hook, Range } from "../iptables/model.js";
import type { CtState, DropReason, Outcome, Packet, Protocol } from "../packet.js";
import type { Chance } from "./chance.js";
import type { Tuple } from "./conntrack.js";

/** One thing that happened to the packet, for people. */
export interface TraceStep {
  /** "nat/KUBE-SERVICES/3", "nft/services/2", "ipvs", "conntrack", "route". Rules count from 1. */
  readonly place: string;
  /** The rule in its own syntax, or what happened in words. */
  readonly text: string;
  /** Whether the rule matched and its target ran. */
  readonly matched: boolean;
  /** Effect, e.g. "jump KUBE-SVC-X", "DNAT to 10.0.0.1:80", "mark 0x4000"; empty when none. */
  readonly effect: string;
}

export interface Trace {
  readonly outcome: Outcome;
  /** The packet as it left the node or was delivered on it, translated; null when it was stopped. */
  readonly sent: Tuple | null;
  readonly counts: Counts;
  /** Empty when the tracer was told not to record. */
  readonly steps: readonly TraceStep[];
  /** Whether conntrack knew the flow before this packet. */
  readonly established: boolean;
  /** Whether the packet travelled in the reply direction. */
  readonly reply: boolean;
}

/** A packet on its way: translated and marked as it goes. */
export interface Flight {
  readonly packet: Packet;
  readonly family: Family;
  readonly protocol: Protocol;
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
  mark: number;
  /** INVALID also before conntrack saw it. */
  ctState: CtState;
  /** Whether the connection's destination or source is translated (ctstate DNAT, SNAT; ct status dnat). */
  ctDnat: boolean;
  ctSnat: boolean;
  /** nat chains see a packet only while the translation of that direction is not yet set up. */
  natDestinationPending: boolean;
  natSourcePending: boolean;
  /** Ports that SNAT may choose from; missing: the port is kept if it can be. */
  natSourcePorts?: Range | null;
  /** Whether conntrack knew the flow before this packet. */
  isKnown: boolean;
  /** Identity of the packet's flow, the same object for all its packets; null for an INVALID packet. */
  flow?: object | null;
  readonly inInterface: string | null;
  readonly timeMs: number;
  readonly chance: Chance;
  readonly counts: Counts;
  /** Null when nobody wants the steps. */
  readonly steps: TraceStep[] | null;
  isLocal(address: string): boolean;
}

export type HookResult =
  | { readonly kind: "accept" }
  | { readonly kind: "drop" | "reject"; readonly reason: DropReason };

/**
 * The rules of one form, run at a hook: raw, mangle, nat, filter in order; nat only while pending.
 * A rule that translates the destination writes it into the flight, sets ctDnat and clears natDestinationPending. One
 * that translates the source sets ctSnat and clears natSourcePending, and writes flight.source unless it masquerades:
 * the path then takes the node's address and looks for a free port.
 */
export interface HookWalker {
  walk(hook: Hook, flight: Flight): HookResult;
}

/** What stands behind INPUT (and, for IPVS, behind OUTPUT). */
export interface LocalStage {
  /**
   * local: delivered to a process on the node. forwarded: flight.destination was rewritten and the packet goes on through
   * OUTPUT and POSTROUTING (when it came from OUTPUT and conntrack knows its flow, straight to POSTROUTING; from INPUT to
   * an address of the node, through neither: it is delivered). proxied: a userspace process
   * took the connection and opened its own to the target written in flight.destination.
   */
  deliver(flight: Flight, from: "INPUT" | "OUTPUT"): LocalResult;
}

export type LocalResult =
  | { readonly kind: "local" | "forwarded" | "proxied" }
  | {
      readonly kind: "drop" | "reject";
      readonly reason: DropReason;
      /** Conntrack is to forget the packet's flow. */
      readonly forgetsFlow?: boolean;
    };

/** Evaluates one rule model, packet by packet; keeps conntrack and affinity between packets. */
export interface Tracer {
  send(packet: Packet, timeMs: number): Trace;
}

export interface TracerOptions {
  readonly chance: Chance;
  /** Whether to record steps (slow and large). */
  readonly steps: boolean;
  readonly conntrackMax: number;
}
