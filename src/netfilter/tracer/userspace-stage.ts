// The userspace proxy behind its node-local ports: accepts a connection, opens its own to a backend, copies.
// Balancing: round robin over the listener's list, the index moving on per connection; with ClientIP affinity a client
// stays at its backend while it was seen less than the timeout ago, and every connection refreshes that.
//
// The cost model, which asm/abi/userspace.ts repeats (counts per packet; kernel work besides the rules is not counted):
//
//                                 syscalls                        wake-ups               bytes copied
//   first packet of a TCP flow    3: accept4, socket, connect     2: acceptor, dialler   0
//   first packet of a UDP flow    2: socket, connect              0 (the datagram's)     0
//   TCP packet with payload       2: read, write                  1                      2 x payload
//   any UDP packet                2: recvfrom, write              1                      2 x payload
//   TCP packet without payload    0                               0                      0
//
// Source: kube-proxy v1.23 pkg/proxy/userspace/{proxysocket,roundrobin}.go.
import type { ProxyListener } from "../rule-model.js";
import type { Flight, LocalResult, LocalStage } from "./trace.js";

export const USERSPACE_COST = {
  tcpOpenSyscalls: 3,
  tcpOpenSwitches: 2,
  udpOpenSyscalls: 2,
  udpOpenSwitches: 0,
  copySyscalls: 2,
  copySwitches: 1,
  /** Kernel to proxy, proxy to kernel. */
  copies: 2,
} as const;

interface Backend {
  readonly ip: string;
  readonly port: number;
}

/** A listener and what its balancer remembers. */
interface Balancer {
  readonly listener: ProxyListener;
  nextIndex: number;
  /** Client address -> where it went, and when it last came. */
  readonly clients: Map<string, { backend: Backend; lastUsedMs: number }>;
}

const LOCAL: LocalResult = { kind: "local" };
const PROXIED: LocalResult = { kind: "proxied" };
const NO_ENDPOINT: LocalResult = { kind: "reject", reason: "no-endpoint" };

export class UserspaceStage implements LocalStage {
  readonly #balancers: ReadonlyMap<string, Balancer>;
  /** Backend of every flow that the proxy holds open; forgotten with the flow. */
  readonly #flows = new WeakMap<object, Backend>();

  /** @param options.firstIndex where every round robin starts: 0 after a sync */
  constructor(listeners: readonly ProxyListener[], options: { firstIndex: number }) {
    const balancer = (listener: ProxyListener): Balancer => ({
      listener,
      nextIndex: listener.backends.length === 0 ? 0 : options.firstIndex % listener.backends.length,
      clients: new Map(),
    });
    this.#balancers = new Map(listeners.map((each) => [`${each.protocol} ${each.port}`, balancer(each)]));
  }

  deliver(flight: Flight, from: "INPUT" | "OUTPUT"): LocalResult {
    const balancer = this.#balancers.get(`${flight.protocol} ${flight.destinationPort}`);
    if (from !== "INPUT" || !balancer || !flight.flow) return LOCAL;
    const known = this.#flows.get(flight.flow);
    const backend = known ?? this.#choose(balancer, flight);
    if (!backend) return NO_ENDPOINT;
    if (!known) {
      this.#flows.set(flight.flow, backend);
      countOpen(flight);
    }
    countCopy(flight);
    flight.steps?.push({
      place: "userspace",
      text: `${balancer.listener.servicePort}: ${known ? "the backend of this connection" : "a connection of its own"}`,
      matched: true,
      effect: `proxy to ${backend.ip}:${backend.port}`,
    });
    flight.destination = backend.ip;
    flight.destinationPort = backend.port;
    return PROXIED;
  }

  #choose(balancer: Balancer, { packet, timeMs }: Flight): Backend | undefined {
    const { listener, clients } = balancer;
    const { backends, affinitySeconds } = listener;
    const client = affinitySeconds === null ? undefined : clients.get(packet.source);
    if (client && affinitySeconds !== null && timeMs - client.lastUsedMs < affinitySeconds * 1000) {
      client.lastUsedMs = timeMs;
      return client.backend;
    }
    const backend = backends[balancer.nextIndex];
    if (!backend) return undefined;
    balancer.nextIndex = (balancer.nextIndex + 1) % backends.length;
    if (affinitySeconds !== null) clients.set(packet.source, { backend, lastUsedMs: timeMs });
    return backend;
  }
}

function countOpen({ protocol, counts }: Flight): void {
  counts.syscalls += protocol === "tcp" ? USERSPACE_COST.tcpOpenSyscalls : USERSPACE_COST.udpOpenSyscalls;
  counts.contextSwitches +=
    protocol === "tcp" ? USERSPACE_COST.tcpOpenSwitches : USERSPACE_COST.udpOpenSwitches;
}

function countCopy({ protocol, packet, counts }: Flight): void {
  if (protocol === "tcp" && packet.payloadBytes === 0) return;
  counts.syscalls += USERSPACE_COST.copySyscalls;
  counts.contextSwitches += USERSPACE_COST.copySwitches;
  counts.bytesCopied += USERSPACE_COST.copies * packet.payloadBytes;
}
