// Labels as numbers: for every label key that a constraint or selector names, each node's value of it.
//
//   values   u32[slots]   0 where the node lacks the label, else a number from 1, one per distinct value
//
// Numbers are given in order of first sight and never taken back: a value that no node has any longer costs nothing.
import type { NodeInfo } from "../cache/node-info.js";
import type { ColumnMemory } from "./column-memory.js";

export interface LabelColumn {
  /** Address of the column. */
  readonly at: number;
  /** Value of number i; index 0 stands for "no label". */
  readonly values: readonly string[];
}

interface Column {
  readonly at: number;
  readonly values: string[];
  readonly numbers: Map<string, number>;
}

/** The label that stands for metadata.name in matchFields; no label can be called so. */
export const NAME_FIELD = "\0metadata.name";

export class LabelColumns {
  readonly #memory: ColumnMemory;
  readonly #capacity: number;
  readonly #nodes: ReadonlyMap<number, NodeInfo>;
  readonly #columns = new Map<string, Column>();

  /** @param nodes slot -> node: read when a key is first asked for */
  constructor(memory: ColumnMemory, capacity: number, nodes: ReadonlyMap<number, NodeInfo>) {
    this.#memory = memory;
    this.#capacity = capacity;
    this.#nodes = nodes;
  }

  /** Cost: O(nodes) the first time a key is asked for. */
  column(key: string): LabelColumn {
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = { at: this.#memory.allocate(this.#capacity * 4), values: [""], numbers: new Map() };
      this.#columns.set(key, column);
      for (const node of this.#nodes.values()) this.#write(column, key, node);
    }
    return column;
  }

  setNode(node: NodeInfo): void {
    for (const [key, column] of this.#columns) this.#write(column, key, node);
  }

  clearNode(slot: number): void {
    for (const { at } of this.#columns.values()) this.#memory.u32[(at >> 2) + slot] = 0;
  }

  #write({ at, values, numbers }: Column, key: string, { slot, node, name }: NodeInfo): void {
    const value = key === NAME_FIELD ? name : labelOf(node.metadata.labels, key);
    let number = 0;
    if (value !== undefined) {
      number = numbers.get(value) ?? values.length;
      if (number === values.length) {
        values.push(value);
        numbers.set(value, number);
      }
    }
    this.#memory.u32[(at >> 2) + slot] = number;
  }
}

function labelOf(labels: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}
