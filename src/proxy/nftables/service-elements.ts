// What one service port puts into the shared sets and maps: how packets find its chains.
// Two service ports may want the same key (an endpoint of two Services, an external IP claimed twice); the later one
// in emission order wins, here as in kube-proxy, which writes them one after the other.
// Source: kube-proxy pkg/proxy/nftables/proxier.go syncProxyRules, the parts that call addElement.
import type { NftVerdict } from "../../netfilter/nftables/model.js";
import type { ProxyConfig } from "../config.js";
import type { ServiceEntry } from "../service-port.js";
import {
  CLUSTER_IPS,
  FIREWALL_IPS,
  HAIRPIN_CONNECTIONS,
  NO_ENDPOINT_NODEPORTS,
  NO_ENDPOINT_SERVICES,
  REJECT_CHAIN,
  SERVICE_IPS,
  SERVICE_NODEPORTS,
} from "./base-table.js";
import { serviceChainNames } from "./names.js";
import { gotoVerdict } from "./rules.js";
import { usesFirewall } from "./service-chains.js";

/** The kernel takes no longer comment; the whole transaction would fail, as it did upstream until 1.36 (#139515). */
const COMMENT_LENGTH_MAX = 128;

/** Takes elements in emission order. */
export interface ElementSink {
  set(set: string, key: string): void;
  map(map: string, key: string, verdict: NftVerdict, comment: string | null): void;
}

/** Hand every element of one service port to `sink`. Cost: the addresses, and the local endpoints. */
export function serviceElements(entry: ServiceEntry, config: ProxyConfig, sink: ElementSink): void {
  const { port } = entry;
  const names = serviceChainNames(port);
  const protocol = port.protocol.toLowerCase();
  const key = (ip: string) => `${ip} . ${protocol} . ${port.port}`;
  const comment = port.name.slice(0, COMMENT_LENGTH_MAX);
  sink.set(CLUSTER_IPS, port.clusterIP);

  if (entry.hasInternal) {
    const chain = port.internalPolicyLocal ? names.local : names.service;
    sink.map(SERVICE_IPS, key(port.clusterIP), gotoVerdict(chain), null);
  } else sink.map(NO_ENDPOINT_SERVICES, key(port.clusterIP), unreachableVerdict(entry), comment);

  for (const ip of [...port.externalIPs, ...port.loadBalancerVIPs]) {
    if (entry.hasAny) sink.map(SERVICE_IPS, key(ip), gotoVerdict(names.external), null);
    if (!entry.hasExternal) sink.map(NO_ENDPOINT_SERVICES, key(ip), unreachableVerdict(entry), comment);
  }
  if (usesFirewall(port)) {
    for (const vip of port.loadBalancerVIPs)
      sink.map(FIREWALL_IPS, key(vip), gotoVerdict(names.firewall), null);
  }
  if (port.nodePort !== 0) {
    const nodePort = `${protocol} . ${port.nodePort}`;
    if (entry.hasAny) sink.map(SERVICE_NODEPORTS, nodePort, gotoVerdict(names.external), null);
    if (!entry.hasExternal) sink.map(NO_ENDPOINT_NODEPORTS, nodePort, unreachableVerdict(entry), comment);
  }
  if (config.nftables.layout === "1.36") {
    for (const endpoint of entry.reachable) {
      if (endpoint.isLocal)
        sink.set(HAIRPIN_CONNECTIONS, `${endpoint.ip} . ${endpoint.ip} . ${protocol} . ${endpoint.port}`);
    }
  }
}

/** No endpoint anywhere is refused; endpoints elsewhere, which the policy does not allow, let the packet vanish. */
function unreachableVerdict(entry: ServiceEntry): NftVerdict {
  return entry.hasAny ? { kind: "drop" } : gotoVerdict(REJECT_CHAIN);
}
