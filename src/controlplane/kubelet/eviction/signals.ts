// When a node is short of something: signals, thresholds, conditions. Pure.
// Source: kubernetes pkg/kubelet/eviction helpers.go, defaults_linux.go.
import type { Pressure } from "../node/node-conditions.js";

const SIGNALS = [
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
] as const;
export type Signal = (typeof SIGNALS)[number];

/** What eviction gives back. */
export type Starved = "memory" | "ephemeral-storage" | "inodes" | "pids";

interface SignalMeaning {
  readonly pressure: Pressure;
  readonly starved: Starved;
}

export const SIGNAL_MEANINGS: Readonly<Record<Signal, SignalMeaning>> = {
  "memory.available": { pressure: "MemoryPressure", starved: "memory" },
  "nodefs.available": { pressure: "DiskPressure", starved: "ephemeral-storage" },
  "nodefs.inodesFree": { pressure: "DiskPressure", starved: "inodes" },
  "imagefs.available": { pressure: "DiskPressure", starved: "ephemeral-storage" },
  "imagefs.inodesFree": { pressure: "DiskPressure", starved: "inodes" },
  "pid.available": { pressure: "PIDPressure", starved: "pids" },
};

/** A hard threshold: an amount, or a share of the capacity. */
export type Threshold = { readonly amount: number } | { readonly share: number };

/** Upstream's, and one for pids, of which upstream has none unless asked. */
export const HARD_THRESHOLDS: Readonly<Record<Signal, Threshold>> = {
  "memory.available": { amount: 100 * 1024 * 1024 },
  "nodefs.available": { share: 0.1 },
  "nodefs.inodesFree": { share: 0.05 },
  "imagefs.available": { share: 0.15 },
  "imagefs.inodesFree": { share: 0.05 },
  "pid.available": { share: 0.05 },
};

export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

export type Observations = Readonly<Record<Signal, Observation>>;

export interface MetThreshold {
  readonly signal: Signal;
  readonly quantity: number;
  readonly available: number;
}

/** Thresholds that are undercut, memory first: what is evicted for first. */
export function thresholdsMet(
  observations: Observations,
  thresholds: Readonly<Record<Signal, Threshold>>,
): readonly MetThreshold[] {
  return SIGNALS.flatMap((signal) => {
    const { available, capacity } = observations[signal];
    const threshold = thresholds[signal];
    const quantity = "amount" in threshold ? threshold.amount : Math.floor(threshold.share * capacity);
    return available < quantity ? [{ signal, quantity, available }] : [];
  });
}
