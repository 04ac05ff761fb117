// Which Pods a Service selects, and which Services select a Pod, without looking at all of either.
// Pods stand under each of their labels, and a selector looks through the smallest of its labels' sets. A selector stands
// under one of its labels, the one that fewest others stand under. Cost: a change O(labels); a question O(the smallest
// set), O(selectors that share a label with the Pod and stand under it).
import { matchesLabels } from "../../../api/selector.js";

type Labels = Readonly<Record<string, string>>;

function pairOf(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}=${value}`;
}

class Buckets {
  readonly #buckets = new Map<string, Set<string>>();

  of(pair: string): ReadonlySet<string> {
    return this.#buckets.get(pair) ?? NONE;
  }

  add(pair: string, key: string): void {
    const bucket = this.#buckets.get(pair);
    if (bucket === undefined) this.#buckets.set(pair, new Set([key]));
    else bucket.add(key);
  }

  remove(pair: string, key: string): void {
    const bucket = this.#buckets.get(pair);
    bucket?.delete(key);
    if (bucket?.size === 0) this.#buckets.delete(pair);
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Objects with labels, asked by selector. */
export class LabelledObjects {
  readonly #buckets = new Buckets();
  readonly #labels = new Map<string, { readonly namespace: string; readonly labels: Labels }>();

  put(key: string, namespace: string, labels: Labels | undefined): void {
    const known = this.#labels.get(key);
    if (known !== undefined && known.labels === labels) return;
    this.remove(key);
    const given = labels ?? {};
    this.#labels.set(key, { namespace, labels: given });
    for (const [name, value] of Object.entries(given)) this.#buckets.add(pairOf(namespace, name, value), key);
  }

  remove(key: string): void {
    const known = this.#labels.get(key);
    if (known === undefined) return;
    this.#labels.delete(key);
    for (const [name, value] of Object.entries(known.labels))
      this.#buckets.remove(pairOf(known.namespace, name, value), key);
  }

  /** Keys of what a selector of equalities selects; an empty selector selects nothing. */
  selected(namespace: string, selector: Labels): string[] {
    let smallest: ReadonlySet<string> | null = null;
    for (const [name, value] of Object.entries(selector)) {
      const bucket = this.#buckets.of(pairOf(namespace, name, value));
      if (smallest === null || bucket.size < smallest.size) smallest = bucket;
    }
    return [...(smallest ?? NONE)].filter((key) => matchesLabels(this.#labels.get(key)?.labels, selector));
  }
}

/** Selectors of equalities, asked by labels. */
export class Selectors {
  readonly #buckets = new Buckets();
  readonly #selectors = new Map<string, { readonly pair: string; readonly selector: Labels }>();

  /** An empty selector, or none, selects nothing. */
  put(key: string, namespace: string, selector: Labels | undefined): void {
    this.remove(key);
    let chosen: string | null = null;
    for (const [name, value] of Object.entries(selector ?? {})) {
      const pair = pairOf(namespace, name, value);
      if (chosen === null || this.#buckets.of(pair).size < this.#buckets.of(chosen).size) chosen = pair;
    }
    if (chosen === null || selector === undefined) return;
    this.#selectors.set(key, { pair: chosen, selector });
    this.#buckets.add(chosen, key);
  }

  remove(key: string): void {
    const known = this.#selectors.get(key);
    if (known === undefined) return;
    this.#selectors.delete(key);
    this.#buckets.remove(known.pair, key);
  }

  /** Keys of the selectors that select an object of these labels. */
  selecting(namespace: string, labels: Labels | undefined): string[] {
    const keys: string[] = [];
    for (const [name, value] of Object.entries(labels ?? {}))
      for (const key of this.#buckets.of(pairOf(namespace, name, value)))
        if (matchesLabels(labels, this.#selectors.get(key)?.selector ?? {})) keys.push(key);
    return keys;
  }
}
