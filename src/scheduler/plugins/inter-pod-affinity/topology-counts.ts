// How many matches lie in each topology domain. A domain is a label of nodes with its value: "zone=a".
import type { Node } from "../../../api/types.js";
import { nodeLabel } from "../../../api/node-selector.js";

export class TopologyCounts {
  readonly #counts: Map<string, number>;

  constructor(counts: Iterable<readonly [string, number]> = []) {
    this.#counts = new Map(counts);
  }

  /** Domains that fell to 0 are gone: an empty map means no match anywhere. */
  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Counts in the domain of `node`; nothing when it lacks the key. */
  add(node: Node, key: string, count: number): void {
    const domain = domainOf(node, key);
    if (domain === null) return;
    const sum = (this.#counts.get(domain) ?? 0) + count;
    if (sum === 0) this.#counts.delete(domain);
    else this.#counts.set(domain, sum);
  }

  /** In the domain of `node`; 0 when it lacks the key. */
  at(node: Node, key: string): number {
    const domain = domainOf(node, key);
    return domain === null ? 0 : (this.#counts.get(domain) ?? 0);
  }

  clone(): TopologyCounts {
    return new TopologyCounts(this.#counts);
  }
}

/** No label key holds "=". Null when the node lacks the key. */
export function domainOf(node: Node, key: string): string | null {
  const value = nodeLabel(node, key);
  return value === undefined ? null : `${key}=${value}`;
}
