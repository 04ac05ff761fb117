// Services and endpoints -> what ipvs mode programs: virtual servers, ipsets and a constant ruleset.
// Cost: O(service ports x ways in x endpoints). Pure.
// Source: kube-proxy pkg/proxy/ipvs/proxier.go (syncProxyRules).
import type { IpvsModel } from "../../netfilter/rule-model.js";
import type { VirtualServer } from "../../netfilter/ipvs/model.js";
import { cidrContains, parseCidr } from "../../base/ip.js";
import type { ProxyConfig } from "../config.js";
import { nodeAddresses, nodePortAddresses } from "../node-port-addresses.js";
import type { Endpoint, ProxyState, ServiceEntry, ServicePort } from "../service-port.js";
import { ipvsRuleset, type GuardedVip } from "./rules.js";
import { IpvsSets, type IpvsSetName } from "./sets.js";

/**
 * Everything one node programs for one address family.
 *
 * virtualServers come in the order in which they are added; where two service ports claim one address and port, the
 * later one's servers stay. localAddresses are the node's and those of the device kube-ipvs0.
 */
export function compileIpvs(state: ProxyState, config: ProxyConfig): IpvsModel {
  const program = new Program(config);
  for (const entry of state.entries) program.addService(entry);
  return program.model();
}

class Program {
  readonly #config: ProxyConfig;
  readonly #sets: IpvsSets;
  readonly #nodeAddresses: readonly string[];
  readonly #nodePortAddresses: readonly string[];
  readonly #virtualServers = new Map<string, VirtualServer>();
  readonly #boundAddresses = new Set<string>();
  readonly #guardedVips: GuardedVip[] = [];

  constructor(config: ProxyConfig) {
    this.#config = config;
    this.#sets = new IpvsSets(config.family);
    this.#nodeAddresses = nodeAddresses(config);
    const forNodePorts = nodePortAddresses(config);
    // There is no virtual server on loopback addresses.
    this.#nodePortAddresses =
      forNodePorts === "all" ? this.#nodeAddresses : forNodePorts.filter((ip) => ip !== "127.0.0.1");
  }

  addService(entry: ServiceEntry): void {
    const { port } = entry;
    this.#addLoopBack(entry);
    this.#sets.add("KUBE-CLUSTER-IP", element(port.clusterIP, port));
    this.#addServer(entry, port.clusterIP, port.port, { local: port.internalPolicyLocal });
    this.#bind(port.clusterIP);
    for (const ip of port.externalIPs) this.#addExternalIp(entry, ip);
    for (const ip of port.loadBalancerVIPs) this.#addVip(entry, ip);
    if (port.nodePort !== 0) this.#addNodePort(entry);
    if (port.healthCheckNodePort !== 0) {
      this.#sets.add("KUBE-HEALTH-CHECK-NODE-PORT", String(port.healthCheckNodePort));
    }
  }

  model(): IpvsModel {
    for (const ip of this.#boundAddresses) this.#sets.add("KUBE-IPVS-IPS", ip);
    return {
      mode: "ipvs",
      family: this.#config.family,
      localAddresses: [...new Set([...this.#nodeAddresses, ...this.#boundAddresses])],
      ruleset: ipvsRuleset(this.#config, this.#sets, this.#guardedVips),
      ipsets: this.#sets.models(),
      virtualServers: [...this.#virtualServers.values()],
    };
  }

  /** An endpoint that reaches itself through its own service must be masqueraded. Ready or not, as upstream has it. */
  #addLoopBack({ port, endpoints }: ServiceEntry): void {
    const protocol = port.protocol.toLowerCase();
    for (const { ip, port: endpointPort, isLocal } of endpoints) {
      if (isLocal) this.#sets.add("KUBE-LOOP-BACK", `${ip},${protocol}:${endpointPort},${ip}`);
    }
  }

  #addExternalIp(entry: ServiceEntry, ip: string): void {
    const { port } = entry;
    const set = port.externalPolicyLocal ? "KUBE-EXTERNAL-IP-LOCAL" : "KUBE-EXTERNAL-IP";
    this.#sets.add(set, element(ip, port));
    this.#addServer(entry, ip, port.port, { local: port.externalPolicyLocal });
    this.#bind(ip);
  }

  #addVip(entry: ServiceEntry, ip: string): void {
    const { port } = entry;
    this.#sets.add("KUBE-LOAD-BALANCER", element(ip, port));
    if (port.externalPolicyLocal) this.#sets.add("KUBE-LOAD-BALANCER-LOCAL", element(ip, port));
    if (port.loadBalancerSourceRanges.length > 0) this.#addSourceRanges(entry, ip);
    this.#addServer(entry, ip, port.port, { local: port.externalPolicyLocal });
    this.#bind(ip);
  }

  #addSourceRanges(entry: ServiceEntry, ip: string): void {
    const { port } = entry;
    this.#sets.add("KUBE-LOAD-BALANCER-FW", element(ip, port));
    for (const range of port.loadBalancerSourceRanges) {
      this.#sets.add("KUBE-LOAD-BALANCER-SOURCE-CIDR", `${element(ip, port)},${range}`);
    }
    const primary = this.#nodeAddresses[0];
    const includesNode = port.loadBalancerSourceRanges.some((range) => {
      const cidr = parseCidr(range);
      return cidr !== null && primary !== undefined && cidrContains(cidr, primary);
    });
    if (includesNode) this.#sets.add("KUBE-LOAD-BALANCER-SOURCE-IP", `${element(ip, port)},${ip}`);
    else {
      const isServed = realServers(entry, { local: port.externalPolicyLocal }).length > 0;
      this.#guardedVips.push({ ip, protocol: port.protocol.toLowerCase(), port: port.port, isServed });
    }
  }

  #addNodePort(entry: ServiceEntry): void {
    const { port } = entry;
    if (this.#nodePortAddresses.length === 0) return;
    this.#addNodePortElements(port, `KUBE-NODE-PORT-${nodePortSuffix(port)}`);
    if (port.externalPolicyLocal)
      this.#addNodePortElements(port, `KUBE-NODE-PORT-LOCAL-${nodePortSuffix(port)}`);
    for (const ip of this.#nodePortAddresses) {
      this.#addServer(entry, ip, port.nodePort, { local: port.externalPolicyLocal });
    }
  }

  #addNodePortElements(port: ServicePort, set: IpvsSetName): void {
    if (port.protocol !== "SCTP") {
      this.#sets.add(set, String(port.nodePort));
      return;
    }
    for (const ip of this.#nodePortAddresses) this.#sets.add(set, `${ip},sctp:${port.nodePort}`);
  }

  #addServer(entry: ServiceEntry, ip: string, port: number, options: { local: boolean }): void {
    const { scheduler } = this.#config.ipvs;
    const server: VirtualServer = {
      protocol: entry.port.protocol.toLowerCase() as VirtualServer["protocol"],
      ip,
      port,
      scheduler,
      persistentSeconds: entry.port.affinitySeconds === 0 ? null : entry.port.affinitySeconds,
      sourcePortFlag: scheduler === "mh",
      realServers: realServers(entry, options),
    };
    this.#virtualServers.set(`${server.protocol} ${ip} ${port}`, server);
  }

  /** kube-ipvs0 takes the addresses that no other device of the node has. */
  #bind(ip: string): void {
    if (!this.#nodeAddresses.includes(ip)) this.#boundAddresses.add(ip);
  }
}

function element(ip: string, port: ServicePort): string {
  return `${ip},${port.protocol.toLowerCase()}:${port.port}`;
}

function nodePortSuffix(port: ServicePort): "TCP" | "UDP" | "SCTP-HASH" {
  return port.protocol === "SCTP" ? "SCTP-HASH" : port.protocol;
}

/** With policy Local and no local endpoint, ipvs mode falls back to the cluster's; the other modes drop. */
function realServers(
  { cluster, local }: ServiceEntry,
  options: { local: boolean },
): VirtualServer["realServers"] {
  const endpoints: readonly Endpoint[] = options.local && local.length > 0 ? local : cluster;
  return endpoints.map(({ ip, port }) => ({ ip, port, weight: 1 }));
}
