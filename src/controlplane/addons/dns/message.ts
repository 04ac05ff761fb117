// DNS messages: what of a query is acted on, and answers as bytes.
// dns-packet reads queries. Answers are written here since it does not compress names: into the 512 bytes that a plain
// UDP answer may have, 29 addresses of a Service fit instead of 10.
//
//   id | flags | counts     12 bytes
//   question                as it came, so that names keep their upper and lower case
//   answers ...             owners are pointers to names that were written before
//   OPT                     when the query had one
//
// Source: RFC 1035 section 4, RFC 6891 (OPT), RFC 2181 section 9 (TC).
import { decode, type DecodedPacket } from "dns-packet";
import {
  type Answer,
  RCODES,
  RECORD_TYPES,
  type Rcode,
  type RecordData,
  type ResourceRecord,
} from "./records.js";

export interface Edns {
  readonly version: number;
  /** The largest answer over UDP that the asker takes. */
  readonly udpBytes: number;
  readonly flags: number;
}

export interface Query {
  readonly id: number;
  /** Flags of the header that an answer repeats: opcode, RD, CD. */
  readonly flags: number;
  readonly opcode: number;
  /** null: there is none, or not exactly one, or it cannot be read. */
  readonly question: Question | null;
  readonly edns: Edns | null;
}

export interface Question {
  /** In lower case, without the last dot; dots within labels are escaped. */
  readonly name: string;
  /** "A", "SRV", "UNKNOWN_65". */
  readonly type: string;
  readonly isInternet: boolean;
  /** From the header on. */
  readonly bytes: Uint8Array;
  /** Whether its labels are what stands between the dots of `name`. */
  readonly isPlain: boolean;
}

const HEADER_BYTES = 12;
const OPT_BYTES = 11;
const OPT = 41;
const POINTER = 0xc000;
const FLAG_RESPONSE = 0x8000;
const FLAG_AUTHORITATIVE = 0x0400;
const FLAG_TRUNCATED = 0x0200;
/** Opcode, recursion desired, checking disabled. */
const FLAGS_REPEATED = 0x7910;
/** What is said to be taken over UDP, and sent at most. */
export const UDP_BYTES_MAX = 4096;
export const UDP_BYTES_MIN = 512;
export const TCP_BYTES_MAX = 65_535;

/** null: no query at all, which is not answered. */
export function readQuery(message: Buffer): Query | null {
  if (message.length < HEADER_BYTES) return null;
  const flags = message.readUInt16BE(2);
  if ((flags & FLAG_RESPONSE) !== 0) return null;
  const head = { id: message.readUInt16BE(0), flags: flags & FLAGS_REPEATED, opcode: (flags >>> 11) & 15 };
  const packet = head.opcode === 0 && message.readUInt16BE(4) === 1 ? decoded(message) : null;
  if (packet === null) return { ...head, question: null, edns: null };
  return { ...head, question: questionOf(packet, message), edns: ednsOf(packet) };
}

function decoded(message: Buffer): DecodedPacket | null {
  try {
    return decode(message);
  } catch {
    return null;
  }
}

function questionOf(packet: DecodedPacket, message: Buffer): Question | null {
  const [question] = packet.questions ?? [];
  const labels = questionLabels(message);
  if (question === undefined || labels === null) return null;
  const end = labels.reduce((offset, label) => offset + label.length + 1, HEADER_BYTES) + 5;
  if (end > message.length) return null;
  const isPlain = !labels.some((label) => /[.\\]/.test(label));
  return {
    name: (isPlain ? labels : labels.map((label) => label.replaceAll(/[.\\]/g, "\\$&"))).join("."),
    type: question.type,
    isInternet: message.readUInt16BE(end - 2) === 1,
    bytes: message.subarray(0, end),
    isPlain,
  };
}

/** In lower case, byte for byte; null: a pointer, which nothing before it could be the target of, or too long a name. */
function questionLabels(message: Buffer): readonly string[] | null {
  const labels: string[] = [];
  let offset = HEADER_BYTES;
  for (;;) {
    const length = message[offset];
    if (length === undefined || length > 63 || offset - HEADER_BYTES > 254) return null;
    if (length === 0) return labels;
    labels.push(message.toString("latin1", offset + 1, offset + 1 + length).toLowerCase());
    offset += length + 1;
  }
}

function ednsOf(packet: DecodedPacket): Edns | null {
  for (const each of packet.additionals ?? [])
    if (each.type === "OPT")
      return { version: each.ednsVersion, udpBytes: each.udpPayloadSize, flags: each.flags };
  return null;
}

/** @param turn which of several addresses comes first */
export function writeAnswer(
  query: Query,
  answer: Answer,
  { bytesMax, turn }: { readonly bytesMax: number; readonly turn: number },
): Buffer {
  const limit = bytesMax - (query.edns === null ? 0 : OPT_BYTES);
  const writer = new MessageWriter(query.question, limit);
  const answerCount = writer.records(answer.answers, isRotated(answer) ? turn % answer.answers.length : 0);
  const isTruncated = answerCount < answer.answers.length;
  const authorityCount = isTruncated ? 0 : writer.records(answer.authority, 0);
  const additionalCount = isTruncated ? 0 : writer.records(answer.additional, 0);
  if (query.edns !== null) writer.opt(answer.rcode, query.edns);
  const flags =
    FLAG_RESPONSE |
    query.flags |
    (answer.isAuthoritative ? FLAG_AUTHORITATIVE : 0) |
    (isTruncated ? FLAG_TRUNCATED : 0) |
    (RCODES[answer.rcode] & 15);
  const counts = [query.question === null ? 0 : 1, answerCount, authorityCount];
  return writer.finish(query.id, flags, [...counts, additionalCount + (query.edns === null ? 0 : 1)]);
}

/** Whoever takes the first address gets another one each time. */
function isRotated({ answers }: Answer): boolean {
  const type = answers[0]?.data.type;
  return answers.length > 1 && (type === "A" || type === "AAAA");
}

class MessageWriter {
  #bytes = Buffer.allocUnsafe(UDP_BYTES_MIN);
  #offset = HEADER_BYTES;
  readonly #limit: number;
  /** Where names begin that were written already. */
  readonly #names = new Map<string, number>();

  constructor(question: Question | null, limit: number) {
    this.#limit = limit;
    if (question === null) return;
    this.#reserve(question.bytes.length);
    this.#bytes.set(question.bytes.subarray(HEADER_BYTES), HEADER_BYTES);
    this.#offset = question.bytes.length;
    if (question.isPlain) this.#learn(question.name, HEADER_BYTES);
  }

  /** Writes what fits. @returns how many that were */
  records(records: readonly ResourceRecord[], first: number): number {
    for (let count = 0; count < records.length; count++) {
      const start = this.#offset;
      this.#record(records[(first + count) % records.length] as ResourceRecord);
      if (this.#offset <= this.#limit) continue;
      this.#offset = start;
      return count;
    }
    return records.length;
  }

  opt(rcode: Rcode, edns: Edns): void {
    this.#reserve(OPT_BYTES);
    this.#bytes[this.#offset++] = 0;
    this.#word(OPT);
    this.#word(UDP_BYTES_MAX);
    this.#word((RCODES[rcode] >>> 4) << 8);
    // DNSSEC OK is repeated, though nothing is signed.
    this.#word(edns.flags & 0x8000);
    this.#word(0);
  }

  finish(id: number, flags: number, counts: readonly number[]): Buffer {
    const end = this.#offset;
    this.#offset = 0;
    for (const word of [id, flags, ...counts]) this.#word(word);
    return this.#bytes.subarray(0, end);
  }

  #record({ name, ttlSeconds, data }: ResourceRecord): void {
    this.#name(name, true);
    this.#reserve(10);
    this.#word(RECORD_TYPES[data.type]);
    this.#word(1);
    this.#word(ttlSeconds >>> 16);
    this.#word(ttlSeconds & 0xffff);
    const lengthOffset = this.#offset;
    this.#offset += 2;
    this.#data(data);
    this.#bytes.writeUInt16BE(this.#offset - lengthOffset - 2, lengthOffset);
  }

  #data(data: RecordData): void {
    switch (data.type) {
      case "A":
      case "AAAA":
        this.#reserve(data.bytes.length);
        this.#bytes.set(data.bytes, this.#offset);
        this.#offset += data.bytes.length;
        return;
      case "CNAME":
      case "PTR":
      case "NS":
        this.#name(data.target, true);
        return;
      case "SRV":
        this.#reserve(6);
        for (const word of [data.priority, data.weight, data.port]) this.#word(word);
        // RFC 2782: not compressed.
        this.#name(data.target, false);
        return;
      case "TXT":
        this.#reserve(data.text.length + 1);
        this.#bytes[this.#offset++] = data.text.length;
        this.#offset += this.#bytes.write(data.text, this.#offset, "latin1");
        return;
      case "SOA":
        this.#name(data.server, true);
        this.#name(data.mailbox, true);
        this.#reserve(20);
        for (const seconds of [
          data.serial,
          REFRESH_SECONDS,
          RETRY_SECONDS,
          EXPIRE_SECONDS,
          data.minimumSeconds,
        ]) {
          this.#bytes.writeUInt32BE(seconds, this.#offset);
          this.#offset += 4;
        }
    }
  }

  #name(name: string, isCompressed: boolean): void {
    this.#reserve(name.length + 2);
    let rest = name;
    const [start, startOffset] = [name, this.#offset];
    while (rest !== "") {
      const known = isCompressed ? this.#names.get(rest) : undefined;
      if (known !== undefined) {
        this.#word(POINTER | known);
        if (rest !== start) this.#learn(start, startOffset);
        return;
      }
      const dot = rest.indexOf(".");
      const label = dot < 0 ? rest : rest.slice(0, dot);
      this.#bytes[this.#offset++] = label.length;
      this.#offset += this.#bytes.write(label, this.#offset, "latin1");
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
    this.#bytes[this.#offset++] = 0;
    if (isCompressed) this.#learn(start, startOffset);
  }

  /** The name and all that it ends with can be pointed to. */
  #learn(name: string, offset: number): void {
    let [rest, at] = [name, offset];
    while (rest !== "" && at < 0x4000 && !this.#names.has(rest)) {
      this.#names.set(rest, at);
      const dot = rest.indexOf(".");
      at += (dot < 0 ? rest.length : dot) + 1;
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
  }

  #word(value: number): void {
    this.#bytes.writeUInt16BE(value, this.#offset);
    this.#offset += 2;
  }

  #reserve(bytes: number): void {
    const needed = this.#offset + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#offset));
    this.#bytes = larger;
  }
}

/** Of the SOA: secondaries do not exist, so that these are never acted on. */
const REFRESH_SECONDS = 7200;
const RETRY_SECONDS = 1800;
const EXPIRE_SECONDS = 86_400;
