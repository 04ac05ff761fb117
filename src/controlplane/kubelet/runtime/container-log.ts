// What a container printed: the newest lines, up to a limit, as a node's log files that are rotated.

const LINES_MAX = 5000;
const BYTES_MAX = 256 * 1024;

export interface LogLine {
  readonly atMs: number;
  readonly to: 1 | 2;
  /** With its line break, unless the process ended within it. */
  readonly text: string;
}

export class ContainerLog {
  #lines: LogLine[] = [];
  #bytes = 0;
  #partial: { to: 1 | 2; text: string } | null = null;
  #listeners: Set<(line: LogLine | null) => void> | null = null;
  #isClosed = false;

  get bytes(): number {
    return this.#bytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  lines(): readonly LogLine[] {
    return this.#lines;
  }

  append(to: 1 | 2, text: string, atMs: number): void {
    if (this.#isClosed) return;
    if (this.#partial !== null && this.#partial.to !== to) this.#flush(atMs);
    const parts = ((this.#partial?.text ?? "") + text).split(/(?<=\n)/);
    this.#partial = null;
    for (const part of parts) {
      if (part.endsWith("\n")) this.#push({ atMs, to, text: part });
      else if (part !== "") this.#partial = { to, text: part };
    }
  }

  /** The process has ended. */
  close(atMs: number): void {
    this.#flush(atMs);
    this.#isClosed = true;
    for (const listener of this.#listeners ?? []) listener(null);
    this.#listeners = null;
  }

  /** Told of each new line, and null at the end. @returns stops it */
  follow(listener: (line: LogLine | null) => void): () => void {
    if (this.#isClosed) {
      listener(null);
      return () => {};
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  #flush(atMs: number): void {
    if (this.#partial !== null) this.#push({ atMs, ...this.#partial });
    this.#partial = null;
  }

  #push(line: LogLine): void {
    this.#lines.push(line);
    this.#bytes += line.text.length;
    if (this.#lines.length > LINES_MAX || this.#bytes > BYTES_MAX) this.#rotate();
    for (const listener of this.#listeners ?? []) listener(line);
  }

  /** Half of it goes at once, so that rotation costs O(1) per line. */
  #rotate(): void {
    this.#lines = this.#lines.slice(this.#lines.length >> 1);
    this.#bytes = this.#lines.reduce((sum, line) => sum + line.text.length, 0);
  }
}
