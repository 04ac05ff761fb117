// Sums by topology domain for one Pod: several terms with one topology key share a sum.
import type { ColumnCycle } from "../../columns/column-plugin.js";

export interface DomainSum {
  /** Address of the node column of domains. */
  readonly domain: number;
  /** Address of the i64 sums by domain. */
  readonly sums: number;
  readonly domains: number;
}

export class DomainSums {
  readonly #cycle: ColumnCycle;
  readonly #byKey = new Map<string, DomainSum>();

  constructor(cycle: ColumnCycle) {
    this.#cycle = cycle;
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  values(): IterableIterator<DomainSum> {
    return this.#byKey.values();
  }

  /** Adds weight x the counts of every node to the sums of this topology key. O(nodes) */
  add(topologyKey: string, counts: number, weight: number): void {
    const { columns, nodes } = this.#cycle;
    const { domain, sums } = this.#of(topologyKey);
    columns.memory.kernels.addWeightedDomains(columns.list, nodes.length, domain, counts, weight, sums);
  }

  #of(topologyKey: string): DomainSum {
    let sum = this.#byKey.get(topologyKey);
    if (sum === undefined) {
      const { labels, scratch } = this.#cycle.columns;
      const { at, values } = labels.column(topologyKey);
      sum = { domain: at, domains: values.length, sums: scratch.takeZeroed(values.length * 8) };
      this.#byKey.set(topologyKey, sum);
    }
    return sum;
  }
}
