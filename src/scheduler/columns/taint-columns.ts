// Taints as numbers: nodes with equal taints share one, and what a Pod makes of them is a table by that number.
// Why: a cluster has a handful of distinct taint lists; tolerations are matched once against each, not once per node.
import type { Taint } from "../../api/scheduling.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { ColumnMemory } from "./column-memory.js";

const NO_TAINTS: readonly Taint[] = [];
/** Tables are made for so many taint lists, and anew when there are more. */
const TABLE_LISTS_MIN = 64;

interface Table {
  at: number;
  capacity: number;
  filled: number;
  readonly entryOf: (taints: readonly Taint[]) => number;
}

export class TaintColumns {
  /** u32 per slot: number of the node's list of taints. */
  readonly ids: number;
  /** u8 per slot: 1 when spec.unschedulable is set. */
  readonly unschedulable: number;
  readonly #memory: ColumnMemory;
  readonly #lists: (readonly Taint[])[] = [NO_TAINTS];
  readonly #numbers = new Map<string, number>([["[]", 0]]);
  readonly #tables = new Map<string, Table>();
  #hasAvoidable = false;

  constructor(memory: ColumnMemory, capacity: number) {
    this.#memory = memory;
    this.ids = memory.allocate(capacity * 4);
    this.unschedulable = memory.allocate(capacity);
  }

  setNode({ slot, node }: NodeInfo): void {
    const taints = node.spec?.taints ?? NO_TAINTS;
    const text = JSON.stringify(taints.map(({ key, value, effect }) => [key, value ?? "", effect]));
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#lists.length;
      this.#lists.push(taints);
      this.#hasAvoidable ||= taints.some(({ effect }) => effect === "PreferNoSchedule");
      this.#numbers.set(text, number);
    }
    this.#memory.u32[(this.ids >> 2) + slot] = number;
    this.#memory.u8[this.unschedulable + slot] = node.spec?.unschedulable === true ? 1 : 0;
  }

  clearNode(slot: number): void {
    this.#memory.u32[(this.ids >> 2) + slot] = 0;
    this.#memory.u8[this.unschedulable + slot] = 0;
  }

  /** Whether any node has, or had, a taint that Pods avoid without being kept off. */
  get hasAvoidable(): boolean {
    return this.#hasAvoidable;
  }

  /**
   * Address of a table over the numbers of taint lists: u8 when `bytes` is 1, u32 when it is 4.
   * @param key equal keys must mean equal functions and widths
   */
  table(key: string, bytes: 1 | 4, entryOf: (taints: readonly Taint[]) => number): number {
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = { at: 0, capacity: 0, filled: 0, entryOf };
      this.#tables.set(key, table);
    }
    if (table.filled < this.#lists.length) this.#fill(table, bytes);
    return table.at;
  }

  #fill(table: Table, bytes: 1 | 4): void {
    if (table.capacity < this.#lists.length) {
      if (table.capacity > 0) this.#memory.release(table.at, table.capacity * bytes);
      table.capacity = Math.max(TABLE_LISTS_MIN, this.#lists.length * 2);
      table.at = this.#memory.allocate(table.capacity * bytes);
      table.filled = 0;
    }
    for (; table.filled < this.#lists.length; table.filled++) {
      const value = table.entryOf(this.#lists[table.filled] as readonly Taint[]);
      if (bytes === 1) this.#memory.u8[table.at + table.filled] = value;
      else this.#memory.u32[(table.at >> 2) + table.filled] = value;
    }
  }
}
