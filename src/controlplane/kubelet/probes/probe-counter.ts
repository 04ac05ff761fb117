// What a run of single results means: thresholds, pure.
// Source: kubernetes pkg/kubelet/prober/worker.go.
import type { Probe } from "../pod/pod.js";

export const PROBE_KINDS = ["startup", "liveness", "readiness"] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

export interface ProbeTiming {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export function probeTiming(probe: Probe): ProbeTiming {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds ?? 10) * 1000,
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** Results of one kind in a row. */
export interface ProbeRun {
  readonly isSuccess: boolean;
  readonly count: number;
}

export function countResult(before: ProbeRun | null, isSuccess: boolean): ProbeRun {
  return { isSuccess, count: before?.isSuccess === isSuccess ? before.count + 1 : 1 };
}

/** The verdict that a run amounts to; null: not enough in a row, the old one stands. */
export function verdictOf(run: ProbeRun, timing: ProbeTiming): boolean | null {
  const threshold = run.isSuccess ? timing.successThreshold : timing.failureThreshold;
  return run.count >= threshold ? run.isSuccess : null;
}

/** What is believed before the first verdict: alive, not yet started, not yet ready. */
export const INITIAL_VERDICT: Readonly<Record<ProbeKind, boolean | null>> = {
  startup: null,
  liveness: true,
  readiness: false,
};
