// Where packets are sent: every way into every service port of one node, and what lies beside them.
import type { ProxyConfig } from "../../proxy/config.js";
import { nodeAddresses } from "../../proxy/node-port-addresses.js";
import type { Endpoint, ProxyState, ServiceEntry } from "../../proxy/service-port.js";
import type { FlowClients, FlowClient } from "./flow-clients.js";
import { OUTSIDE_INTERFACE, podInterface } from "./flow-clients.js";
import type { FlowKind, FlowProtocol, Way, WayKind } from "./flow-kinds.js";

const PROTOCOLS: readonly FlowProtocol[] = ["tcp", "udp", "sctp"];
/** A port that nothing uses: "unassigned" at IANA, no node port, no port of a Service that was not made for it. */
const UNUSED_PORT = 4;

/** Ways by the names that rows of FLOW_KINDS use. */
export type WaysOf = Readonly<Record<FlowKind["ways"][number], readonly Way[]>>;

export function flowWays(state: ProxyState, config: ProxyConfig, clients: FlowClients): WaysOf {
  const places = new Places(config);
  const into = (kind: WayKind) => state.entries.flatMap((entry) => places.into(kind, entry));
  const endpoints = state.entries.flatMap((entry) => places.endpoints(entry));
  const outside = clients.outside.slice(0, 2);
  return {
    "cluster-ip": into("cluster-ip"),
    "external-ip": into("external-ip"),
    "load-balancer": into("load-balancer"),
    "node-port": into("node-port"),
    localhost: into("node-port").map((way) => ({ ...way, ip: "127.0.0.1" })),
    unused: state.entries.flatMap((entry) => places.beside(entry)),
    "health-check": state.entries.flatMap((entry) => places.healthChecks(entry)),
    endpoint: endpoints,
    elsewhere: [
      ...places.nodeItself(),
      ...outside.flatMap(({ address }) => PROTOCOLS.map((protocol) => elsewhere(protocol, address, 80))),
      ...endpoints,
    ],
  };
}

function elsewhere(
  protocol: FlowProtocol,
  ip: string,
  port: number,
  endpoints: readonly FlowClient[] = [],
): Way {
  return { kind: "elsewhere", protocol, ip, port, entry: null, endpoints };
}

class Places {
  readonly #config: ProxyConfig;
  readonly #own: readonly string[];

  constructor(config: ProxyConfig) {
    this.#config = config;
    this.#own = nodeAddresses(config);
  }

  into(kind: WayKind, entry: ServiceEntry): Way[] {
    const { port } = entry;
    const protocol = port.protocol.toLowerCase() as FlowProtocol;
    const to = (ips: readonly string[], number: number): Way[] =>
      ips.map((ip) => ({ kind, protocol, ip, port: number, entry, endpoints: this.#clientsAt(entry) }));
    switch (kind) {
      case "cluster-ip":
        return to([port.clusterIP], port.port);
      case "external-ip":
        return to(port.externalIPs, port.port);
      case "load-balancer":
        return to(port.loadBalancerVIPs, port.port);
      case "node-port":
        return port.nodePort === 0 ? [] : to(this.#own, port.nodePort);
    }
  }

  /** The addresses of a Service at a port that it does not have, and with a protocol that it does not speak. */
  beside(entry: ServiceEntry): Way[] {
    const { port } = entry;
    const protocol = port.protocol.toLowerCase() as FlowProtocol;
    const ips = [port.clusterIP, ...port.externalIPs, ...port.loadBalancerVIPs];
    return [protocol, PROTOCOLS.find((other) => other !== protocol) ?? "tcp"].flatMap((it) =>
      ips.map((ip) => elsewhere(it, ip, UNUSED_PORT)),
    );
  }

  healthChecks({ port }: ServiceEntry): Way[] {
    return port.healthCheckNodePort === 0
      ? []
      : this.#own.map((ip) => elsewhere("tcp", ip, port.healthCheckNodePort));
  }

  nodeItself(): Way[] {
    return this.#own.flatMap((ip) => PROTOCOLS.map((protocol) => elsewhere(protocol, ip, UNUSED_PORT)));
  }

  /** Endpoints asked directly, by themselves too. */
  endpoints(entry: ServiceEntry): Way[] {
    const protocol = entry.port.protocol.toLowerCase() as FlowProtocol;
    return entry.endpoints
      .filter(({ ip }) => !this.#own.includes(ip))
      .map((endpoint) => elsewhere(protocol, endpoint.ip, endpoint.port, [this.#client(endpoint)]));
  }

  #clientsAt({ reachable }: ServiceEntry): FlowClient[] {
    return reachable.filter(({ ip }) => !this.#own.includes(ip)).map((endpoint) => this.#client(endpoint));
  }

  #client({ ip, isLocal }: Endpoint): FlowClient {
    return { address: ip, inInterface: isLocal ? podInterface(this.#config) : OUTSIDE_INTERFACE };
  }
}
