// Reads protobuf's wire format from bytes that a client sent: every length is checked before it is believed.
// Source: protobuf.dev, Encoding.

/** Bytes that are no protobuf message. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

export class ProtobufReader {
  offset: number;
  readonly end: number;

  constructor(
    private readonly bytes: Buffer,
    start = 0,
    end = bytes.length,
  ) {
    this.offset = start;
    this.end = end;
  }

  get hasMore(): boolean {
    return this.offset < this.end;
  }

  /** Field number x 8 + wire type. */
  tag(): number {
    const tag = this.#varint32();
    if (tag >>> 3 === 0) throw new ProtobufError("proto: illegal tag 0");
    return tag;
  }

  /** A signed 64-bit number; exact up to 2^53. */
  int64(): number {
    return Number(BigInt.asIntN(64, this.varint()));
  }

  int32(): number {
    return Number(BigInt.asIntN(32, this.varint()));
  }

  boolean(): boolean {
    return this.varint() !== 0n;
  }

  double(): number {
    this.#need(8);
    this.offset += 8;
    return this.bytes.readDoubleLE(this.offset - 8);
  }

  string(): string {
    const start = this.#enter();
    return this.bytes.toString("utf8", start, this.offset);
  }

  /** The bytes themselves, not a copy. */
  data(): Buffer {
    const start = this.#enter();
    return this.bytes.subarray(start, this.offset);
  }

  /** A message inside this one. */
  message(): ProtobufReader {
    const start = this.#enter();
    return new ProtobufReader(this.bytes, start, this.offset);
  }

  skip(wireType: number): void {
    if (wireType === WIRE_VARINT) this.varint();
    else if (wireType === WIRE_BYTES) this.#enter();
    else if (wireType === WIRE_FIXED64 || wireType === WIRE_FIXED32) {
      const size = wireType === WIRE_FIXED64 ? 8 : 4;
      this.#need(size);
      this.offset += size;
    } else throw new ProtobufError(`proto: illegal wireType ${wireType}`);
  }

  varint(): bigint {
    const first = this.bytes[this.offset] as number;
    if (this.offset < this.end && first < 0x80) {
      this.offset += 1;
      return BigInt(first);
    }
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      this.#need(1);
      const byte = this.bytes[this.offset] as number;
      this.offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError("proto: integer overflow");
  }

  #varint32(): number {
    const first = this.bytes[this.offset] as number;
    if (this.offset < this.end && first < 0x80) {
      this.offset += 1;
      return first;
    }
    const value = this.varint();
    if (value > 0xffff_ffffn) throw new ProtobufError("proto: integer overflow");
    return Number(value);
  }

  /** Step over a length and what it covers; where that starts. */
  #enter(): number {
    const length = this.#varint32();
    const start = this.offset;
    this.#need(length);
    this.offset = start + length;
    return start;
  }

  #need(length: number): void {
    if (length > this.end - this.offset) throw new ProtobufError("unexpected EOF");
  }
}
