// What a shell handles is bytes, held as texts with one character per byte (latin1): archives and pictures go through
// unharmed, and V8 keeps such texts at one byte per character. UTF-8 is made of them and from them at the edges only:
// words of a command, what is mounted, logs.

/** Text of Kubernetes objects -> bytes as a shell holds them. */
export function toBytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** The bytes of a chunk as a shell holds them. */
export function chunkToBytes(chunk: Uint8Array): string {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
}

export function bytesToChunk(bytes: string): Buffer {
  return Buffer.from(bytes, "latin1");
}

/** Bytes of a shell -> text; what is no UTF-8 becomes U+FFFD. */
export function toText(bytes: string): string {
  return bytesToChunk(bytes).toString();
}
