// DER, as far as certificates need it: bytes of tag, length and content, and back.
// Source: ITU-T X.690.

export const TAGS = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthBytes(content.length), content]);
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(TAGS.sequence, ...contents);
export const set = (...contents: readonly Uint8Array[]): Buffer => der(TAGS.set, ...contents);
export const octets = (content: Uint8Array): Buffer => der(TAGS.octetString, content);
export const utf8 = (text: string): Buffer => der(TAGS.utf8String, Buffer.from(text));
export const bits = (content: Uint8Array, unused = 0): Buffer =>
  der(TAGS.bitString, Buffer.from([unused]), content);
export const yes: Buffer = der(TAGS.boolean, Buffer.from([0xff]));

/** A positive number of any size, big-endian. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const kept = bytes.subarray(start);
  return der(TAGS.integer, ...((kept[0] ?? 0) >= 0x80 ? [Buffer.from([0]), kept] : [kept]));
}

/** "1.2.840.10045.4.3.2" */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return der(TAGS.objectId, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? der(TAGS.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : der(TAGS.generalizedTime, Buffer.from(`${digits}Z`));
}

export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

/** @throws {RangeError} when it is no DER */
export function valuesIn(bytes: Uint8Array): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const value = valueAt(bytes, offset);
    values.push(value);
    offset += value.whole.length;
  }
  return values;
}

function valueAt(bytes: Uint8Array, offset: number): DerValue {
  const tag = bytes[offset] as number;
  const first = bytes[offset + 1];
  if (first === undefined) throw new RangeError("DER ends within a value");
  const lengthCount = first < 0x80 ? 0 : first & 0x7f;
  if (lengthCount > 4) throw new RangeError("a DER value is too long");
  let length = first < 0x80 ? first : 0;
  for (let index = 0; index < lengthCount; index++) length = length * 256 + (bytes[offset + 2 + index] ?? 0);
  const start = offset + 2 + lengthCount;
  const end = start + length;
  if (end > bytes.length) throw new RangeError("DER ends within a value");
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) };
}
