// Frees a node that is short of memory, disk, inodes or pids: unused images first where disk is short, then one Pod a
// round until it is no longer short. Looks only when something has grown, and every 10 s while there is pressure.
// Source: kubernetes pkg/kubelet/eviction/eviction_manager.go.
import type { DueEntry, DueTimes } from "../due-times.js";
import type { Pressure } from "../node/node-conditions.js";
import { binaryQuantity } from "../pod/binary-quantity.js";
import type { Container } from "../pod/pod.js";
import type { Verdict } from "../pod/pod-status.js";
import { amountOf } from "../pod/resources.js";
import { type Candidate, evictionOrder } from "./rank.js";
import {
  HARD_THRESHOLDS,
  type MetThreshold,
  type Observations,
  SIGNAL_MEANINGS,
  type Starved,
  thresholdsMet,
} from "./signals.js";

const ROUND_MS = 10_000;
/** A condition stays this long after it was last seen. */
const TRANSITION_MS = 300_000;
/** Evicted Pods get little time. */
const GRACE_SECONDS = 1;

export interface EvictionCandidate extends Candidate {
  readonly isCritical: boolean;
  /** Its containers, with what each uses. */
  readonly containers: readonly {
    readonly spec: Container;
    readonly used: Readonly<Record<Starved, number>>;
  }[];
  evict(verdict: Verdict, graceSeconds: number): void;
}

export interface EvictionHost {
  readonly due: DueTimes;
  observe(): Observations;
  candidates(): readonly EvictionCandidate[];
  /** Removes images that no container uses. @returns bytes freed */
  reclaimImages(): number;
  onPressureChanged(): void;
  /** An Event about the node. */
  report(reason: string, message: string): void;
}

export class EvictionManager {
  readonly #host: EvictionHost;
  /** Pressure -> when it was last seen, monotonic. */
  readonly #seen = new Map<Pressure, number>();
  #pressures: ReadonlySet<Pressure> = new Set();
  #entry: DueEntry | null = null;
  evictionsCount = 0;

  constructor(host: EvictionHost) {
    this.#host = host;
  }

  get pressures(): ReadonlySet<Pressure> {
    return this.#pressures;
  }

  /** Something has grown: cheap when nothing is short. */
  check(): void {
    if (this.#entry !== null && this.#entry.index >= 0) return;
    if (this.#seen.size === 0 && thresholdsMet(this.#host.observe(), HARD_THRESHOLDS).length === 0) return;
    this.#entry = this.#host.due.after(0, () => this.#round());
  }

  stop(): void {
    this.#host.due.cancel(this.#entry);
  }

  #round(): void {
    const now = this.#host.due.now();
    const met = thresholdsMet(this.#host.observe(), HARD_THRESHOLDS);
    for (const { signal } of met) this.#seen.set(SIGNAL_MEANINGS[signal].pressure, now);
    for (const [pressure, atMs] of this.#seen) if (now - atMs >= TRANSITION_MS) this.#seen.delete(pressure);
    this.#setPressures(new Set(this.#seen.keys()));
    if (met[0] !== undefined) this.#relieve(met[0], met);
    if (this.#seen.size > 0) this.#entry = this.#host.due.after(ROUND_MS, () => this.#round());
  }

  #setPressures(pressures: ReadonlySet<Pressure>): void {
    const isSame =
      pressures.size === this.#pressures.size && [...pressures].every((each) => this.#pressures.has(each));
    this.#pressures = pressures;
    if (!isSame) this.#host.onPressureChanged();
  }

  #relieve(first: MetThreshold, met: readonly MetThreshold[]): void {
    const { starved } = SIGNAL_MEANINGS[first.signal];
    this.#host.report("EvictionThresholdMet", `Attempting to reclaim ${starved}`);
    if (starved === "ephemeral-storage" || starved === "inodes") {
      const isEnough = this.#host.reclaimImages() > 0 && !this.#isStillMet(first);
      if (isEnough) return;
    }
    const pod = evictionOrder(this.#host.candidates(), starved).find((candidate) => !candidate.isCritical);
    if (pod === undefined) return;
    this.evictionsCount++;
    const message = evictionMessage(starved, pod, met);
    const condition = { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message };
    pod.evict({ reason: "Evicted", message, condition }, GRACE_SECONDS);
  }

  #isStillMet({ signal }: MetThreshold): boolean {
    return thresholdsMet(this.#host.observe(), HARD_THRESHOLDS).some((each) => each.signal === signal);
  }
}

/** As upstream words it, with its blank at the end. */
export function evictionMessage(
  starved: Starved,
  candidate: EvictionCandidate,
  met: readonly MetThreshold[],
): string {
  const threshold = met.find(({ signal }) => SIGNAL_MEANINGS[signal].starved === starved);
  const text = starved === "memory" || starved === "ephemeral-storage" ? binaryQuantity : String;
  let message = `The node was low on resource: ${starved}. `;
  if (threshold !== undefined)
    message += `Threshold quantity: ${text(threshold.quantity)}, available: ${text(threshold.available)}. `;
  if (starved === "inodes" || starved === "pids") return message;
  for (const { spec, used } of candidate.containers) {
    const request = spec.resources?.requests?.[starved];
    if (used[starved] > amountOf(starved, request))
      message += `Container ${spec.name} was using ${text(used[starved])}, request is ${request ?? "0"}, has larger consumption of ${starved}. `;
  }
  return message;
}
