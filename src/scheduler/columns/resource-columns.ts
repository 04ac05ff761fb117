// What nodes have and what is taken, one pair of f64 columns per resource, and how many Pods they hold.
//
//   cpu            allocatable | used (exact) | used (non-zero, for scores)
//   memory         allocatable | used (exact) | used (non-zero, for scores)
//   ephemeral, extended...      allocatable | used
//   pods           count u32   | limit u32
//
// A Pod's requests stand in tables of terms (asm/abi/scheduler), one per distinct spec: coming and going is one call.
import {
  TERM_ALLOCATABLE,
  TERM_REQUEST,
  TERM_STRIDE,
  TERM_USED,
  TERM_WEIGHT,
} from "../../../asm/abi/scheduler.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo, SpecInfo } from "../cache/pod-info.js";
import { CPU, EPHEMERAL_STORAGE, MEMORY, PODS, type Resources } from "../cache/resources.js";
import type { ColumnMemory } from "./column-memory.js";

interface ResourceColumn {
  readonly allocatable: number;
  readonly used: number;
}

/** One line of a table of terms. */
export interface Term {
  readonly column: ResourceColumn;
  readonly request: number;
  readonly weight?: number;
}

export interface TermTable {
  readonly at: number;
  readonly count: number;
  readonly isCpuAndMemory: boolean;
}

export const NO_TERMS: TermTable = { at: 0, count: 0, isCpuAndMemory: false };

/** Below, 100 x an amount is exact (asm/scheduler/score-resources). */
const PLAIN_BELOW = 2 ** 45;

export class ResourceColumns {
  /** u32 per slot: Pods on the node, and how many it may have. */
  readonly podCount: number;
  readonly podLimit: number;
  readonly #memory: ColumnMemory;
  readonly #capacity: number;
  readonly #exact = new Map<string, ResourceColumn>();
  readonly #nonZero: { readonly cpu: ResourceColumn; readonly memory: ResourceColumn };
  /** Slots of nodes that lack CPU or memory, or have so much that scores need care. */
  readonly #odd = new Set<number>();
  /** What a Pod of a spec adds to its node, by spec id. */
  readonly #additions: (TermTable | undefined)[] = [];

  constructor(memory: ColumnMemory, capacity: number) {
    this.#memory = memory;
    this.#capacity = capacity;
    this.podCount = memory.allocate(capacity * 4);
    this.podLimit = memory.allocate(capacity * 4);
    const cpu = this.exact(CPU);
    const bytes = this.exact(MEMORY);
    this.exact(EPHEMERAL_STORAGE);
    this.#nonZero = {
      cpu: { allocatable: cpu.allocatable, used: memory.allocate(capacity * 8) },
      memory: { allocatable: bytes.allocatable, used: memory.allocate(capacity * 8) },
    };
  }

  /** The columns of a resource; made when first asked for. */
  exact(name: string): ResourceColumn {
    let column = this.#exact.get(name);
    if (column === undefined) {
      const bytes = this.#capacity * 8;
      column = { allocatable: this.#memory.allocate(bytes), used: this.#memory.allocate(bytes) };
      this.#exact.set(name, column);
    }
    return column;
  }

  /** As `exact`, but CPU and memory with defaults for containers that name none. */
  nonZero(name: string): ResourceColumn {
    if (name === CPU) return this.#nonZero.cpu;
    return name === MEMORY ? this.#nonZero.memory : this.exact(name);
  }

  setNode({ slot, allocatable }: NodeInfo): void {
    this.#memory.u32[(this.podLimit >> 2) + slot] = allocatable.pods;
    for (const name of namesOf(allocatable)) this.exact(name);
    for (const [name, column] of this.#exact)
      this.#memory.f64[(column.allocatable >> 3) + slot] = allocatable.get(name);
    if (isPlain(allocatable.milliCpu) && isPlain(allocatable.memory)) this.#odd.delete(slot);
    else this.#odd.add(slot);
  }

  /** Nothing is taken and nothing is there. */
  clearNode(slot: number): void {
    this.#memory.u32[(this.podLimit >> 2) + slot] = 0;
    this.#memory.u32[(this.podCount >> 2) + slot] = 0;
    this.#odd.delete(slot);
    for (const column of [...this.#exact.values(), this.#nonZero.cpu, this.#nonZero.memory]) {
      this.#memory.f64[(column.allocatable >> 3) + slot] = 0;
      this.#memory.f64[(column.used >> 3) + slot] = 0;
    }
  }

  /** Whether the kernels for pairs may score this table: CPU and memory, which every node has in plain amounts. */
  isPair({ isCpuAndMemory }: TermTable): boolean {
    return isCpuAndMemory && this.#odd.size === 0;
  }

  /** A Pod comes (1) or goes (-1). */
  count(slot: number, { spec }: PodInfo, times: 1 | -1): void {
    const additions = this.#additions[spec.id] ?? this.#addAdditions(spec);
    this.#memory.kernels.addRequests(slot, additions.at, additions.count, times);
    const { u32 } = this.#memory;
    const at = (this.podCount >> 2) + slot;
    u32[at] = (u32[at] as number) + times;
  }

  /** Writes terms for the kernels. The table lives as long as the columns. */
  table(terms: readonly Term[]): TermTable {
    const at = this.#memory.allocate(terms.length * TERM_STRIDE);
    for (const [index, { column, request, weight = 0 }] of terms.entries()) {
      const term = at + index * TERM_STRIDE;
      this.#memory.u32[(term + TERM_ALLOCATABLE) >> 2] = column.allocatable;
      this.#memory.u32[(term + TERM_USED) >> 2] = column.used;
      this.#memory.f64[(term + TERM_REQUEST) >> 3] = request;
      this.#memory.f64[(term + TERM_WEIGHT) >> 3] = weight;
    }
    const [first, second] = terms;
    const isCpuAndMemory =
      terms.length === 2 &&
      first?.column.allocatable === this.exact(CPU).allocatable &&
      second?.column.allocatable === this.exact(MEMORY).allocatable;
    return { at, count: terms.length, isCpuAndMemory };
  }

  /** Terms for scores: extended resources that the Pod does not ask for are left out. */
  scoreTable(
    { spec: { requests } }: PodInfo,
    resources: readonly { readonly name: string; readonly weight: number }[],
    basis: "exact" | "nonZero",
  ): TermTable {
    const terms: Term[] = [];
    for (const { name, weight } of resources) {
      const isNonZero = basis === "nonZero";
      const column = isNonZero ? this.nonZero(name) : this.exact(name);
      if (name === CPU)
        terms.push({
          column,
          weight,
          request: isNonZero ? requests.nonZero.milliCpu : requests.exact.milliCpu,
        });
      else if (name === MEMORY)
        terms.push({ column, weight, request: isNonZero ? requests.nonZero.memory : requests.exact.memory });
      else if (name === EPHEMERAL_STORAGE || (name !== PODS && requests.exact.get(name) > 0))
        terms.push({ column, weight, request: requests.exact.get(name) });
    }
    return this.table(terms);
  }

  #addAdditions(spec: SpecInfo): TermTable {
    const { exact, nonZeroOnNode } = spec.requests;
    const terms: Term[] = namesOf(exact).map((name) => ({
      column: this.exact(name),
      request: exact.get(name),
    }));
    terms.push({ column: this.#nonZero.cpu, request: nonZeroOnNode.milliCpu });
    terms.push({ column: this.#nonZero.memory, request: nonZeroOnNode.memory });
    const table = this.table(terms);
    this.#additions[spec.id] = table;
    return table;
  }
}

function isPlain(amount: number): boolean {
  return amount > 0 && amount < PLAIN_BELOW;
}

/** Resources that are counted in amounts; Pods are counted by themselves. */
function namesOf(resources: Resources): string[] {
  return [CPU, MEMORY, EPHEMERAL_STORAGE, ...resources.scalar.keys()];
}
