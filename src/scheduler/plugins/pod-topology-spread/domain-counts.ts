// Pods in each domain of one constraint, with the smallest count at hand.
// Why: the minimum is asked for at every node. Two domains are kept, the lowest and the next: while only one domain
// changes, as in a dry run on one node, the minimum is one of these two.
// Cost: O(domains) to make, O(1) to change and to ask. Source: kube-scheduler plugins/podtopologyspread/filtering.go.

interface Domain {
  readonly value: string | null;
  readonly count: number;
}

const NONE: Domain = { value: null, count: Number.MAX_SAFE_INTEGER };

export class DomainCounts {
  readonly #counts: Map<string, number>;
  #lowest = NONE;
  #next = NONE;

  /** @param counts label value -> Pods */
  constructor(counts: ReadonlyMap<string, number>) {
    this.#counts = new Map(counts);
    for (const [value, count] of counts) this.#rank({ value, count });
  }

  at(value: string): number {
    return this.#counts.get(value) ?? 0;
  }

  /** 0 while there are fewer domains than `minDomains`. */
  minimum(minDomains: number): number {
    return this.#counts.size < minDomains ? 0 : this.#lowest.count;
  }

  add(value: string, count: number): void {
    const sum = this.at(value) + count;
    this.#counts.set(value, sum);
    this.#rank({ value, count: sum });
  }

  clone(): DomainCounts {
    return new DomainCounts(this.#counts);
  }

  #rank(domain: Domain): void {
    if (domain.value === this.#lowest.value) this.#lowest = domain;
    else if (domain.value === this.#next.value) this.#next = domain;
    else if (domain.count < this.#lowest.count) [this.#lowest, this.#next] = [domain, this.#lowest];
    else if (domain.count < this.#next.count) this.#next = domain;
    if (this.#lowest.count > this.#next.count) [this.#lowest, this.#next] = [this.#next, this.#lowest];
  }
}
