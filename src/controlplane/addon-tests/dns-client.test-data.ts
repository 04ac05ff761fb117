// A DNS client over real sockets, whose messages dns-packet reads and writes.
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { decode, encode, type Packet, type RecordType } from "dns-packet";
import { realTimers } from "../../base/timers.js";

export interface DnsAnswer {
  /** As in "NOERROR" of dig. */
  readonly rcode: string;
  readonly isTruncated: boolean;
  readonly isAuthoritative: boolean;
  /** "web.default.svc.cluster.local 30 A 10.96.0.10" */
  readonly answers: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  readonly bytes: number;
}

export function question(name: string, type: RecordType, more: Partial<Packet> = {}): Buffer {
  return encode({ type: "query", id: 1, flags: 0x0100, questions: [{ name, type }], ...more });
}

/** null: no answer within 200 ms. */
export function askUdp(port: number, message: Buffer): Promise<DnsAnswer | null> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (answer: DnsAnswer | null) => {
      cancel();
      socket.close();
      resolve(answer);
    };
    const cancel = realTimers.after(200, () => end(null));
    socket.on("message", (bytes: Buffer) => end(answerOf(bytes)));
    socket.send(message, port, "127.0.0.1");
  });
}

/** Sends all before it reads; resolves when as many answers came, or the server hung up. */
export function askTcp(port: number, messages: readonly Buffer[]): Promise<readonly DnsAnswer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const answers: DnsAnswer[] = [];
    let received = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("close", () => resolve(answers));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const length = received.readUInt16BE(0);
        answers.push(answerOf(received.subarray(2, 2 + length)));
        received = received.subarray(2 + length);
      }
      if (answers.length === messages.length) socket.destroy();
    });
    for (const message of messages) {
      const framed = Buffer.alloc(2 + message.length);
      framed.writeUInt16BE(message.length);
      message.copy(framed, 2);
      // In pieces, as a slow network delivers them.
      socket.write(framed.subarray(0, 3));
      socket.write(framed.subarray(3));
    }
  });
}

function answerOf(bytes: Buffer): DnsAnswer {
  const packet = decode(bytes) as ReturnType<typeof decode> & { readonly rcode: string };
  return {
    rcode: packet.rcode,
    isTruncated: packet.flag_tc,
    isAuthoritative: packet.flag_aa,
    answers: (packet.answers ?? []).map(recordText),
    authority: (packet.authorities ?? []).map(recordText),
    additional: (packet.additionals ?? []).map(recordText),
    bytes: bytes.length,
  };
}

function recordText(record: NonNullable<Packet["answers"]>[number]): string {
  if (record.type === "OPT") return `OPT ${record.udpPayloadSize} ${record.extendedRcode}`;
  const data: unknown = record.data;
  const ttl = "ttl" in record ? record.ttl : 0;
  return [record.name, ttl, record.type, dataText(data)].join(" ");
}

function dataText(data: unknown): string {
  if (Array.isArray(data)) return data.map(String).join("");
  return typeof data === "object" && data !== null ? Object.values(data).join(" ") : String(data);
}
