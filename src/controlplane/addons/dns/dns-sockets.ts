// One port, UDP and TCP, for a function that makes an answer of a query.
// TCP: two bytes of length before each message (RFC 1035 4.2.2); several queries may come before the first answer
// (RFC 7766). A connection that is silent, or whose answers nobody fetches, is closed.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Cancel, Timers } from "../../../base/timers.js";

export type Transport = "udp" | "tcp";

/** null: no answer. */
export type Respond = (message: Buffer, transport: Transport) => Buffer | null;

export interface DnsSocketsOptions {
  /** Of an interface: "127.0.0.1". */
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly timers: Timers;
  readonly respond: Respond;
}

const CONNECTIONS_MAX = 1000;
const IDLE_MS = 10_000;
/** Answers that wait for a client to read them. */
const UNREAD_BYTES_MAX = 1024 * 1024;
/** Bursts of queries wait here while the event loop does something else. */
const RECEIVE_BYTES = 4 * 1024 * 1024;
/** A free port of TCP may be taken of UDP. */
const BIND_ATTEMPTS = 8;

export class DnsSockets {
  readonly port: number;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections: Set<Connection>;

  private constructor(udp: UdpSocket, tcp: Server, connections: Set<Connection>) {
    this.port = udp.address().port;
    this.#udp = udp;
    this.#tcp = tcp;
    this.#connections = connections;
  }

  /** Rejects with what the system says when the port cannot be had. */
  static async open(options: DnsSocketsOptions): Promise<DnsSockets> {
    const connections = new Set<Connection>();
    for (let attempt = 1; ; attempt++) {
      const tcp = await listenTcp(options, connections);
      try {
        const udp = await bindUdp(options, (tcp.address() as AddressInfo).port);
        return new DnsSockets(udp, tcp, connections);
      } catch (error) {
        await closed(tcp);
        if (options.port !== 0 || attempt === BIND_ATTEMPTS) throw error;
      }
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([new Promise<void>((resolve) => this.#udp.close(resolve)), closed(this.#tcp)]);
  }
}

function bindUdp({ address, respond }: DnsSocketsOptions, port: number): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: address.includes(":") ? "udp6" : "udp4",
      recvBufferSize: RECEIVE_BYTES,
    });
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", reject);
      // What cannot be sent is lost, as datagrams may be: the asker asks again.
      socket.on("error", () => {});
      resolve(socket);
    });
    socket.on("message", (message: Buffer, from: RemoteInfo) => {
      const answer = respond(message, "udp");
      if (answer !== null && from.port !== 0) socket.send(answer, from.port, from.address, () => {});
    });
  });
}

function listenTcp(options: DnsSocketsOptions, connections: Set<Connection>): Promise<Server> {
  const server = createServer((socket) => {
    const connection = new Connection(socket, options);
    connections.add(connection);
    socket.on("close", () => connections.delete(connection));
  });
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.address, port: options.port, exclusive: true }, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve(server);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

class Connection {
  readonly #socket: Socket;
  readonly #options: DnsSocketsOptions;
  #received: Buffer = Buffer.alloc(0);
  #cancelIdle: Cancel = () => {};

  constructor(socket: Socket, options: DnsSocketsOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#cancelIdle());
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#waitIdle();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#waitIdle();
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const length = this.#received.length < 2 ? null : this.#received.readUInt16BE(0);
      if (length === null || this.#received.length < 2 + length) return;
      this.#answer(this.#received.subarray(2, 2 + length));
      this.#received = this.#received.subarray(2 + length);
    }
  }

  #answer(message: Buffer): void {
    if (this.#socket.destroyed) return;
    const answer = this.#options.respond(message, "tcp");
    // Whoever sends what is no query has lost the boundaries of messages.
    if (answer === null || this.#socket.writableLength > UNREAD_BYTES_MAX) {
      this.destroy();
      return;
    }
    const framed = Buffer.allocUnsafe(answer.length + 2);
    framed.writeUInt16BE(answer.length, 0);
    framed.set(answer, 2);
    this.#socket.write(framed);
  }

  #waitIdle(): void {
    this.#cancelIdle();
    this.#cancelIdle = this.#options.timers.after(IDLE_MS, () => this.destroy());
  }
}
