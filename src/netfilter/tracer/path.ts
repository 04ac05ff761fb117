// A node whose rules are walked packet by packet: what it keeps between packets (conntrack), and what is said of each: its
// outcome, its steps, what it cost.
// Outcome: DNAT when the packet leaves with another destination than it came with, else ACCEPT. Masqueraded: its source
// changed, or it travels in the original direction of a flow whose source a rule translated (the node's own packets
// are masqueraded to the address they have).
import { type Family, isLoopback } from "../../base/ip.js";
import { type Counts, zeroCounts } from "../counters.js";
import type { Outcome, Packet } from "../packet.js";
import { Conntrack } from "./conntrack.js";
import type { ConntrackTimeouts } from "./conntrack-timeouts.js";
import { type End, Passage, type PassedNode, tupleOf } from "./passage.js";
import type { Flight, HookWalker, LocalStage, Trace, Tracer, TracerOptions } from "./trace.js";

export interface PathOptions {
  readonly walker: HookWalker;
  readonly localStage: LocalStage;
  /** The node's own addresses; the first of the family is what masquerading takes. */
  readonly localAddresses: readonly string[];
  readonly family: Family;
  readonly options: TracerOptions;
  /** kube-proxy's when missing. */
  readonly timeouts?: ConntrackTimeouts;
}

/** A LocalStage for nodes where packets to local addresses simply arrive. */
export const noLocalStage: LocalStage = { deliver: () => ({ kind: "local" }) };

export function createPathTracer(path: PathOptions): Tracer {
  return new PathTracer(path);
}

class PathTracer implements Tracer, PassedNode {
  readonly #path: PathOptions;
  readonly #conntrack: Conntrack;
  readonly #local: ReadonlySet<string>;
  readonly #nodeAddress: string | null;

  constructor(path: PathOptions) {
    const { options, timeouts, localAddresses, family } = path;
    this.#path = path;
    this.#conntrack = new Conntrack({ entriesMax: options.conntrackMax, ...(timeouts ? { timeouts } : {}) });
    this.#local = new Set(localAddresses);
    const ofFamily = (address: string) => address.includes(":") === (family === "IPv6");
    this.#nodeAddress = localAddresses.find(ofFamily) ?? null;
  }

  send(packet: Packet, timeMs: number): Trace {
    const counts = zeroCounts();
    counts.ctLookups++;
    const tracked = this.#conntrack.track(packet, packet.tcpFlags, timeMs);
    const flight = this.#flight(packet, timeMs, counts);
    const passage = new Passage(this, flight, tracked);
    const end = passage.travel();
    return {
      outcome: outcomeOf(end, flight, passage.isMasqueraded),
      sent: end.kind === "sent" ? tupleOf(flight) : null,
      counts,
      steps: flight.steps ?? [],
      established: passage.tracked.kind === "known",
      reply: passage.tracked.kind === "known" && passage.tracked.isReply,
    };
  }

  get walker(): HookWalker {
    return this.#path.walker;
  }

  get localStage(): LocalStage {
    return this.#path.localStage;
  }

  get conntrack(): Conntrack {
    return this.#conntrack;
  }

  get nodeAddress(): string | null {
    return this.#nodeAddress;
  }

  isLocal(address: string): boolean {
    return this.#local.has(address) || isLoopback(address);
  }

  #flight(packet: Packet, timeMs: number, counts: Counts): Flight {
    return {
      packet,
      family: this.#path.family,
      protocol: packet.protocol,
      source: packet.source,
      sourcePort: packet.sourcePort,
      destination: packet.destination,
      destinationPort: packet.destinationPort,
      mark: 0,
      // Until the passage has it tracked.
      ctState: "INVALID",
      ctDnat: false,
      ctSnat: false,
      natDestinationPending: false,
      natSourcePending: false,
      natSourcePorts: null,
      isKnown: false,
      flow: null,
      inInterface: packet.inInterface,
      timeMs,
      chance: this.#path.options.chance,
      counts,
      steps: this.#path.options.steps ? [] : null,
      isLocal: (address) => this.isLocal(address),
    };
  }
}

function outcomeOf(end: End, flight: Flight, masqueraded: boolean): Outcome {
  if (end.kind !== "sent") {
    return {
      verdict: end.kind === "drop" ? "DROP" : "REJECT",
      reason: end.reason,
      target: null,
      masquerade: false,
    };
  }
  const { packet, source, sourcePort, destination, destinationPort } = flight;
  const translated = destination !== packet.destination || destinationPort !== packet.destinationPort;
  const masquerade = masqueraded || source !== packet.source || sourcePort !== packet.sourcePort;
  if (!translated) return { verdict: "ACCEPT", reason: "none", target: null, masquerade };
  return { verdict: "DNAT", reason: "none", target: { ip: destination, port: destinationPort }, masquerade };
}
