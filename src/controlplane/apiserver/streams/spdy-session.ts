// The server's side of SPDY/3.1, as far as kubectl's port-forward and older exec use it: streams that the client opens, bytes
// both ways, half-closes and pings.
//
//   control frame  |1| version:15 | type:16 | flags:8 | length:24 | ...
//   data frame     |0| stream:31            | flags:8 | length:24 | bytes
//
// Why by hand: no package speaks it any more. Flow control is left out, as in the library that clients use (spdystream).
// Source: SPDY Protocol Draft 3.1, section 2.6.
import { ByteQueue } from "./byte-queue.js";
import { SpdyHeaders } from "./spdy-headers.js";

const CONTROL_VERSION = 0x8003;
const TYPE = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const FLAG_FIN = 1;
const HEADER_BYTES = 8;
const FRAME_BYTES_MAX = 1024 * 1024;
const DATA_BYTES_MAX = 32 * 1024;
const RST_CANCEL = 5;

export interface SpdyStream {
  readonly id: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Ends when the client closes its side. */
  readonly received: ByteQueue;
  send(bytes: Uint8Array): void;
  /** No more comes from here. */
  end(): void;
  reset(): void;
}

export interface SpdyTransport {
  write(bytes: Uint8Array): void;
  close(): void;
}

export class SpdySession {
  readonly #transport: SpdyTransport;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #headers = new SpdyHeaders();
  readonly #streams = new Map<number, Stream>();
  #pending: Buffer = Buffer.alloc(0);
  /** Frames are worked off one after the other: unpacking headers takes a turn of the event loop. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(transport: SpdyTransport, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#onStream = onStream;
  }

  /** Bytes as they come, in pieces of any size. */
  receive(bytes: Uint8Array): void {
    this.#pending = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length >= HEADER_BYTES) {
      const length = this.#pending.readUInt32BE(4) & 0xffffff;
      if (length > FRAME_BYTES_MAX) {
        this.close();
        return;
      }
      if (this.#pending.length < HEADER_BYTES + length) return;
      const frame = this.#pending.subarray(0, HEADER_BYTES + length);
      this.#pending = this.#pending.subarray(HEADER_BYTES + length);
      this.#work = this.#work.then(() => this.#onFrame(frame)).catch(() => this.close());
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stream of this.#streams.values()) stream.received.end();
    this.#headers.close();
    this.#transport.close();
  }

  async #onFrame(frame: Buffer): Promise<void> {
    if (this.#isClosed) return;
    const first = frame.readUInt32BE(0);
    const flags = frame.readUInt8(4);
    const body = frame.subarray(HEADER_BYTES);
    if (first < 0x80000000) {
      this.#onData(first, flags, body);
      return;
    }
    switch (first & 0xffff) {
      case TYPE.synStream:
        await this.#onSynStream(flags, body);
        return;
      case TYPE.rstStream:
        this.#drop(body.readUInt32BE(0) & 0x7fffffff);
        return;
      case TYPE.ping:
        this.#transport.write(frame);
        return;
      case TYPE.goAway:
        this.close();
        return;
    }
  }

  async #onSynStream(flags: number, body: Buffer): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#headers.decode(body.subarray(10));
    const stream = new Stream(
      id,
      headers,
      (frameFlags, bytes) => this.#sendData(id, frameFlags, bytes),
      () => this.#reset(id),
    );
    this.#streams.set(id, stream);
    if ((flags & FLAG_FIN) !== 0) stream.received.end();
    const block = await this.#headers.encode([]);
    const reply = Buffer.alloc(4 + block.length);
    reply.writeUInt32BE(id, 0);
    block.copy(reply, 4);
    this.#transport.write(controlFrame(TYPE.synReply, reply));
    this.#onStream(stream);
  }

  #onData(id: number, flags: number, body: Buffer): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (!stream.received.push(Buffer.from(body))) {
      this.#reset(id);
      return;
    }
    if ((flags & FLAG_FIN) !== 0) stream.received.end();
  }

  #sendData(id: number, flags: number, bytes: Uint8Array): void {
    if (this.#isClosed) return;
    for (let start = 0; start === 0 || start < bytes.length; start += DATA_BYTES_MAX) {
      const part = bytes.subarray(start, start + DATA_BYTES_MAX);
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32BE(id, 0);
      header.writeUInt32BE(part.length, 4);
      header.writeUInt8(flags, 4);
      this.#transport.write(Buffer.concat([header, part]));
    }
  }

  #reset(id: number): void {
    if (this.#isClosed || !this.#streams.has(id)) return;
    this.#drop(id);
    const body = Buffer.alloc(8);
    body.writeUInt32BE(id, 0);
    body.writeUInt32BE(RST_CANCEL, 4);
    this.#transport.write(controlFrame(TYPE.rstStream, body));
  }

  #drop(id: number): void {
    this.#streams.get(id)?.received.end();
    this.#streams.delete(id);
  }
}

class Stream implements SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly received = new ByteQueue();
  readonly #sendFrame: (flags: number, bytes: Uint8Array) => void;
  readonly #reset: () => void;
  #isEnded = false;

  constructor(
    id: number,
    headers: ReadonlyMap<string, string>,
    sendFrame: (flags: number, bytes: Uint8Array) => void,
    reset: () => void,
  ) {
    this.id = id;
    this.headers = headers;
    this.#sendFrame = sendFrame;
    this.#reset = reset;
  }

  send(bytes: Uint8Array): void {
    if (!this.#isEnded && bytes.length > 0) this.#sendFrame(0, bytes);
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#sendFrame(FLAG_FIN, new Uint8Array());
  }

  reset(): void {
    this.#isEnded = true;
    this.#reset();
  }
}

function controlFrame(type: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(CONTROL_VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}
