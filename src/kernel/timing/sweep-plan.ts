// What a sweep times, as data: rulesets of every path and size beside two controls, and for each the packets sent.
// Why a control `conntrack`: a path that tracks connections costs that much before it has a rule.
import type { ControlRecord, KernelPath, PacketKind, TargetPosition } from "../../measure/kernel-record.js";
import { CONTROLS } from "./controls.js";

/** A node with something loaded, or nothing. */
export type SweepNode =
  | { readonly kind: "control"; readonly control: ControlRecord["control"] }
  | { readonly kind: "rules"; readonly path: KernelPath; readonly services: number };

export interface SweepCase {
  readonly node: SweepNode;
  readonly packet: PacketKind;
  /** Which Services are asked for; of no meaning at a control. */
  readonly target: TargetPosition;
}

export interface SweepOptions {
  readonly paths: readonly KernelPath[];
  /** Sizes, ascending. */
  readonly services: readonly number[];
}

export const CONTROL_NODES = CONTROLS.map((control) => ({ kind: "control", control }) as const);

/** Below this many Services positions differ by less than a measurement's noise. */
const POSITIONS_FROM = 100;

/** Established packets walk no Service rules; one target shows the path, many show what cold connections cost. */
const TARGETS: Readonly<Record<PacketKind, readonly TargetPosition[]>> = {
  first: ["first", "middle", "last", "random"],
  established: ["last", "random"],
};

/** Nodes with rules in the order in which they are to be loaded: small ones first, so that running out of time costs the
 * largest. */
export function plannedRulesets({ paths, services }: SweepOptions): SweepNode[] {
  return services.flatMap((size) =>
    paths.map((path): SweepNode => ({ kind: "rules", path, services: size })),
  );
}

/** Every case of one packet kind, the controls' first. */
export function plannedCases(nodes: readonly SweepNode[], packet: PacketKind): SweepCase[] {
  return nodes.flatMap((node) => targetsOf(node, packet).map((target) => ({ node, packet, target })));
}

function targetsOf(node: SweepNode, packet: PacketKind): readonly TargetPosition[] {
  if (node.kind === "control" || node.services < POSITIONS_FROM) return ["last"];
  return TARGETS[packet];
}

/** Positions from 0 of the Services a case asks for. */
export function targetIndices(target: TargetPosition, services: number): number[] {
  switch (target) {
    case "first":
      return [0];
    case "middle":
      return [services >> 1];
    case "last":
      return [services - 1];
    case "random":
      return Array.from({ length: services }, (_, index) => index);
  }
}

/** Loading grows faster than the last two sizes show, where a table no longer fits a cache or a hash its buckets. */
const LOAD_MARGIN = 1.5;

/**
 * How long a ruleset will take to load, ms, by the power law through the two largest loaded so far on its path, and half
 * as much again; null when fewer than two were. Loading is steeper than linear on some paths and never flatter for long.
 */
export function predictedLoadMs(
  loaded: readonly { readonly services: number; readonly ms: number }[],
  services: number,
): number | null {
  const [previous, last] = loaded.slice(-2);
  if (previous === undefined || last === undefined || previous.services >= last.services) return null;
  const power = Math.log(last.ms / previous.ms) / Math.log(last.services / previous.services);
  return LOAD_MARGIN * last.ms * (services / last.services) ** Math.max(1, power);
}
