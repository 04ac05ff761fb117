// What a plugin says of a Pod on a node. `null` stands for Success everywhere: the common case costs nothing.
// Source: kube-scheduler framework/interface.go.

/** Outcomes; each comment says what becomes of the Pod. */
const CODES = [
  /** Something broke: the Pod is tried again after a backoff. */
  "Error",
  /** Not here now; preempting other Pods may help. The Pod waits for an event that a rejecting plugin asked for. */
  "Unschedulable",
  /** Not here, and preempting nobody would help. */
  "UnschedulableAndUnresolvable",
  /** Permit only: bind later, or never. */
  "Wait",
  /** The plugin has nothing to say about this Pod: its later steps are left out. */
  "Skip",
  /** Waits for something outside; requeued at once when it comes. */
  "Pending",
] as const;
export type Code = (typeof CODES)[number];

export interface Status {
  readonly code: Code;
  /** As upstream words them: they are shown to users, counted per node. */
  readonly reasons: readonly string[];
  /** The plugin that said so; filled in by whoever ran it. */
  readonly plugin: string;
}

export const SKIP: Status = { code: "Skip", reasons: [], plugin: "" };
export const WAIT: Status = { code: "Wait", reasons: [], plugin: "" };

export function unschedulable(plugin: string, ...reasons: readonly string[]): Status {
  return { code: "Unschedulable", reasons, plugin };
}

export function unresolvable(plugin: string, ...reasons: readonly string[]): Status {
  return { code: "UnschedulableAndUnresolvable", reasons, plugin };
}

export function failure(plugin: string, ...reasons: readonly string[]): Status {
  return { code: "Error", reasons, plugin };
}

/** Whether the Pod was turned down, as against something having broken. */
export function isRejected(status: Status | null): status is Status {
  return (
    status !== null &&
    (status.code === "Unschedulable" ||
      status.code === "UnschedulableAndUnresolvable" ||
      status.code === "Pending")
  );
}
