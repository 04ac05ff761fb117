// Image sizes for scores: per image that a Pod names, an f64 column of the bytes a node is credited with, which is the
// image's size times the share of nodes that have it.
// Cost: O(nodes) when first asked for, and again after images or the number of nodes changed.
import { creditedBytes, type ImageStates } from "../cache/image-states.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { ColumnMemory } from "./column-memory.js";

interface ImageColumn {
  readonly at: number;
  generation: number;
  nodes: number;
}

export class ImageColumns {
  readonly #memory: ColumnMemory;
  readonly #capacity: number;
  readonly #nodes: ReadonlyMap<number, NodeInfo>;
  readonly #states: ImageStates;
  readonly #columns = new Map<string, ImageColumn>();

  constructor(
    memory: ColumnMemory,
    capacity: number,
    nodes: ReadonlyMap<number, NodeInfo>,
    states: ImageStates,
  ) {
    this.#memory = memory;
    this.#capacity = capacity;
    this.#nodes = nodes;
    this.#states = states;
  }

  /** Address of the image's column; null when no node has it. */
  column(image: string): number | null {
    const state = this.#states.get(image);
    if (state === undefined) return null;
    let column = this.#columns.get(image);
    if (column === undefined) {
      column = { at: this.#memory.allocate(this.#capacity * 8), generation: -1, nodes: 0 };
      this.#columns.set(image, column);
    }
    if (column.generation !== this.#states.generation || column.nodes !== this.#nodes.size) {
      this.#fill(column, image, creditedBytes(state, this.#nodes.size));
    }
    return column.at;
  }

  clearNode(slot: number): void {
    for (const { at } of this.#columns.values()) this.#memory.f64[(at >> 3) + slot] = 0;
  }

  #fill(column: ImageColumn, image: string, credit: number): void {
    for (const { slot, images } of this.#nodes.values())
      this.#memory.f64[(column.at >> 3) + slot] = images.has(image) ? credit : 0;
    column.generation = this.#states.generation;
    column.nodes = this.#nodes.size;
  }
}
