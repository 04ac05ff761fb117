// The proxy over real sockets of the loopback; only its time is ours.
import assert from "node:assert/strict";
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { ManualTimers } from "../../base/timers.js";
import type { ProxyListener } from "../../netfilter/rule-model.js";
import { opened } from "./opened.js";
import { UserspaceProxy } from "./userspace-proxy.js";

const HOST = "127.0.0.1";
const UDP_IDLE_MS = 250;

/** A listener on a free port before backends on the loopback. */
function listener(
  protocol: "tcp" | "udp",
  ports: readonly number[],
  affinitySeconds: number | null = null,
): ProxyListener {
  const backends = ports.map((port) => ({ ip: HOST, port }));
  return { protocol, port: 0, servicePort: "default/web", backends, affinitySeconds };
}

async function openProxy(context: TestContext, ...listeners: ProxyListener[]) {
  const timers = new ManualTimers();
  const proxy = await UserspaceProxy.open(listeners, { host: HOST, timers, udpIdleMs: UDP_IDLE_MS });
  context.after(() => proxy.close());
  return { proxy, timers, port: proxy.ports[0] as number };
}

/** A server whose port is returned; what it still holds goes with the test. */
async function backend(context: TestContext, serve: (socket: Socket) => unknown): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on("error", () => undefined));
    serve(socket);
  });
  await opened(server, () => server.listen(0, HOST));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Backends that say their name, "0", "1" and so on, and end. */
async function namedBackends(context: TestContext, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let index = 0; index < count; index++)
    ports.push(await backend(context, (socket) => socket.end(`${index}`)));
  return ports;
}

/** A port that refuses connections. */
async function refusingPort(): Promise<number> {
  const server = createServer();
  await opened(server, () => server.listen(0, HOST));
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** All that the other side says on a new connection. */
async function answerOf(port: number, localAddress = HOST): Promise<string> {
  const socket = connect({ port, host: HOST, localAddress });
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(socket, "close");
  return text;
}

/** Answers to connections one after the other. */
async function answersOf(port: number, clients: readonly string[]): Promise<string> {
  let answers = "";
  for (const client of clients) answers += await answerOf(port, client);
  return answers;
}

test("UserspaceProxy sends TCP connections round robin", async (context) => {
  const { port } = await openProxy(context, listener("tcp", await namedBackends(context, 3)));
  assert.equal(await answersOf(port, [HOST, "127.0.0.2", HOST, HOST]), "0120");
});

test("UserspaceProxy keeps a client at its backend until it was away for the affinity timeout", async (context) => {
  const { port, timers } = await openProxy(context, listener("tcp", await namedBackends(context, 3), 10));
  const [one, two] = ["127.0.0.1", "127.0.0.2"];
  assert.equal(await answersOf(port, [one, two, one, two]), "0101");
  await timers.advance(9_999);
  assert.equal(await answersOf(port, [one]), "0", "a use refreshes");
  await timers.advance(1);
  assert.equal(await answersOf(port, [two]), "2", "ten seconds are too many");
  assert.equal(await answersOf(port, [one]), "0");
});

test("UserspaceProxy goes to the next backend when one refuses, and takes a client's affinity there", async (context) => {
  const [up] = await namedBackends(context, 1);
  const ports = [await refusingPort(), up as number];
  const plain = await openProxy(context, listener("tcp", ports));
  assert.equal(await answersOf(plain.port, [HOST, HOST]), "00");
  const sticky = await openProxy(context, listener("tcp", ports, 10));
  assert.equal(await answersOf(sticky.port, [HOST, HOST]), "00");
});

test("UserspaceProxy closes a client when four dials failed, or there is no backend", async (context) => {
  const down = await refusingPort();
  const refused = await openProxy(context, listener("tcp", [down]));
  assert.equal(await answerOf(refused.port), "");
  const empty = await openProxy(context, listener("tcp", []));
  assert.equal(await answerOf(empty.port), "");
});

test("UserspaceProxy waits for silent backends 250, 500, 1000 and 2000 ms, and others wait behind that", async (context) => {
  const { port, timers } = await openProxy(context, listener("tcp", [await silentPort(context)]));
  const closedAtMs: number[] = [];
  for (const number of [0, 1]) {
    const client = connect({ port, host: HOST });
    client.resume().once("close", () => (closedAtMs[number] = timers.milliseconds()));
    await once(client, "connect");
  }
  for (let elapsed = 0; elapsed < 8_000; elapsed += 250) {
    await turns(20);
    await timers.advance(250);
    await turns(20);
  }
  assert.deepEqual(closedAtMs, [3_750, 7_500]);
});

const SILENT_SERVER = `
  const { createServer } = require("node:net");
  const { parentPort } = require("node:worker_threads");
  const server = createServer();
  server.listen({ port: 0, host: "${HOST}", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
/** Connections that a backlog of 1 takes. */
const BACKLOG_CONNECTIONS = 2;

/** A port whose connections are neither taken nor refused: its thread sleeps, and its backlog is full. */
async function silentPort(context: TestContext): Promise<number> {
  const worker = new Worker(SILENT_SERVER, { eval: true });
  context.after(() => worker.terminate());
  const [port] = (await once(worker, "message")) as [number];
  for (let count = 0; count < BACKLOG_CONNECTIONS; count++) {
    const filler = connect({ port, host: HOST }).on("error", () => undefined);
    context.after(() => filler.destroy());
    await once(filler, "connect");
  }
  return port;
}

/** Lets the event loop turn, so that what came over sockets is taken. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("UserspaceProxy passes the end of one side's data on and keeps the other side open", async (context) => {
  const port = await backend(context, (socket) => {
    let heard = "";
    socket.setEncoding("utf8").on("data", (text: string) => (heard += text));
    socket.once("end", () => socket.end(`heard ${heard}`));
  });
  const proxied = await openProxy(context, listener("tcp", [port]));
  const client = connect({ port: proxied.port, host: HOST, allowHalfOpen: true });
  client.end("all of it");
  assert.equal((await client.setEncoding("utf8").toArray()).join(""), "heard all of it");
});

test("UserspaceProxy resets the backend's connection when the client resets its own, and the other way round", async (context) => {
  // Only when all data has been read is a reset seen as one.
  const accepted: Socket[] = [];
  const port = await backend(context, (socket) => socket.once("data", () => accepted.push(socket)));
  const proxied = await openProxy(context, listener("tcp", [port]));
  const open = async () => {
    const client = connect({ port: proxied.port, host: HOST }).on("error", () => undefined);
    client.write("x");
    while (accepted.length === 0) await turns(1);
    return { client, server: accepted.pop() as Socket };
  };
  const first = await open();
  first.client.resetAndDestroy();
  assert.equal(await closedByError(first.server), true);
  const second = await open();
  second.server.resetAndDestroy();
  assert.equal(await closedByError(second.client), true);
});

function closedByError(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** A UDP backend that answers with its name and what it was sent. */
async function datagramBackend(context: TestContext, name: string): Promise<number> {
  const socket = await datagramSocket(context);
  socket.on("message", (datagram, { port, address }) => socket.send(name + datagram, port, address));
  return socket.address().port;
}

async function datagramSocket(context: TestContext): Promise<DatagramSocket> {
  const socket = createSocket("udp4");
  await opened(socket, () => socket.bind(0, HOST));
  context.after(() => void socket.close());
  return socket;
}

async function exchange(socket: DatagramSocket, port: number, text: string): Promise<string> {
  socket.send(text, port, HOST);
  return String(((await once(socket, "message")) as [Buffer])[0]);
}

test("UserspaceProxy keeps a UDP client's flow until nothing passed for the idle timeout", async (context) => {
  const backends = [await datagramBackend(context, "A"), await datagramBackend(context, "B")];
  const { proxy, port, timers } = await openProxy(context, listener("udp", backends));
  const [one, two] = [await datagramSocket(context), await datagramSocket(context)];
  assert.equal(await exchange(one, port, "1"), "A1");
  assert.equal(await exchange(two, port, "2"), "B2");
  await timers.advance(UDP_IDLE_MS - 1);
  assert.equal(await exchange(one, port, "3"), "A3");
  assert.equal(proxy.udpFlows, 2);
  await timers.advance(1);
  assert.equal(proxy.udpFlows, 1, "the flow that was used is kept");
  await timers.advance(UDP_IDLE_MS - 2);
  assert.equal(proxy.udpFlows, 1);
  await timers.advance(1);
  assert.equal(proxy.udpFlows, 0);
  assert.equal(await exchange(two, port, "4"), "A4", "a new flow, and round robin went on");
});

test("UserspaceProxy forgets a UDP flow that its backend refuses", async (context) => {
  const gone = await datagramSocket(context);
  const gonePort = gone.address().port;
  const up = await datagramBackend(context, "A");
  const { proxy, port } = await openProxy(context, listener("udp", [gonePort, up]));
  const client = await datagramSocket(context);
  gone.close();
  gone.close = () => gone;
  client.send("lost", port, HOST);
  // First it comes, then it goes.
  while (proxy.udpFlows === 0) await turns(1);
  while (proxy.udpFlows > 0) await turns(1);
  assert.equal(await exchange(client, port, "2"), "A2");
});

test("UserspaceProxy cuts datagrams at 4096 bytes and drops those without a backend", async (context) => {
  const { port } = await openProxy(context, listener("udp", [await datagramBackend(context, "A")]));
  const client = await datagramSocket(context);
  assert.equal((await exchange(client, port, "x".repeat(5000))).length, 4096);
  const empty = await openProxy(context, listener("udp", []));
  client.send("nobody", empty.port, HOST);
  await turns(20);
  assert.equal(empty.proxy.udpFlows, 0);
});

test("UserspaceProxy leaves nothing open when a port is taken", async (context) => {
  const [taken] = await namedBackends(context, 1);
  const free = await refusingPort();
  const listeners = [free, taken as number].map((port) => ({ ...listener("tcp", []), port }));
  const options = { host: HOST, timers: new ManualTimers(), udpIdleMs: UDP_IDLE_MS };
  await assert.rejects(UserspaceProxy.open(listeners, options), { code: "EADDRINUSE" });
  const again = await UserspaceProxy.open(listeners.slice(0, 1), options);
  assert.deepEqual(again.ports, [free]);
  await again.close();
});
