// Affinity terms of the Pods that run: for every distinct term, how often (or with what weight) each node's Pods carry
// it. A new Pod asks which of them mean it; that is found out once per distinct label set.
// Cost: O(terms of the Pod) when it comes or goes; 4 bytes per node and distinct term.
import { matchesSelector } from "../../api/selector.js";
import type { LabelSet, PodInfo } from "../cache/pod-info.js";
import type { AffinityTerm, PodMatcher, PodTerms } from "../cache/pod-terms.js";
import type { ColumnMemory } from "./column-memory.js";

/** What a term does to a Pod that it means. */
const TERM_KINDS = ["requiredAntiAffinity", "requiredAffinity", "preferred"] as const;
export type TermKind = (typeof TERM_KINDS)[number];

export interface CarriedTerm {
  readonly kind: TermKind;
  readonly term: AffinityTerm;
  /** Address of the i32 column: how many Pods carry it; for preferred terms the sum of their weights. */
  readonly at: number;
  /** How many Pods carry it, on all nodes. */
  carriers: number;
}

interface Carried {
  readonly term: CarriedTerm;
  readonly amount: number;
}

export class CarriedTerms {
  readonly #memory: ColumnMemory;
  readonly #capacity: number;
  readonly #namespaceLabels: (namespace: string) => Readonly<Record<string, string>>;
  readonly #terms = new Map<string, CarriedTerm>();
  readonly #byPodTerms = new WeakMap<PodTerms, readonly Carried[]>();
  #matching: (CarriedTerm[] | undefined)[] = [];

  constructor(
    memory: ColumnMemory,
    capacity: number,
    namespaceLabels: (namespace: string) => Readonly<Record<string, string>>,
  ) {
    this.#memory = memory;
    this.#capacity = capacity;
    this.#namespaceLabels = namespaceLabels;
  }

  count(slot: number, { terms }: PodInfo, times: 1 | -1): void {
    for (const { term, amount } of this.#carriedBy(terms)) {
      const { u32 } = this.#memory;
      const place = (term.at >> 2) + slot;
      u32[place] = ((u32[place] as number) + amount * times) >>> 0;
      term.carriers += times;
    }
  }

  /** Terms that some running Pod carries and that mean Pods with these labels. */
  *meaning(labels: LabelSet): Generator<CarriedTerm> {
    let terms = this.#matching[labels.id];
    if (terms === undefined) {
      terms = [...this.#terms.values()].filter(({ term }) =>
        meansLabels(term, labels, this.#namespaceLabels),
      );
      this.#matching[labels.id] = terms;
    }
    for (const term of terms) if (term.carriers > 0) yield term;
  }

  clearNode(slot: number): void {
    for (const { at } of this.#terms.values()) this.#memory.u32[(at >> 2) + slot] = 0;
  }

  /** Labels of a namespace have changed. */
  namespacesChanged(): void {
    this.#matching = [];
  }

  #carriedBy(terms: PodTerms): readonly Carried[] {
    let carried = this.#byPodTerms.get(terms);
    if (carried === undefined) {
      carried = [
        ...terms.requiredAntiAffinity.map((term) => this.#carried("requiredAntiAffinity", term, 1)),
        ...terms.requiredAffinity.map((term) => this.#carried("requiredAffinity", term, 1)),
        ...terms.preferred.map(({ term, weight }) => this.#carried("preferred", term, weight)),
      ];
      this.#byPodTerms.set(terms, carried);
    }
    return carried;
  }

  #carried(kind: TermKind, term: AffinityTerm, amount: number): Carried {
    const key = `${kind} ${term.topologyKey} ${term.id}`;
    let known = this.#terms.get(key);
    if (known === undefined) {
      known = { kind, term, at: this.#memory.allocate(this.#capacity * 4), carriers: 0 };
      this.#terms.set(key, known);
      this.#matching = [];
    }
    return { term: known, amount };
  }
}

/** Whether a term means Pods with these labels in this namespace. */
export function meansLabels(
  matcher: PodMatcher,
  { namespace, labels }: LabelSet,
  namespaceLabels: (namespace: string) => Readonly<Record<string, string>>,
): boolean {
  const inNamespace =
    matcher.namespaces.has(namespace) ||
    (matcher.namespaceSelector !== null &&
      matchesSelector(namespaceLabels(namespace), matcher.namespaceSelector));
  return inNamespace && matcher.selector !== null && matchesSelector(labels, matcher.selector);
}
