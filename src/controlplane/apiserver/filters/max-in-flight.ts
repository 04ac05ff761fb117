// How many requests are served at once, so that a flood cannot take the server from those that keep the cluster alive.
// Reads and writes are counted apart and by who asks; who is over its share is told to come again.
// Source: apiserver pkg/server/filters/maxinflight.go (limits, text), api-priority-and-fairness (levels).
import { StatusError } from "../../../api/status.js";
import type { UserInfo } from "../../protocol/api-request.js";
import type { RequestInfo } from "../request-info.js";

export interface InFlightLimits {
  readonly readOnly: number;
  readonly mutating: number;
}

export type PriorityLevel = "exempt" | "system" | "workload";

/** Upstream's --max-requests-inflight and --max-mutating-requests-inflight, for each level. */
export const DEFAULT_IN_FLIGHT: Readonly<Record<PriorityLevel, InFlightLimits>> = {
  exempt: { readOnly: Number.POSITIVE_INFINITY, mutating: Number.POSITIVE_INFINITY },
  /** Nodes and the parts of the control plane. */
  system: { readOnly: 400, mutating: 200 },
  workload: { readOnly: 400, mutating: 200 },
};

const RETRY_SECONDS = 1;
const READ_VERBS: ReadonlySet<string> = new Set(["get", "list", "watch"]);
const LONG_SUBRESOURCES: ReadonlySet<string> = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** It lasts as long as its client wants: neither counted nor timed. */
export function isLongRunning({ verb, subresource }: RequestInfo): boolean {
  return verb === "watch" || LONG_SUBRESOURCES.has(subresource);
}

export function isReadOnly({ verb }: RequestInfo): boolean {
  return READ_VERBS.has(verb);
}

export function priorityLevel({ groups }: UserInfo): PriorityLevel {
  if (groups.includes("system:masters")) return "exempt";
  const isSystem = groups.includes("system:nodes") || groups.includes("system:serviceaccounts:kube-system");
  return isSystem ? "system" : "workload";
}

export class InFlight {
  readonly #limits: Readonly<Record<PriorityLevel, InFlightLimits>>;
  readonly #counts: Readonly<Record<PriorityLevel, Record<keyof InFlightLimits, number>>> = {
    exempt: { readOnly: 0, mutating: 0 },
    system: { readOnly: 0, mutating: 0 },
    workload: { readOnly: 0, mutating: 0 },
  };

  constructor(limits: Readonly<Record<PriorityLevel, InFlightLimits>>) {
    this.#limits = limits;
  }

  /** Counts a request until what it returns is called. @throws {StatusError} TooManyRequests */
  enter(level: PriorityLevel, isRead: boolean): () => void {
    const counts = this.#counts[level];
    const name = isRead ? "readOnly" : "mutating";
    if (counts[name] >= this.#limits[level][name])
      throw new StatusError("TooManyRequests", "Too many requests, please try again later.", {
        retryAfterSeconds: RETRY_SECONDS,
      });
    counts[name]++;
    return () => {
      counts[name]--;
    };
  }

  count(isRead: boolean): number {
    const name = isRead ? "readOnly" : "mutating";
    const { exempt, system, workload } = this.#counts;
    return exempt[name] + system[name] + workload[name];
  }
}
