// Which port of the node each service port's listener takes. The kernel would choose; here they count up from
// config.userspace.firstProxyPort, per protocol, wrap from 65535 to 1024, and step over node ports.
import { PlumbError } from "../../base/errors.js";
import type { TransportProtocol } from "../../api/types.js";
import type { ProxyConfig } from "../config.js";
import type { ProxyState, ServiceEntry } from "../service-port.js";

const PORT_FIRST = 1024;
const PORT_LAST = 65_535;
/** Listeners that one protocol has room for, less its node ports. */
export const PROXY_PORTS_MAX = PORT_LAST - PORT_FIRST + 1;

/** Service ports by identity -> port of the listener. */
export type ProxyPorts = ReadonlyMap<string, number>;

/** Identity of a service port: its printable name and protocol. */
export function proxyPortKey({ port }: ServiceEntry): string {
  return `${port.name}/${port.protocol}`;
}

/** The service ports that this mode can serve: all but SCTP. */
export function proxiedEntries(state: ProxyState): ServiceEntry[] {
  return state.entries.filter((entry) => entry.port.protocol !== "SCTP");
}

/**
 * Hand out listener ports in the order of the state.
 *
 * @param kept ports that service ports already have and keep; others get what is free
 * @throws {PlumbError} LimitExceeded when a protocol has more service ports than ports
 */
export function allocateProxyPorts(
  state: ProxyState,
  { userspace: { firstProxyPort } }: Pick<ProxyConfig, "userspace">,
  kept: ProxyPorts = new Map(),
): ProxyPorts {
  const entries = proxiedEntries(state);
  const ports = new Map<string, number>();
  for (const protocol of ["TCP", "UDP"] as const) {
    const own = entries.filter((entry) => entry.port.protocol === protocol);
    const allocator = new PortAllocator(firstProxyPort, takenPorts(own, kept), protocol, own.length);
    for (const entry of own) {
      const key = proxyPortKey(entry);
      ports.set(key, kept.get(key) ?? allocator.next());
    }
  }
  return ports;
}

function takenPorts(entries: readonly ServiceEntry[], kept: ProxyPorts): Set<number> {
  const taken = new Set<number>();
  for (const entry of entries) {
    if (entry.port.nodePort !== 0) taken.add(entry.port.nodePort);
    const port = kept.get(proxyPortKey(entry));
    if (port !== undefined) taken.add(port);
  }
  return taken;
}

class PortAllocator {
  #candidate: number;
  #left = PROXY_PORTS_MAX;
  readonly #taken: ReadonlySet<number>;
  readonly #protocol: TransportProtocol;
  readonly #wanted: number;

  constructor(first: number, taken: ReadonlySet<number>, protocol: TransportProtocol, wanted: number) {
    this.#candidate = Math.min(PORT_LAST, Math.max(PORT_FIRST, first));
    this.#taken = taken;
    this.#protocol = protocol;
    this.#wanted = wanted;
  }

  next(): number {
    while (this.#left > 0) {
      const port = this.#candidate;
      this.#candidate = port === PORT_LAST ? PORT_FIRST : port + 1;
      this.#left--;
      if (!this.#taken.has(port)) return port;
    }
    throw new PlumbError(
      "LimitExceeded",
      `Cannot give every ${this.#protocol} service port a listener: ${this.#wanted} service ports, ` +
        `limit ${PROXY_PORTS_MAX} ports less the node ports`,
      {
        hint: "userspace mode needs one port of the node per service port; use fewer Services or another mode",
      },
    );
  }
}
