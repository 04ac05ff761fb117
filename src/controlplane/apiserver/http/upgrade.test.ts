import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { pod, PODS, testServer } from "../api-server.test-data.js";
import type { NodeStreams } from "../../protocol/node-streams.js";
import { serveHttp } from "./serve-http.js";

const echo: NodeStreams = {
  logs: () => assert.fail("no logs"),
  attach: () => assert.fail("no attach"),
  answer: () => assert.fail("no answers"),
  page: () => assert.fail("no pages"),
  async exec({ command }, streams) {
    streams.stderr(Buffer.from(command.join(" ")));
    if (streams.stdin !== null) for await (const chunk of streams.stdin) streams.stdout(chunk);
    return command[0] === "false" ? 7 : 0;
  },
  async portForward({ port }, connection) {
    for await (const chunk of connection.received) {
      connection.send(Buffer.from(`${port}:${Buffer.from(chunk)}`));
      return;
    }
  },
};

async function withServer(run: (url: string) => Promise<void>): Promise<void> {
  const { server, object } = await testServer({ nodes: echo });
  await object(201, "POST", PODS, pod("web"));
  const listener = await serveHttp(server, { host: "127.0.0.1", port: 0 });
  try {
    await run(listener.url.replace("http", "ws"));
  } finally {
    await listener.close();
  }
}

/** What came on each channel, once the server has closed. */
function played(url: string, protocols: readonly string[], onOpen: (socket: WebSocket) => void) {
  return new Promise<{ protocol: string; code: number; channels: readonly string[] }>((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols]);
    const channels: string[] = ["", "", "", ""];
    socket.on("open", () => onOpen(socket));
    socket.on("message", (message: Buffer) => {
      channels[message[0] as number] += message.subarray(1).toString("latin1");
    });
    socket.on("close", (code) => resolve({ protocol: socket.protocol, code, channels }));
    socket.on("error", reject);
  });
}

const EXEC = `${PODS}/web/exec?stdin=true&stdout=true&stderr=true`;

test("exec over v5 channels: streams, a closed stdin, success and a normal closure", async () => {
  await withServer(async (url) => {
    const { protocol, code, channels } = await played(
      `${url}${EXEC}&command=cat&command=-`,
      ["v5.channel.k8s.io", "v4.channel.k8s.io"],
      (socket) => {
        socket.send(Buffer.from("\0hello"));
        socket.send(Buffer.from([255, 0]));
      },
    );
    assert.equal(protocol, "v5.channel.k8s.io");
    assert.equal(code, 1000);
    assert.equal(channels[1], "hello");
    assert.equal(channels[2], "cat -");
    assert.equal(JSON.parse(channels[3] ?? "").status, "Success");
  });
});

test("exec that fails tells its exit code as a cause", async () => {
  await withServer(async (url) => {
    const path = `${PODS}/web/exec?stdout=true&command=false`;
    const { channels } = await played(`${url}${path}`, ["v4.channel.k8s.io"], () => undefined);
    const { status, reason, details } = JSON.parse(channels[3] ?? "");
    assert.deepEqual([status, reason], ["Failure", "NonZeroExitCode"]);
    assert.deepEqual(details.causes, [{ reason: "ExitCode", message: "7" }]);
  });
});

test("port-forward over channels names the port first, then carries bytes", async () => {
  await withServer(async (url) => {
    const { channels } = await played(
      `${url}${PODS}/web/portforward?ports=80`,
      ["v4.channel.k8s.io"],
      (socket) => socket.send(Buffer.from("\0hi")),
    );
    assert.equal(channels[0], "P\x0080:hi");
  });
});

test("an upgrade that is not allowed to happen is answered with its Status code", async () => {
  await withServer(async (url) => {
    for (const [path, code] of [
      [`${PODS}/nobody/exec?stdout=true&command=a`, 404],
      [`${PODS}/web/exec?stdout=true`, 400],
      [`${PODS}/web/exec?stdout=true&command=a&container=x`, 400],
      ["/api/v1/pods", 200],
    ] as const)
      await assert.rejects(
        played(`${url}${path}`, ["v5.channel.k8s.io"], () => undefined),
        new RegExp(`Unexpected server response: ${code}`),
      );
  });
});
