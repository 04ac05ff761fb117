// Node ports that nobody has yet, in order: first the default range, then what a cluster with a wider
// --service-node-port-range would add, then none.
// Why go beyond the default: its 2,768 ports end any NodePort experiment long before 10,000 Services.

/** Default of kube-apiserver --service-node-port-range. */
const NODE_PORTS_FIRST = 30000;
const NODE_PORTS_LAST = 32767;

/** Tried in this order once the default range is full: 1024-65535 in all, 64,512 ports. */
const RANGES = [
  [NODE_PORTS_FIRST, NODE_PORTS_LAST],
  [NODE_PORTS_LAST + 1, 65535],
  [1024, NODE_PORTS_FIRST - 1],
] as const;

export class NodePortPool {
  readonly #taken: Set<number>;
  #range = 0;
  #next: number = RANGES[0][0];
  /** Ports handed out from beyond the default range. */
  beyondDefaultCount = 0;
  /** Requests that found no port at all. */
  refusedCount = 0;

  constructor(taken: Iterable<number> = []) {
    this.#taken = new Set(taken);
  }

  /** A port that no one has, or null when all 64,512 are gone. */
  next(): number | null {
    for (; this.#range < RANGES.length; this.#next = RANGES[this.#range]?.[0] ?? 0) {
      const last = (RANGES[this.#range] as readonly [number, number])[1];
      while (this.#next <= last) {
        const port = this.#next++;
        if (!this.#taken.has(port)) return this.#handOut(port);
      }
      this.#range++;
    }
    this.refusedCount++;
    return null;
  }

  /** What a user should know about the ports handed out so far. */
  warnings(): string[] {
    const texts: string[] = [];
    if (this.beyondDefaultCount > 0) {
      texts.push(
        `${this.beyondDefaultCount} node ports lie outside ${NODE_PORTS_FIRST}-${NODE_PORTS_LAST}: ` +
          "a cluster needs a wider --service-node-port-range for them",
      );
    }
    if (this.refusedCount > 0) {
      texts.push(`${this.refusedCount} node ports were left out: all of 1024-65535 are in use`);
    }
    return texts;
  }

  #handOut(port: number): number {
    this.#taken.add(port);
    if (port < NODE_PORTS_FIRST || port > NODE_PORTS_LAST) this.beyondDefaultCount++;
    return port;
  }
}
