// What a benchmark through the control plane asks for. Plain data: it crosses process boundaries and is written into
// result.json. Durations are ns, rates per second.
import type { DurationNs } from "../../base/clock.js";
import type { Mode } from "../../netfilter/rule-model.js";

export const VIAS = ["http", "in-process"] as const;
export type Via = (typeof VIAS)[number];

export interface ApiLoadSpec {
  readonly bench: "api-load";
  readonly via: Via;
  /** Of each pass: one with as many requests in flight as allowed, one at half the rate of creates that it reached. */
  readonly pods: number;
  readonly inFlight: number;
  readonly watchers: number;
  /** Objects created while all of them watch. */
  readonly events: number;
}

export interface PodStartupSpec {
  readonly bench: "pod-startup";
  readonly nodes: number;
  readonly pods: number;
}

export interface NodeJoinSpec {
  readonly bench: "node-join";
  readonly nodes: number;
}

export interface ProgrammingLatencySpec {
  readonly bench: "programming-latency";
  readonly mode: Mode;
  readonly services: number;
  /** Pods that become ready, in all and per second. */
  readonly changes: number;
  readonly rate: number;
  readonly minSyncPeriod: DurationNs;
}

export interface RolloutSpec {
  readonly bench: "rollout";
  readonly mode: Mode;
  readonly services: number;
  readonly replicas: number;
  readonly minSyncPeriod: DurationNs;
}

export type ControlPlaneSpec =
  | ApiLoadSpec
  | PodStartupSpec
  | NodeJoinSpec
  | ProgrammingLatencySpec
  | RolloutSpec;

export type Bench = ControlPlaneSpec["bench"];

/** What was asked for and what was done: a sample in which they differ has measured something else. */
export type Workload = Readonly<Record<"requested" | "applied", Readonly<Record<string, number>>>>;
