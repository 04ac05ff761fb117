import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, realTimers } from "../../../base/timers.js";
import { forwardPortsOverSpdy } from "./forward-ports.js";
import { SpdyHeaders } from "./spdy-headers.js";

/** Packing and unpacking happens on other threads. */
const turn = () => delay(realTimers, 20);

function control(type: number, flags: number, body: Uint8Array): Buffer {
  const header = Buffer.from([0x80, 3, 0, type, flags, 0, 0, 0]);
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

function data(id: number, flags: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(id, 0);
  header.writeUInt32BE(text.length, 4);
  header.writeUInt8(flags, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function synStream(
  headers: SpdyHeaders,
  id: number,
  pairs: readonly (readonly [string, string])[],
): Promise<Buffer> {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(id, 0);
  return control(1, 0, Buffer.concat([head, await headers.encode(pairs)]));
}

test("SpdyHeaders reads in one session what another wrote, block after block", async () => {
  const [ours, theirs] = [new SpdyHeaders(), new SpdyHeaders()];
  for (const port of ["80", "8080", "80"]) {
    const block = await theirs.encode([
      ["streamtype", "data"],
      ["port", port],
    ]);
    assert.deepEqual(
      [...(await ours.decode(block))],
      [
        ["streamtype", "data"],
        ["port", port],
      ],
    );
  }
  ours.close();
  theirs.close();
});

test("SpdySession forwards a connection whatever pieces its bytes come in, and answers pings", async () => {
  const written: Buffer[] = [];
  const seen: string[] = [];
  const session = forwardPortsOverSpdy(
    { write: (bytes) => written.push(Buffer.from(bytes)), close: () => undefined },
    async (port, connection) => {
      for await (const chunk of connection.received) seen.push(Buffer.from(chunk).toString());
      connection.send(Buffer.from(`answer of ${port}`));
    },
    new AbortController().signal,
  );
  const headers = new SpdyHeaders();
  const named = (type: string): readonly (readonly [string, string])[] => [
    ["streamtype", type],
    ["port", "80"],
    ["requestid", "0"],
  ];
  const ping = control(6, 0, Buffer.from([0, 0, 0, 1]));
  const bytes = Buffer.concat([
    await synStream(headers, 1, named("error")),
    await synStream(headers, 3, named("data")),
    ping,
    data(3, 0, "ques"),
    data(3, 1, "tion"),
  ]);
  for (let start = 0; start < bytes.length; start += 3) session.receive(bytes.subarray(start, start + 3));
  await turn();
  assert.equal(seen.join(""), "question");
  assert.ok(written.some((frame) => frame.equals(ping)));
  assert.ok(written.some((frame) => frame.subarray(8).toString() === "answer of 80"));
  session.close();
  headers.close();
});

test("SpdySession ends, and does not throw, when it is sent what is no header block", async () => {
  let isClosed = false;
  const session = forwardPortsOverSpdy(
    { write: () => undefined, close: () => (isClosed = true) },
    async () => undefined,
    new AbortController().signal,
  );
  session.receive(control(1, 0, Buffer.alloc(40, 0xee)));
  await turn();
  assert.ok(isClosed);
});
