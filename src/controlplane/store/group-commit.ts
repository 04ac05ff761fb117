// One durable write for all that came while the last one was under way: the cost of a sync is shared by its writers.
// Entries are written in the order they came, and a write begins one turn of the event loop after the one before it
// was acknowledged, so that writers who wait for each other's turn share the next one.
// A write that fails fails everything behind it too, since that was decided on top of it.

interface Waiting<T> {
  readonly entry: T;
  resolve(): void;
  reject(error: unknown): void;
}

export interface GroupSink<T> {
  /** Durable when it resolves. One call at a time. */
  write(entries: readonly T[]): Promise<void>;
  /** Called in order, before the entries are acknowledged. */
  committed(entries: readonly T[]): void;
  /** Called with everything written or waiting, before it is refused. */
  failed(entries: readonly T[]): void;
}

/** Entries in one write; more wait for the next. */
const GROUP_MAX = 4096;

export class GroupCommit<T> {
  readonly #sink: GroupSink<T>;
  #waiting: Waiting<T>[] = [];
  #running = false;
  #idle: (() => void)[] = [];

  constructor(sink: GroupSink<T>) {
    this.#sink = sink;
  }

  get pending(): boolean {
    return this.#running;
  }

  add(entry: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      setImmediate(() => void this.#write());
    });
  }

  /** Everything added so far is acknowledged or refused. */
  drained(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  async #write(): Promise<void> {
    const group = this.#waiting.splice(0, GROUP_MAX);
    const entries = group.map((each) => each.entry);
    try {
      await this.#sink.write(entries);
      this.#sink.committed(entries);
      for (const each of group) each.resolve();
    } catch (error) {
      const all = [...group, ...this.#waiting.splice(0)];
      this.#sink.failed(all.map((each) => each.entry));
      for (const each of all) each.reject(error);
    }
    setImmediate(() => this.#next());
  }

  #next(): void {
    if (this.#waiting.length > 0) {
      void this.#write();
      return;
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
