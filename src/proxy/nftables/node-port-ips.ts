// Which addresses of the node take NodePort traffic: "primary" unless told otherwise.
// Source: kube-proxy pkg/proxy/util/nodeport_addresses.go; the default of nftables mode is KEP-3866's.
import { canonicalIp, cidrContains, familyOf, parseCidr } from "../../base/ip.js";
import type { ProxyConfig } from "../config.js";

/** Canonical addresses without loopback ones, or "all" when any local address will do. */
export function nodePortIps(config: ProxyConfig): readonly string[] | "all" {
  const addresses = config.node.addresses
    .map((address) => canonicalIp(address))
    .filter((address): address is string => address !== null && familyOf(address) === config.family);
  const wanted = config.nodePortAddresses;
  if (wanted.length === 0 || (wanted.length === 1 && wanted[0] === "primary")) return addresses.slice(0, 1);
  const cidrs = wanted
    .flatMap((text) => parseCidr(text) ?? [])
    .filter((cidr) => cidr.family === config.family);
  // CIDRs of the other family only say nothing about this one, which upstream reads as "all".
  if (cidrs.length === 0 || cidrs.some((cidr) => cidr.prefixLength === 0)) return "all";
  return addresses.filter(
    (address) => !isLoopback(address) && cidrs.some((cidr) => cidrContains(cidr, address)),
  );
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
