// Just enough of WebSocket (RFC 6455) to carry bytes in binary messages, for a subprotocol whose name libraries refuse.
// Messages' bounds do not matter here: what is carried is a byte stream.
import type { Duplex } from "node:stream";
import type { SpdyTransport } from "../streams/spdy-session.js";

const OPCODE = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FIN = 0x80;
const MASKED = 0x80;

export class WebSocketFrames implements SpdyTransport {
  readonly #socket: Duplex;
  readonly #bytesMax: number;
  #pending: Buffer = Buffer.alloc(0);
  onMessage: (bytes: Buffer) => void = () => undefined;

  constructor(socket: Duplex, bytesMax: number) {
    this.#socket = socket;
    this.#bytesMax = bytesMax;
  }

  receive(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const frame = frameAt(this.#pending);
      if (frame === null) break;
      if (frame.bytes > this.#bytesMax) {
        this.#socket.destroy();
        return;
      }
      if (this.#pending.length < frame.start + frame.bytes) break;
      const payload = unmasked(this.#pending.subarray(frame.start, frame.start + frame.bytes), frame.mask);
      this.#pending = this.#pending.subarray(frame.start + frame.bytes);
      this.#onFrame(frame.opcode, payload);
    }
  }

  write(bytes: Uint8Array): void {
    this.#send(OPCODE.binary, bytes);
  }

  close(): void {
    this.#send(OPCODE.close, Uint8Array.of(0x03, 0xe8));
    this.#socket.end();
  }

  #onFrame(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case OPCODE.continuation:
      case OPCODE.binary:
        this.onMessage(payload);
        return;
      case OPCODE.ping:
        this.#send(OPCODE.pong, payload);
        return;
      case OPCODE.close:
        this.#socket.end();
        return;
    }
  }

  #send(opcode: number, bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(Buffer.concat([headerOf(opcode, bytes.length), bytes]));
  }
}

function frameAt(bytes: Buffer) {
  if (bytes.length < 2) return null;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskBytes = (second & MASKED) === 0 ? 0 : 4;
  const start = 2 + lengthBytes + maskBytes;
  if (bytes.length < start) return null;
  const count =
    lengthBytes === 2 ? bytes.readUInt16BE(2) : lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
  return { opcode: first & 0x0f, start, bytes: count, mask: bytes.subarray(start - maskBytes, start) };
}

function unmasked(payload: Buffer, mask: Buffer): Buffer {
  if (mask.length === 0) return payload;
  const result = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index++)
    result[index] = (payload[index] as number) ^ (mask[index & 3] as number);
  return result;
}

function headerOf(opcode: number, count: number): Buffer {
  if (count < 126) return Buffer.from([FIN | opcode, count]);
  if (count < 65_536) return Buffer.from([FIN | opcode, 126, count >> 8, count & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = FIN | opcode;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(count), 2);
  return header;
}
