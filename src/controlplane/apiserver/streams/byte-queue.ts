// Bytes that come when they come, read one chunk after the other.

/** Chunks that wait for a slow reader; whoever sends more is cut off. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

export class ByteQueue implements AsyncIterable<Uint8Array> {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isEnded = false;
  #wake: (() => void) | null = null;

  /** False: too much waits. */
  push(chunk: Uint8Array): boolean {
    if (this.#isEnded || chunk.length === 0) return true;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake?.();
    return this.#bytes <= WAITING_BYTES_MAX;
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bytes -= chunk.length;
        yield chunk;
      } else if (this.#isEnded) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      this.#wake = null;
    }
  }
}
