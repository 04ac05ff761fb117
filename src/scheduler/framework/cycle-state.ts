// What plugins remember between the steps of one scheduling cycle, each under its own name.

/** State that preemption's dry runs may change on a copy. */
export interface CloneableState {
  clone(): CloneableState;
}

const NONE: ReadonlySet<string> = new Set();

export class CycleState {
  /** null while nothing is kept, which is how most cycles end. */
  #values: Map<string, CloneableState> | null = null;

  /** @param skipFilter plugins whose Filter has nothing to say about this Pod */
  constructor(public skipFilter: ReadonlySet<string> = NONE) {}

  read<T extends CloneableState>(key: string): T | undefined {
    return this.#values?.get(key) as T | undefined;
  }

  write(key: string, value: CloneableState): void {
    this.#values ??= new Map();
    this.#values.set(key, value);
  }

  /** A copy whose values can be changed without this one noticing; the skips are shared. Cost: the size of the values. */
  clone(): CycleState {
    const copy = new CycleState(this.skipFilter);
    for (const [key, value] of this.#values ?? []) copy.write(key, value.clone());
    return copy;
  }
}
