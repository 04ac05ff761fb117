// The node's own addresses, and which of them take NodePort traffic where nothing else is configured: all of them.
// Source: kube-proxy pkg/proxy/util/nodeport_addresses.go.
import { canonicalIpOf, cidrContains, parseCidr, type Cidr } from "../base/ip.js";
import type { ProxyConfig } from "./config.js";

type AddressConfig = Pick<ProxyConfig, "family" | "node" | "nodePortAddresses">;

/** Canonical addresses of the node in the proxy's family, primary first. */
export function nodeAddresses(config: Pick<ProxyConfig, "family" | "node">): readonly string[] {
  return config.node.addresses.flatMap((address) => canonicalIpOf(address, config.family) ?? []);
}

/**
 * Addresses that take NodePort traffic in the modes whose default is "every local address".
 *
 * @returns "all", or canonical addresses; IPv4 loopback is among them when a CIDR holds it
 */
export function nodePortAddresses(config: AddressConfig): readonly string[] | "all" {
  const own = nodeAddresses(config);
  if (config.nodePortAddresses.length === 1 && config.nodePortAddresses[0] === "primary")
    return own.slice(0, 1);
  const cidrs = cidrsOfFamily(config);
  // CIDRs of the other family alone say nothing about this one, which is read as "all".
  if (cidrs.length === 0 || cidrs.some((cidr) => cidr.prefixLength === 0)) return "all";
  const candidates = config.family === "IPv4" ? [...own, "127.0.0.1"] : own;
  return candidates.filter((address) => cidrs.some((cidr) => cidrContains(cidr, address)));
}

/** Whether node ports can be reached on 127.0.0.1: IPv4, allowed, and not excluded by the addresses. */
export function hasLocalhostNodePorts(
  config: AddressConfig & Pick<ProxyConfig, "localhostNodePorts">,
): boolean {
  if (config.family !== "IPv4" || !config.localhostNodePorts) return false;
  const addresses = nodePortAddresses(config);
  return addresses === "all" || addresses.includes("127.0.0.1");
}

function cidrsOfFamily(config: AddressConfig): Cidr[] {
  return config.nodePortAddresses.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr !== null && cidr.family === config.family ? [cidr] : [];
  });
}
