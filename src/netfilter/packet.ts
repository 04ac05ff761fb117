// A packet as the rules see it, and what becomes of it. Shared by the tracer, the WASM core and the kernel check.

/** Transport protocols with ports, then the rest by name; numbers are IANA's. */
export const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmpv6: 58 } as const;
export type Protocol = keyof typeof PROTOCOL_NUMBERS;

/** TCP flags that a packet carries, as bits of the TCP header. */
export const TCP_FLAGS = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;

export interface Packet {
  readonly protocol: Protocol;
  /** Canonical addresses, both of one family. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Interface it arrived on; null for a packet made on the node itself, which then starts at OUTPUT. */
  readonly inInterface: string | null;
  /** Bits of TCP_FLAGS; SYN alone opens a connection. 0 for other protocols. */
  readonly tcpFlags: number;
  /** Payload, bytes. Matters to the userspace mode, which copies it. */
  readonly payloadBytes: number;
}

/** What becomes of a packet. DNAT: translated to `target` and sent on. ACCEPT: sent on untranslated. */
export const VERDICTS = ["ACCEPT", "DNAT", "DROP", "REJECT"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why a packet was not sent on; "none" for the others. */
export const DROP_REASONS = [
  "none",
  "rule",
  "no-endpoint",
  "conntrack-full",
  "conntrack-invalid",
  "affinity-full",
  "connections-full",
  "chain-too-deep",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Conntrack state of a packet when the rules see it. */
export const CT_STATES = ["INVALID", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED"] as const;
export type CtState = (typeof CT_STATES)[number];

export interface Outcome {
  readonly verdict: Verdict;
  readonly reason: DropReason;
  /** Destination after translation, for verdict DNAT. */
  readonly target: { readonly ip: string; readonly port: number } | null;
  /** Whether the source is translated to the node's address. */
  readonly masquerade: boolean;
}
