// The kinds of packets a run can time, and how a sentence names them.
import type { MetricName } from "../measure/metrics.js";
import { type Grid, largestSizeWith } from "./grid.js";

export interface PacketKind {
  readonly rules: MetricName;
  /** The times that can answer, best first: what the kernel would take, else what our own core takes. */
  readonly times: readonly [MetricName, MetricName];
  /** What evaluates so many rules, without its article. */
  readonly subject: string;
  /** What takes so long, without its article. */
  readonly packet: string;
}

/** The one that a Service's cost is asked about first. */
const PACKET_KINDS: readonly PacketKind[] = [
  {
    rules: "first.rules_evaluated",
    times: ["first.kernel_ns", "first.core_ns"],
    subject: "new connection",
    packet: "new connection's first packet",
  },
  {
    rules: "mixed.rules_evaluated",
    times: ["mixed.kernel_ns", "mixed.core_ns"],
    subject: "packet of the mixed traffic",
    packet: "packet of the mixed traffic",
  },
  {
    rules: "established.rules_evaluated",
    times: ["established.kernel_ns", "established.core_ns"],
    subject: "packet of a known connection",
    packet: "packet of a known connection",
  },
];

/** The kind that a grid is answered about: the first that it has numbers of; null without packets. */
export function packetKindOf(grid: Grid): PacketKind | null {
  const has = (name: MetricName) => largestSizeWith(grid, name) !== null;
  return PACKET_KINDS.find((kind) => has(kind.rules) || kind.times.some(has)) ?? null;
}
