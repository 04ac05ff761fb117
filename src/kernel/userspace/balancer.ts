// Which backend a client of one service port gets: round robin, the index moving on per choice; with ClientIP affinity a
// client stays at its backend while it was seen less than the timeout ago, and every connection refreshes that.
// Cost: O(1) a choice; an entry per client address with affinity, which is overwritten and never dropped.
// Source: kube-proxy v1.23 pkg/proxy/userspace/roundrobin.go. Twin: netfilter/tracer/userspace-stage.ts
import type { Clock } from "../../base/clock.js";
import type { ProxyListener } from "../../netfilter/rule-model.js";

export type Backend = ProxyListener["backends"][number];

export class Balancer {
  readonly #listener: Pick<ProxyListener, "backends" | "affinitySeconds">;
  readonly #clock: Clock;
  readonly #clients = new Map<string, { backend: Backend; lastUsedMs: number }>();
  #index = 0;

  constructor(listener: Pick<ProxyListener, "backends" | "affinitySeconds">, clock: Clock) {
    this.#listener = listener;
    this.#clock = clock;
  }

  /**
   * @param client its address, without the port
   * @param options.resetAffinity whether the backend it had is of no use
   * @returns null when there is no backend
   */
  next(client: string, options: { readonly resetAffinity: boolean }): Backend | null {
    const { backends, affinitySeconds } = this.#listener;
    const nowMs = this.#clock.milliseconds();
    const known = this.#clients.get(client);
    const isFresh = known && affinitySeconds !== null && nowMs - known.lastUsedMs < affinitySeconds * 1000;
    if (isFresh && !options.resetAffinity) {
      known.lastUsedMs = nowMs;
      return known.backend;
    }
    const backend = backends[this.#index];
    if (backend === undefined) return null;
    this.#index = (this.#index + 1) % backends.length;
    if (affinitySeconds !== null) this.#clients.set(client, { backend, lastUsedMs: nowMs });
    return backend;
  }
}
