// One TCP service port of the userspace proxy: accepts, dials a backend, copies both ways.
// Connections of a service port are dialled one after the other, as upstream's accept loop does: a backend that does not
// answer holds up everybody behind it. An end of one side's data is passed on and the other direction stays open; that
// is what kube-proxy did before v1.2, which from then on closed both connections at the first end. A reset is passed on
// too, but one that comes together with data is seen as an end: libuv asks no further after POLLHUP.
// Source: kube-proxy v1.23 pkg/proxy/userspace/proxysocket.go; kubernetes/kubernetes pull request 18524.
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Timers } from "../../base/timers.js";
import type { ProxyListener } from "../../netfilter/rule-model.js";
import { type Backend, Balancer } from "./balancer.js";
import { opened } from "./opened.js";

/** Patience with each backend in turn; then the client is closed. */
const DIAL_TIMEOUTS_MS = [250, 500, 1000, 2000] as const;

export class TcpProxy {
  readonly #server: Server;
  readonly #balancer: Balancer;
  readonly #timers: Timers;
  readonly #sockets = new Set<Socket>();
  #lastDial: Promise<void> = Promise.resolve();

  private constructor(listener: ProxyListener, timers: Timers) {
    this.#balancer = new Balancer(listener, timers);
    this.#timers = timers;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      this.#keep(client);
      this.#lastDial = this.#lastDial.then(() => this.#serve(client));
    });
  }

  /** @param listener port 0 takes any that is free */
  static async open(listener: ProxyListener, host: string, timers: Timers): Promise<TcpProxy> {
    const proxy = new TcpProxy(listener, timers);
    await opened(proxy.#server, () => proxy.#server.listen(listener.port, host));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks the connections that are open. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(client: Socket): Promise<void> {
    const backend = client.destroyed ? null : await this.#dialInTurn(client.remoteAddress ?? "");
    if (backend === null) return void client.destroy();
    this.#keep(backend);
    if (client.destroyed) return void backend.resetAndDestroy();
    copy(client, backend);
    copy(backend, client);
  }

  async #dialInTurn(client: string): Promise<Socket | null> {
    let resetAffinity = false;
    for (const timeoutMs of DIAL_TIMEOUTS_MS) {
      const backend = this.#balancer.next(client, { resetAffinity });
      if (backend === null) return null;
      const socket = await dial(backend, timeoutMs, this.#timers);
      if (socket !== null) return socket;
      resetAffinity = true;
    }
    return null;
  }

  /** Errors end a socket, and what that means for the other side is seen at its close. */
  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** @returns null when it is refused or late */
function dial({ ip, port }: Backend, timeoutMs: number, timers: Timers): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port, allowHalfOpen: true, noDelay: true });
    const fail = () => {
      cancel();
      socket.destroy();
      resolve(null);
    };
    const cancel = timers.after(timeoutMs, fail);
    socket.once("error", fail);
    socket.once("connect", () => {
      cancel();
      resolve(socket);
    });
  });
}

/** One direction. An orderly end is passed on as one; a source that breaks resets the destination. */
function copy(source: Socket, destination: Socket): void {
  source.pipe(destination);
  source.once("close", (hadError) => {
    if (hadError && !destination.destroyed) destination.resetAndDestroy();
  });
}
