import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { isStatus } from "../../api/status.js";
import { openLoadClient } from "./load-client.js";

const PODS = { group: "", version: "v1", resource: "pods" } as const;
const answer = (code: number, body: object) => {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${code} X\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

/** Heads of requests in order; the answer to each comes in pieces of so many bytes. */
const heads: string[] = [];
let pieceBytes = 1 << 20;
let port = 0;
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => reply(socket, chunk.toString()));
});

function reply(socket: Socket, request: string): void {
  heads.push(request);
  if (request.includes("/gone ")) return void socket.destroy();
  const text = request.includes("/none ")
    ? answer(404, { kind: "Status", status: "Failure", reason: "NotFound", code: 404, message: "no 'none'" })
    : answer(200, { kind: "Pod", metadata: { name: "grün" } });
  const bytes = Buffer.from(text);
  const send = (at: number): void => {
    if (at >= bytes.length) return;
    socket.write(bytes.subarray(at, at + pieceBytes), () => setImmediate(send, at + pieceBytes));
  };
  send(0);
}

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => server.close());

test("answers are put together however they are cut, and more requests than connections wait their turn", async () => {
  const client = await openLoadClient(port, 2);
  try {
    for (const bytes of [1, 7, 1 << 20]) {
      pieceBytes = bytes;
      const pods = client.resource(PODS, "default");
      const found = await Promise.all(["a", "b", "c", "d", "e"].map((name) => pods.get(name)));
      assert.deepEqual(
        found.map(({ metadata }) => metadata.name),
        Array(5).fill("grün"),
        `pieces of ${bytes}`,
      );
    }
  } finally {
    client.close();
  }
});

test("a body is sent with its length in bytes", async () => {
  const client = await openLoadClient(port, 1);
  try {
    heads.length = 0;
    await client.resource(PODS, "default").create({ metadata: { name: "é" } });
    const [head = ""] = heads;
    const [, length] = /Content-Length: (\d+)/.exec(head) ?? [];
    assert.equal(Number(length), Buffer.byteLength(head.slice(head.indexOf("\r\n\r\n") + 4)));
  } finally {
    client.close();
  }
});

test("a refusal is the server's Status, and a connection that ends is an error", async () => {
  const client = await openLoadClient(port, 1);
  try {
    const pods = client.resource(PODS, "default");
    await assert.rejects(pods.get("none"), (error) => isStatus(error, "NotFound"));
    await assert.rejects(pods.get("gone"), /the server closed the connection/);
  } finally {
    client.close();
  }
});
