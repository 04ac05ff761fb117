// How long a workload waits for what it has set going.
import { PlumbError } from "../../base/errors.js";

export interface WaitLimit {
  readonly timeoutMs: number;
  /** "Pods of namespace-2 to be scheduled" */
  readonly waitingFor: () => string;
}

export function waitedTooLong({ timeoutMs, waitingFor }: WaitLimit): PlumbError {
  return new PlumbError(
    "Internal",
    `Cannot go on with the workload: waited ${timeoutMs / 1000} s for ${waitingFor()}`,
  );
}
