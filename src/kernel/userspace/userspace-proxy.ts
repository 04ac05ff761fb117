// The userspace proxy: the listeners of a UserspaceModel as real sockets. Its rules are left to those who load them.
import type { ProxyListener } from "../../netfilter/rule-model.js";
import { TcpProxy } from "./tcp-proxy.js";
import { UdpProxy, type UdpProxyOptions } from "./udp-proxy.js";

export class UserspaceProxy {
  readonly #proxies: readonly (TcpProxy | UdpProxy)[];

  private constructor(proxies: readonly (TcpProxy | UdpProxy)[]) {
    this.#proxies = proxies;
  }

  /**
   * @param options.host the address to listen on
   * @throws the system's error when a port is taken; nothing is left open then
   */
  static async open(listeners: readonly ProxyListener[], options: UdpProxyOptions): Promise<UserspaceProxy> {
    const proxies: (TcpProxy | UdpProxy)[] = [];
    try {
      for (const listener of listeners)
        proxies.push(
          listener.protocol === "tcp"
            ? await TcpProxy.open(listener, options.host, options.timers)
            : await UdpProxy.open(listener, options),
        );
    } catch (error) {
      await closeAll(proxies);
      throw error;
    }
    return new UserspaceProxy(proxies);
  }

  /** The port of each listener, in their order. */
  get ports(): number[] {
    return this.#proxies.map(({ port }) => port);
  }

  /** UDP clients that are remembered, of all listeners. */
  get udpFlows(): number {
    return this.#proxies.reduce((sum, proxy) => sum + (proxy instanceof UdpProxy ? proxy.flows : 0), 0);
  }

  async close(): Promise<void> {
    await closeAll(this.#proxies);
  }
}

async function closeAll(proxies: readonly (TcpProxy | UdpProxy)[]): Promise<void> {
  await Promise.all(proxies.map((proxy) => proxy.close()));
}
