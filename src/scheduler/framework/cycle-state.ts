// What plugins remember between the steps of one scheduling cycle, each under its own name.

/** State that preemption's dry runs may change on a copy. */
export interface CloneableState {
  clone(): CloneableState;
}

export class CycleState {
  readonly #values = new Map<string, CloneableState>();

  /**
   * @param skipFilter plugins whose Filter has nothing to say about this Pod
   * @param skipScore the same for Score
   */
  constructor(
    readonly skipFilter = new Set<string>(),
    readonly skipScore = new Set<string>(),
  ) {}

  read<T extends CloneableState>(key: string): T | undefined {
    return this.#values.get(key) as T | undefined;
  }

  write(key: string, value: CloneableState): void {
    this.#values.set(key, value);
  }

  /** A copy whose values can be changed without this one noticing; the skips are shared. Cost: the size of the values. */
  clone(): CycleState {
    const copy = new CycleState(this.skipFilter, this.skipScore);
    for (const [key, value] of this.#values) copy.write(key, value.clone());
    return copy;
  }
}
