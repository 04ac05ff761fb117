// Pods as those see them who wait for them and measure them: what is there, and every change.
import type { Pod } from "../../api/types.js";

/** A change of a Pod; null: it is not there. */
export interface PodChange {
  readonly before: Pod | null;
  readonly after: Pod | null;
  readonly wasBound: boolean;
  readonly isBound: boolean;
}

/** Told at once. */
export type PodListener = (change: PodChange) => void;

export interface PodSource {
  /** In order of creation. */
  pods(): Iterable<Pod>;
  /** @returns ends it */
  onPod(listener: PodListener): () => void;
}
