// Which images lie on how many nodes. An image has the size that its first node reported.
// Source: kube-scheduler backend/cache/cache.go (imageStates).
import type { Node } from "../../api/types.js";

export interface ImageState {
  readonly sizeBytes: number;
  readonly nodeCount: number;
}

export class ImageStates {
  readonly #states = new Map<string, { sizeBytes: number; nodeCount: number }>();
  /** Counts changes: who caches an answer compares it. */
  generation = 0;

  get(name: string): ImageState | undefined {
    return this.#states.get(name);
  }

  add(node: Node): void {
    for (const [name, sizeBytes] of imagesOf(node)) {
      const state = this.#states.get(name);
      if (state === undefined) this.#states.set(name, { sizeBytes, nodeCount: 1 });
      else state.nodeCount++;
      this.generation++;
    }
  }

  remove(node: Node): void {
    for (const name of imagesOf(node).keys()) {
      const state = this.#states.get(name);
      if (state === undefined) continue;
      state.nodeCount--;
      if (state.nodeCount === 0) this.#states.delete(name);
      this.generation++;
    }
  }
}

/** Name -> bytes; the first of equal names counts. */
export function imagesOf(node: Node): ReadonlyMap<string, number> {
  const images = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of node.status?.images ?? [])
    for (const name of names) if (!images.has(name)) images.set(name, sizeBytes);
  return images;
}

/** What a node that has the image is credited with: the size, times the share of nodes that have it. */
export function creditedBytes({ sizeBytes, nodeCount }: ImageState, nodes: number): number {
  return Math.trunc(sizeBytes * (nodeCount / nodes));
}
