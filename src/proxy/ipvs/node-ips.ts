// Which addresses of the node ipvs mode works with: all for its own, and those that take NodePort traffic.
// Source: kube-proxy pkg/proxy/ipvs/proxier.go (nodeIPs), pkg/proxy/util/nodeport_addresses.go.
import { canonicalIp, cidrContains, familyOf, parseCidr } from "../../base/ip.js";
import type { ProxyConfig } from "../config.js";

/** The node's addresses of the family, canonical, primary first; loopback ones are none of them. */
export function nodeAddresses(config: ProxyConfig): string[] {
  return config.node.addresses
    .map((address) => canonicalIp(address))
    .filter((address): address is string => address !== null && familyOf(address) === config.family)
    .filter((address) => address !== "::1" && !address.startsWith("127."));
}

/** Addresses that take NodePort traffic: all of the node, unless nodePortAddresses narrows them. */
export function nodePortAddresses(config: ProxyConfig): string[] {
  const addresses = nodeAddresses(config);
  const wanted = config.nodePortAddresses;
  if (wanted.length === 1 && wanted[0] === "primary") return addresses.slice(0, 1);
  const cidrs = wanted
    .flatMap((text) => parseCidr(text) ?? [])
    .filter((cidr) => cidr.family === config.family);
  if (cidrs.length === 0) return addresses;
  return addresses.filter((address) => cidrs.some((cidr) => cidrContains(cidr, address)));
}
