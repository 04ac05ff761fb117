// What a client does, timed from its side: the same against a backend and against the proxy before it.
// Connections end by a reset, so no port is left waiting for late segments and any number of them can be made.
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Clock, durationBetween } from "../../base/clock.js";
import type { Labels } from "../../measure/run-record.js";
import type { EchoPorts } from "./exchanges.js";

/** Where the three ports of the backends are reached, or of the proxy before them. */
export interface Target extends EchoPorts {
  readonly host: string;
}

/** Something repeated over what it has opened. */
interface Repetition {
  /** Once more. @returns ns per operation */
  run(): Promise<number>;
  close(): void;
}

export interface Operation {
  readonly name: string;
  readonly labels: Labels;
  /** Runs of a batch: some 10 ms of them. */
  readonly runs: number;
  /** Operations of one run, which the proxy's CPU time is divided by. */
  readonly operationsPerRun: number;
  open(target: Target, clock: Clock): Promise<Repetition>;
}

const SMALL = Buffer.alloc(100, "x");
const ONE_BYTE = Buffer.alloc(1, "x");
const WRITE = Buffer.alloc(65_536, "x");
const WRITES = 128;

export const OPERATIONS: readonly Operation[] = [
  {
    name: "tcp-connect",
    labels: { protocol: "tcp", bytes: ONE_BYTE.length },
    runs: 40,
    operationsPerRun: 1,
    open: async (target, clock) => ({ run: () => connectOnce(target, clock), close: () => undefined }),
  },
  {
    name: "tcp-round-trip",
    labels: { protocol: "tcp", bytes: SMALL.length },
    runs: 200,
    operationsPerRun: 1,
    open: openTcpRoundTrip,
  },
  {
    name: "udp-round-trip",
    labels: { protocol: "udp", bytes: SMALL.length },
    runs: 200,
    operationsPerRun: 1,
    open: openUdpRoundTrip,
  },
  {
    name: "udp-first-packet",
    labels: { protocol: "udp", bytes: SMALL.length },
    runs: 40,
    operationsPerRun: 1,
    open: async (target, clock) => ({ run: () => firstPacketOnce(target, clock), close: () => undefined }),
  },
  {
    name: "tcp-stream",
    labels: { protocol: "tcp", bytes: WRITE.length },
    runs: 1,
    operationsPerRun: WRITES,
    open: async (target, clock) => ({ run: () => streamOnce(target, clock), close: () => undefined }),
  },
];

/** Connect, have one byte echoed, reset. */
async function connectOnce({ host, tcp }: Target, clock: Clock): Promise<number> {
  const begin = clock.now();
  const socket = connection(host, tcp);
  socket.write(ONE_BYTE);
  await once(socket, "data");
  socket.resetAndDestroy();
  return durationBetween(begin, clock.now());
}

/** Who waits for it hears of its error; nobody else has to. */
function connection(host: string, port: number): Socket {
  return connect({ host, port, noDelay: true }).on("error", () => undefined);
}

async function openTcpRoundTrip({ host, tcp }: Target, clock: Clock): Promise<Repetition> {
  const socket = connection(host, tcp);
  await once(socket, "connect");
  const run = async () => {
    const begin = clock.now();
    socket.write(SMALL);
    await received(socket, SMALL.length);
    return durationBetween(begin, clock.now());
  };
  return { run, close: () => void socket.resetAndDestroy() };
}

/** An echo may come in pieces. */
async function received(socket: Socket, bytes: number): Promise<void> {
  let left = bytes;
  while (left > 0) left -= ((await once(socket, "data")) as [Buffer])[0].length;
}

async function openUdpRoundTrip(target: Target, clock: Clock): Promise<Repetition> {
  const socket = await connectedDatagrams(target);
  const run = async () => {
    const begin = clock.now();
    await echoed(socket);
    return durationBetween(begin, clock.now());
  };
  // Makes the flow known.
  await echoed(socket);
  return { run, close: () => void socket.close() };
}

/** A new socket and so a new flow; opening and closing it are the client's own and not timed. */
async function firstPacketOnce(target: Target, clock: Clock): Promise<number> {
  const socket = await connectedDatagrams(target);
  const begin = clock.now();
  await echoed(socket);
  const end = clock.now();
  socket.close();
  return durationBetween(begin, end);
}

async function connectedDatagrams({ host, udp }: Target): Promise<DatagramSocket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.connect(udp, host);
  await once(socket, "connect");
  return socket;
}

async function echoed(socket: DatagramSocket): Promise<void> {
  socket.send(SMALL);
  await once(socket, "message");
}

/** Writes one after the other, an end, and the byte that says that all of it arrived. */
async function streamOnce({ host, sink }: Target, clock: Clock): Promise<number> {
  const socket = connection(host, sink);
  await once(socket, "connect");
  const begin = clock.now();
  for (let written = 0; written < WRITES; written++) if (!socket.write(WRITE)) await once(socket, "drain");
  socket.end();
  await once(socket, "data");
  const ns = durationBetween(begin, clock.now());
  socket.resetAndDestroy();
  return ns / WRITES;
}
