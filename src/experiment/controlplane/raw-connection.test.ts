import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { delay, realTimers } from "../../base/timers.js";
import { RawConnection } from "./raw-connection.js";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";

async function withServer(
  answer: (socket: Socket) => void,
  run: (connection: RawConnection) => Promise<void>,
): Promise<void> {
  const server = createServer((socket) => socket.on("data", () => answer(socket)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const connection = await RawConnection.open((server.address() as AddressInfo).port);
  try {
    await run(connection);
  } finally {
    connection.close();
    server.close();
  }
}

test("an answer is read to its end, however it is cut", async () => {
  const cut = (socket: Socket) => {
    socket.write(ANSWER.slice(0, 20));
    setImmediate(() => socket.write(ANSWER.slice(20, ANSWER.length - 2)));
    setImmediate(() => setImmediate(() => socket.write(ANSWER.slice(-2))));
  };
  await withServer(cut, async (connection) => {
    for (let time = 0; time < 3; time++) {
      const { status, chunks } = await connection.ask("GET / HTTP/1.1\r\n\r\n");
      assert.equal(status, 200);
      assert.equal(Buffer.concat(chunks).toString(), "body");
    }
  });
});

test("a connection that was closed between answers refuses the next request", async () => {
  await withServer(
    (socket) => socket.end(ANSWER),
    async (connection) => {
      await connection.ask("GET / HTTP/1.1\r\n\r\n");
      await delay(realTimers, 20);
      await assert.rejects(connection.ask("GET / HTTP/1.1\r\n\r\n"), /closed the connection/);
    },
  );
});
