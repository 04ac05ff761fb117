// Which Pods are meant, by namespace and labels; and how far those have come, counted as they change, so that waiting for
// the last of ten thousand costs nothing per attempt.
// Cost: O(Pods) to begin, O(1) per change.
import type { Pod } from "../../api/types.js";
import { isBound } from "./pod-objects.js";
import type { PodChange, PodSource } from "./pod-source.js";

export interface PodScope {
  /** null: all. */
  readonly namespaces: ReadonlySet<string> | null;
  readonly labels: Readonly<Record<string, string>>;
}

export const ALL_PODS: PodScope = { namespaces: null, labels: {} };

export function isInScope({ metadata }: Pod, { namespaces, labels }: PodScope): boolean {
  if (namespaces !== null && !namespaces.has(metadata.namespace ?? "")) return false;
  for (const key in labels) if (metadata.labels?.[key] !== labels[key]) return false;
  return true;
}

export class PodTally {
  /** Neither has a node nor has been tried. */
  untried = 0;
  /** Without a node. */
  waiting = 0;
  /** Pods that got a node since this tally began; never falls. */
  bound = 0;
  readonly #scope: PodScope;
  readonly #close: () => void;

  constructor(source: PodSource, scope: PodScope) {
    this.#scope = scope;
    for (const pod of source.pods()) if (!isBound(pod)) this.#count(pod, 1);
    this.#close = source.onPod((change) => this.#changed(change));
  }

  close(): void {
    this.#close();
  }

  #changed({ before, after, wasBound, isBound }: PodChange): void {
    if (before !== null && !wasBound) this.#count(before, -1);
    if (after === null) return;
    if (!isBound) this.#count(after, 1);
    else if (!wasBound && isInScope(after, this.#scope)) this.bound++;
  }

  /** @param pod without a node */
  #count(pod: Pod, times: 1 | -1): void {
    if (!isInScope(pod, this.#scope)) return;
    this.waiting += times;
    if (!wasTried(pod)) this.untried += times;
  }
}

/** Tried and turned down, or held back by a gate. */
function wasTried({ status }: Pod): boolean {
  return (
    status?.conditions?.some(({ type, status: holds }) => type === "PodScheduled" && holds === "False") ===
    true
  );
}
