import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "dns-packet";
import { Prng } from "../../../base/prng.js";
import { readQuery, writeAnswer } from "./message.js";
import { addressRecord, type Answer, type ResourceRecord } from "./records.js";

const NAME = "web.default.svc.cluster.local";

function question(name: string, more: object = {}): Buffer {
  return encode({ type: "query", id: 7, flags: 0x0100, questions: [{ type: "A", name }], ...more });
}

function answerOf(answers: readonly ResourceRecord[], more: Partial<Answer> = {}): Answer {
  return { rcode: "NOERROR", isAuthoritative: true, answers, authority: [], additional: [], ...more };
}

function addresses(count: number): readonly ResourceRecord[] {
  return Array.from({ length: count }, (_, index) => addressRecord(NAME, `10.244.0.${index + 1}`, 30));
}

function query(message: Buffer) {
  const read = readQuery(message);
  assert.ok(read !== null);
  return read;
}

test("writeAnswer repeats the question in the case it came in, and answers for the same name", () => {
  const written = writeAnswer(query(question("wEb.Default.svc.cluster.LOCAL")), answerOf(addresses(2)), {
    bytesMax: 512,
    turn: 0,
  });
  const packet = decode(written);
  assert.equal(packet.id, 7);
  assert.equal(packet.flag_rd, true);
  assert.equal(packet.flag_aa, true);
  assert.equal(packet.flag_ra, false);
  assert.equal(packet.questions?.[0]?.name, "wEb.Default.svc.cluster.LOCAL");
  assert.deepEqual(
    packet.answers?.map((each) => [each.name, each.type === "A" && each.data]),
    [
      ["wEb.Default.svc.cluster.LOCAL", "10.244.0.1"],
      ["wEb.Default.svc.cluster.LOCAL", "10.244.0.2"],
    ],
  );
});

test("writeAnswer writes every type so that dns-packet reads it back", () => {
  const ttlSeconds = 30;
  const records: readonly ResourceRecord[] = [
    addressRecord(NAME, "fd00::5", ttlSeconds),
    { name: NAME, ttlSeconds, data: { type: "CNAME", target: "www.example.com" } },
    { name: NAME, ttlSeconds, data: { type: "PTR", target: `a.${NAME}` } },
    { name: "cluster.local", ttlSeconds, data: { type: "NS", target: "ns.dns.cluster.local" } },
    {
      name: `_http._tcp.${NAME}`,
      ttlSeconds,
      data: { type: "SRV", priority: 0, weight: 33, port: 80, target: NAME },
    },
    { name: "v.example.com", ttlSeconds: 28_800, data: { type: "TXT", text: "1.1.0" } },
    {
      name: "cluster.local",
      ttlSeconds,
      data: {
        type: "SOA",
        server: "ns.dns.cluster.local",
        mailbox: "m.cluster.local",
        serial: 4e9,
        minimumSeconds: 30,
      },
    },
  ];
  const written = writeAnswer(query(question(NAME)), answerOf(records), { bytesMax: 65_535, turn: 0 });
  const read = (decode(written).answers ?? []).map((each) => [
    each.name,
    each.type,
    "data" in each ? each.data : null,
  ]);
  assert.deepEqual(read, [
    [NAME, "AAAA", "fd00::5"],
    [NAME, "CNAME", "www.example.com"],
    [NAME, "PTR", `a.${NAME}`],
    ["cluster.local", "NS", "ns.dns.cluster.local"],
    [`_http._tcp.${NAME}`, "SRV", { priority: 0, weight: 33, port: 80, target: NAME }],
    ["v.example.com", "TXT", [Buffer.from("1.1.0")]],
    [
      "cluster.local",
      "SOA",
      {
        mname: "ns.dns.cluster.local",
        rname: "m.cluster.local",
        serial: 4e9,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: 30,
      },
    ],
  ]);
});

test("writeAnswer keeps to the limit, says that it did, and leaves additional records out silently", () => {
  const plain = writeAnswer(query(question(NAME)), answerOf(addresses(100)), { bytesMax: 512, turn: 0 });
  assert.ok(plain.length <= 512);
  assert.equal(decode(plain).flag_tc, true);
  assert.equal(decode(plain).answers?.length, 29);
  const edns = {
    additionals: [{ type: "OPT", name: ".", udpPayloadSize: 1232, flags: 0x8000, options: [] }],
  };
  const read = query(question(NAME, edns));
  assert.equal(read.edns?.udpBytes, 1232);
  const large = writeAnswer(read, answerOf(addresses(100)), { bytesMax: 1232, turn: 0 });
  assert.ok(large.length <= 1232 && large.length > 1200);
  assert.equal(decode(large).additionals?.[0]?.type, "OPT");
  const full = writeAnswer(query(question(NAME)), answerOf(addresses(29), { additional: addresses(3) }), {
    bytesMax: 512,
    turn: 0,
  });
  assert.equal(decode(full).flag_tc, false);
  assert.equal(decode(full).additionals?.length, 0);
});

test("writeAnswer puts another address first each turn", () => {
  const first = (turn: number) => {
    const [record] = decode(
      writeAnswer(query(question(NAME)), answerOf(addresses(3)), { bytesMax: 512, turn }),
    ).answers as { data: string }[];
    return record?.data;
  };
  assert.deepEqual([0, 1, 2, 3].map(first), ["10.244.0.1", "10.244.0.2", "10.244.0.3", "10.244.0.1"]);
});

test("readQuery tells what is no query from a query that cannot be read", () => {
  assert.equal(readQuery(Buffer.alloc(5)), null);
  assert.equal(readQuery(encode({ type: "response", id: 1, questions: [] })), null);
  assert.equal(query(question(NAME).subarray(0, 20)).question, null);
  const pointing = Buffer.concat([question("a").subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  assert.equal(query(pointing).question, null);
});

test("readQuery does not take a dot within a label for the end of the label", () => {
  const message = Buffer.concat([
    question("x").subarray(0, 12),
    Buffer.from("\x05a.web\x05local\x00\x00\x01\x00\x01", "latin1"),
  ]);
  const read = query(message);
  assert.equal(read.question?.name, "a\\.web.local");
  const records = [addressRecord("web.local", "10.0.0.1", 30)];
  const written = writeAnswer(read, answerOf(records), { bytesMax: 512, turn: 0 });
  assert.equal(decode(written).answers?.[0]?.name, "web.local");
});

test("readQuery and writeAnswer survive whatever comes", (context) => {
  const seed = 20_260_101;
  context.diagnostic(`seed ${seed}`);
  const prng = new Prng(seed);
  for (let round = 0; round < 5000; round++) {
    const message = Buffer.from(question(NAME));
    for (let change = prng.below(6); change >= 0; change--)
      message[2 + prng.below(message.length - 2)] = prng.below(256);
    const read = readQuery(message.subarray(0, 4 + prng.below(message.length)));
    if (read === null) continue;
    const written = writeAnswer(read, answerOf(addresses(40)), { bytesMax: 512, turn: round });
    assert.ok(written.length <= 512);
  }
});
