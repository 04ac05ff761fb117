// A primitive: a small ruleset that shows what one piece of kernel work costs, and the packets sent through it.
// Copies of a rule that never ends the walk are put in one chain, 128 and 512 of them: the difference of the two, over
// 384, is what one costs, whatever the rest of the path costs.
import type { PacketKind } from "../measure/kernel-record.js";
import type { Flavour } from "./calibration.js";

/** A text for a tool: iptables, ipset or nft, as kernel/host/rule-loading loads them. */
export interface PrimitiveText {
  readonly part: string;
  text(): Iterable<string>;
}

/** A node with one primitive loaded. */
export interface PrimitiveNode {
  readonly name: string;
  /** Which tool loads it. */
  readonly flavour: Flavour;
  /** In the order in which they load. */
  readonly texts: readonly PrimitiveText[];
  readonly cases: readonly PrimitiveCase[];
}

/** Packets to addresses by number (see serviceAddress): to one, or evenly to all. */
export interface PrimitiveCase {
  /** Of all cases of all nodes, unique; times are kept by it. */
  readonly name: string;
  readonly packets: readonly PacketKind[];
  readonly targets: readonly number[];
}

/** ns per packet, by case and packet kind. The controls are cases "none" and "conntrack". */
export type PrimitiveTimes = Readonly<Record<PacketKind, ReadonlyMap<string, number>>>;

export const COPIES = [128, 512] as const;
/** Port that all primitives match. */
export const SERVICE_PORT = 80;

/** Address of Service number `index`, from 0, at most 65,000. */
export function serviceAddress(index: number): string {
  return addressIn("172.30", index);
}

/** Address of the only endpoint of Service number `index`. */
export function endpointAddress(index: number): string {
  return addressIn("10.0", index);
}

function addressIn(prefix: string, index: number): string {
  return `${prefix}.${(index + 1) >> 8}.${(index + 1) & 255}`;
}

/** Sizes at which chains and sets are looked at cold, and where packets go at each: the warm ones show the walk there. */
export const COLD_SIZES = [100, 1000, 5000, 10_000] as const;

export const COLD_TARGETS = ["first", "middle", "last", "random"] as const;
export type ColdTarget = (typeof COLD_TARGETS)[number];

export function coldCases(name: string, services: number): PrimitiveCase[] {
  const indices: Record<ColdTarget, readonly number[]> = {
    first: [0],
    middle: [services >> 1],
    last: [services - 1],
    random: Array.from({ length: services }, (_, index) => index),
  };
  return COLD_TARGETS.map((target) => ({
    name: `${name} ${target}`,
    packets: ["first"],
    targets: indices[target],
  }));
}

/** The one case of most nodes: packets to the first Service. */
export function oneTarget(name: string, packets: readonly PacketKind[] = ["first"]): PrimitiveCase {
  return { name, packets, targets: [0] };
}
