// Bytes of a watch -> its events: one JSON text a line. Chunks end anywhere, within a character too.

const LINE_FEED = 0x0a;

export class WatchLines {
  readonly #onLine: (line: string) => void;
  /** Of the line that is not complete yet. */
  #parts: Buffer[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end < 0) break;
      this.#emit(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start));
  }

  #emit(last: Buffer): void {
    const line = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    if (line.length > 0) this.#onLine(line.toString("utf8"));
  }
}
