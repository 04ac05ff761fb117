// Pods that have asked for deletions stay out of the queue until the last of their victims is seen to go.
import type { PodInfo } from "./cache/pod-info.js";
import type { Action } from "./framework/action.js";

interface Wait {
  readonly victims: Set<string>;
  readonly lift: () => void;
}

export class PreemptionGate {
  /** By victim's uid. */
  readonly #waits = new Map<string, Wait[]>();

  /** `lift` is called once, when no victim among the actions is left. */
  close(actions: readonly Action[], lift: () => void): void {
    const victims = new Set(actions.flatMap((action) => (action.kind === "deletePod" ? [action.uid] : [])));
    const wait = { victims, lift };
    for (const uid of victims) this.#waits.set(uid, [...(this.#waits.get(uid) ?? []), wait]);
  }

  /** A Pod is gone, or on its way. */
  goes({ uid }: PodInfo): void {
    if (this.#waits.size === 0) return;
    const waits = this.#waits.get(uid);
    if (waits === undefined) return;
    this.#waits.delete(uid);
    for (const { victims, lift } of waits) {
      victims.delete(uid);
      if (victims.size === 0) lift();
    }
  }
}
