// A probe: rules of our own hand, never kube-proxy's, whose time in a kernel tells what one piece of work costs.
import type { PacketKind } from "../../measure/kernel-record.js";

export interface ProbeText {
  /** Tool that takes it: iptables, ipset, nft. */
  readonly part: "iptables" | "ipset" | "nft";
  text(): Iterable<string>;
}

/** fixed: every packet to one target. spread: to each in turn, at random. */
export type Spread = "fixed" | "spread";

export interface Probe {
  /** Unique. */
  readonly id: string;
  /** Which iptables takes its text; nftables takes nft text. */
  readonly loader: "iptables-legacy" | "iptables-nft" | "nftables";
  readonly texts: readonly ProbeText[];
  /** Addresses that packets ask for, all at PROBE_PORT over UDP. The middle one is the fixed target. */
  readonly targets: readonly string[];
  readonly cases: readonly { readonly packet: PacketKind; readonly spread: Spread }[];
}

export const PROBE_PORT = 80;
/** Asked for by probes with one target. */
export const PROBE_VIP = "10.96.0.10";
/** Where translated packets go. */
export const PROBE_BACKEND = "10.9.9.9";

/** The IPv4 address that many after a first one, which is given as a number. */
export function addressFrom(first: number, index: number): string {
  return [24, 16, 8, 0].map((shift) => ((first + index) >>> shift) & 255).join(".");
}

/** Key of a measured time. */
export function timeKey(id: string, packet: PacketKind, spread: Spread): string {
  return `${id} ${packet} ${spread}`;
}
