// One UDP service port of the userspace proxy: a connected socket per client, forgotten when nothing has passed it in
// either direction for the idle timeout. Datagrams are cut at 4,096 bytes, the size of upstream's buffer.
// A flow that its backend refuses is forgotten at once; the client's next datagram opens one to the next backend.
// Cost: a socket and a timer per client. The timer is not moved by datagrams: it looks when they last came.
// Source: kube-proxy v1.23 pkg/proxy/userspace/proxysocket.go.
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Cancel, Timers } from "../../base/timers.js";
import type { ProxyListener } from "../../netfilter/rule-model.js";
import { type Backend, Balancer } from "./balancer.js";
import { opened } from "./opened.js";

const DATAGRAM_BYTES_MAX = 4096;

export interface UdpProxyOptions {
  readonly host: string;
  readonly timers: Timers;
  /** Upstream's default is 250. */
  readonly udpIdleMs: number;
}

export class UdpProxy {
  readonly #socket: Socket;
  readonly #balancer: Balancer;
  readonly #options: UdpProxyOptions;
  readonly #flows = new Map<string, Flow>();

  private constructor(listener: ProxyListener, options: UdpProxyOptions) {
    this.#balancer = new Balancer(listener, options.timers);
    this.#options = options;
    this.#socket = createSocket(options.host.includes(":") ? "udp6" : "udp4", (datagram, from) =>
      this.#take(datagram, from),
    );
  }

  /** @param listener port 0 takes any that is free */
  static async open(listener: ProxyListener, options: UdpProxyOptions): Promise<UdpProxy> {
    const proxy = new UdpProxy(listener, options);
    await opened(proxy.#socket, () => proxy.#socket.bind(listener.port, options.host));
    proxy.#socket.on("error", () => undefined);
    return proxy;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Clients that are remembered. */
  get flows(): number {
    return this.#flows.size;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.once("close", resolve));
    for (const flow of this.#flows.values()) flow.close();
    this.#socket.close();
    await closed;
  }

  #take(datagram: Buffer, client: RemoteInfo): void {
    const key = `${client.address} ${client.port}`;
    const flow = this.#flows.get(key) ?? this.#openFlow(key, client);
    flow?.send(datagram.subarray(0, DATAGRAM_BYTES_MAX));
  }

  #openFlow(key: string, client: RemoteInfo): Flow | null {
    const backend = this.#balancer.next(client.address, { resetAffinity: false });
    if (backend === null) return null;
    const flow = new Flow(backend, this.#options, {
      reply: (datagram) => this.#socket.send(datagram, client.port, client.address, () => undefined),
      closed: () => this.#flows.delete(key),
    });
    this.#flows.set(key, flow);
    return flow;
  }
}

interface FlowEvents {
  readonly reply: (datagram: Buffer) => void;
  readonly closed: () => void;
}

class Flow {
  readonly #socket: Socket;
  readonly #timers: Timers;
  readonly #idleMs: number;
  readonly #closed: () => void;
  /** What came before the socket was connected; null from then on. */
  #waiting: Buffer[] | null = [];
  #lastUsedMs = 0;
  #cancel: Cancel = () => undefined;
  #isOpen = true;

  constructor({ ip, port }: Backend, { timers, udpIdleMs }: UdpProxyOptions, events: FlowEvents) {
    this.#timers = timers;
    this.#idleMs = udpIdleMs;
    this.#closed = events.closed;
    this.#socket = createSocket(ip.includes(":") ? "udp6" : "udp4", (datagram) => {
      this.#touch();
      events.reply(datagram.subarray(0, DATAGRAM_BYTES_MAX));
    });
    this.#socket.on("error", () => this.close());
    this.#socket.once("connect", () => this.#connected());
    this.#socket.connect(port, ip);
    this.#touch();
    this.#closeWhenIdle(udpIdleMs);
  }

  send(datagram: Buffer): void {
    this.#touch();
    if (this.#waiting === null) this.#write(datagram);
    else this.#waiting.push(datagram);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cancel();
    this.#socket.close();
    this.#closed();
  }

  #connected(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const datagram of waiting) this.#write(datagram);
  }

  #write(datagram: Buffer): void {
    if (this.#isOpen) this.#socket.send(datagram, (error) => error && this.close());
  }

  #touch(): void {
    this.#lastUsedMs = this.#timers.milliseconds();
  }

  #closeWhenIdle(waitMs: number): void {
    this.#cancel = this.#timers.after(waitMs, () => {
      const leftMs = this.#lastUsedMs + this.#idleMs - this.#timers.milliseconds();
      if (leftMs > 0) this.#closeWhenIdle(leftMs);
      else this.close();
    });
  }
}
