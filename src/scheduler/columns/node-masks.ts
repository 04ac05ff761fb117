// Node selectors as bits, one per slot. A mask is made once per distinct selector and kept up to date node by node.
// Cost: O(nodes x requirements) to make, in WASM; O(requirements) per changed node and mask; nodes / 8 bytes each.
// Twin: src/api/node-selector.ts, one node at a time.
import type { NodeInfo } from "../cache/node-info.js";
import type { ColumnMemory } from "./column-memory.js";
import { type LabelColumns, NAME_FIELD } from "./label-columns.js";

/** One requirement on one label, or on the node's name under NAME_FIELD. */
export interface LabelRequirement {
  readonly key: string;
  /** Whether a node with this value, or without the label, meets it. */
  accepts(value: string | undefined): boolean;
}

/** Terms are ORed, the requirements of a term ANDed. No terms match nothing; a term without requirements, everything. */
export type NodeSelection = readonly (readonly LabelRequirement[])[];

interface Mask {
  readonly at: number;
  readonly selection: NodeSelection;
}

/** Masks kept; far more than one Pod needs at a time. */
const MASKS_MAX = 2048;

export class NodeMasks {
  readonly #memory: ColumnMemory;
  readonly #labels: LabelColumns;
  readonly #slots: number;
  readonly #scratch: number;
  readonly #masks = new Map<string, Mask>();

  constructor(memory: ColumnMemory, capacity: number, labels: LabelColumns) {
    this.#memory = memory;
    this.#labels = labels;
    this.#slots = capacity;
    this.#scratch = memory.allocate(capacity >> 3);
  }

  /**
   * Address of the mask of a selection.
   * @param key equal keys must mean equal selections
   */
  mask(key: string, selection: () => NodeSelection): number {
    const known = this.#masks.get(key);
    if (known !== undefined) return known.at;
    if (this.#masks.size >= MASKS_MAX) this.#dropOldest();
    const made = { at: this.#memory.allocate(this.#slots >> 3), selection: selection() };
    this.#masks.set(key, made);
    this.#fill(made);
    return made.at;
  }

  setNode(node: NodeInfo): void {
    for (const { at, selection } of this.#masks.values())
      this.#setBit(at, node.slot, matchesNode(selection, node));
  }

  clearNode(slot: number): void {
    for (const { at } of this.#masks.values()) this.#setBit(at, slot, false);
  }

  #fill({ at, selection }: Mask): void {
    const { kernels } = this.#memory;
    const bytes = this.#slots >> 3;
    for (const term of selection) {
      kernels.fillMask(this.#scratch, bytes, 0xff);
      for (const { key, accepts } of term) {
        const { at: column, values } = this.#labels.column(key);
        const wanted = this.#memory.allocate(values.length);
        for (let number = 0; number < values.length; number++)
          this.#memory.u8[wanted + number] = accepts(number === 0 ? undefined : values[number]) ? 1 : 0;
        kernels.intersectValues(this.#scratch, this.#slots, column, wanted);
        this.#memory.release(wanted, values.length);
      }
      kernels.uniteMask(at, this.#scratch, bytes);
    }
  }

  #setBit(at: number, slot: number, isSet: boolean): void {
    const byte = at + (slot >> 3);
    const bit = 1 << (slot & 7);
    const { u8 } = this.#memory;
    const value = u8[byte] as number;
    u8[byte] = isSet ? value | bit : value & ~bit;
  }

  #dropOldest(): void {
    const [key, { at }] = this.#masks.entries().next().value as [string, Mask];
    this.#masks.delete(key);
    this.#memory.release(at, this.#slots >> 3);
  }
}

function matchesNode(selection: NodeSelection, { name, node }: NodeInfo): boolean {
  const labels = node.metadata.labels ?? {};
  const labelValue = (key: string) =>
    key === NAME_FIELD ? name : Object.hasOwn(labels, key) ? labels[key] : undefined;
  return selection.some((term) => term.every(({ key, accepts }) => accepts(labelValue(key))));
}
