// Which addresses of the node take NodePort traffic in nftables mode: the primary one unless told otherwise.
// Source: kube-proxy pkg/proxy/util/nodeport_addresses.go; the default is KEP-3866's.
import { isLoopback } from "../../base/ip.js";
import type { ProxyConfig } from "../config.js";
import { nodeAddresses, nodePortAddresses } from "../node-port-addresses.js";

/** Canonical addresses without loopback ones, which this mode does not serve; or "all" local addresses. */
export function nodePortIps(config: ProxyConfig): readonly string[] | "all" {
  if (config.nodePortAddresses.length === 0) return nodeAddresses(config).slice(0, 1);
  const ips = nodePortAddresses(config);
  return ips === "all" ? ips : ips.filter((ip) => !isLoopback(ip));
}
