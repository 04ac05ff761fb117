// How many Pods on each node a selector matches: one u32 column per selector that some Pod has asked about.
// Why kept and not counted: a new Pod's constraint is answered by reading one column. A Pod that comes or goes touches
// the columns that match its labels; which these are is found out once per distinct label set.
// Cost: the first question about a selector O(Pods); after that O(matching selectors) per Pod that comes or goes.
import type { NodeInfo } from "../cache/node-info.js";
import type { LabelSet, PodInfo } from "../cache/pod-info.js";
import type { ColumnMemory } from "./column-memory.js";

export interface CountedSelector {
  /** Equal ids must mean equal selectors. */
  readonly id: string;
  /** Whether Pods being deleted count. */
  readonly countsTerminating: boolean;
  matches(labels: LabelSet): boolean;
}

interface CountColumn {
  readonly at: number;
  readonly selector: CountedSelector;
}

/** Selectors kept. */
const SELECTORS_MAX = 4096;

export class PodCounts {
  readonly #memory: ColumnMemory;
  readonly #capacity: number;
  readonly #nodes: ReadonlyMap<number, NodeInfo>;
  readonly #columns = new Map<string, CountColumn>();
  /** Label set id -> the columns it counts in; null when that must be found out. */
  #matching: (CountColumn[] | null)[] = [];

  constructor(memory: ColumnMemory, capacity: number, nodes: ReadonlyMap<number, NodeInfo>) {
    this.#memory = memory;
    this.#capacity = capacity;
    this.#nodes = nodes;
  }

  /** Address of the selector's column. */
  column(selector: CountedSelector): number {
    const known = this.#columns.get(selector.id);
    if (known !== undefined) return known.at;
    if (this.#columns.size >= SELECTORS_MAX) this.clear();
    const column = { at: this.#memory.allocate(this.#capacity * 4), selector };
    this.#columns.set(selector.id, column);
    this.#matching = [];
    this.#fill(column);
    return column.at;
  }

  count(slot: number, pod: PodInfo, times: 1 | -1): void {
    if (this.#columns.size === 0) return;
    for (const { at, selector } of this.#of(pod.labelSet)) {
      if (pod.isTerminating && !selector.countsTerminating) continue;
      const { u32 } = this.#memory;
      const place = (at >> 2) + slot;
      u32[place] = (u32[place] as number) + times;
    }
  }

  clearNode(slot: number): void {
    for (const { at } of this.#columns.values()) this.#memory.u32[(at >> 2) + slot] = 0;
  }

  /** Forgets every selector: they are counted anew when asked for. Needed when labels of namespaces change. */
  clear(): void {
    for (const { at } of this.#columns.values()) this.#memory.release(at, this.#capacity * 4);
    this.#columns.clear();
    this.#matching = [];
  }

  #of(labels: LabelSet): readonly CountColumn[] {
    let columns = this.#matching[labels.id] ?? null;
    if (columns === null) {
      columns = [...this.#columns.values()].filter(({ selector }) => selector.matches(labels));
      this.#matching[labels.id] = columns;
    }
    return columns;
  }

  #fill({ at, selector }: CountColumn): void {
    const verdicts: (boolean | undefined)[] = [];
    for (const { slot, pods } of this.#nodes.values()) {
      let count = 0;
      for (const { labelSet, isTerminating } of pods) {
        const matches = verdicts[labelSet.id] ?? selector.matches(labelSet);
        verdicts[labelSet.id] = matches;
        if (matches && (!isTerminating || selector.countsTerminating)) count++;
      }
      this.#memory.u32[(at >> 2) + slot] = count;
    }
  }
}
