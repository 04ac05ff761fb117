// The resolv.conf of a Pod: by its dnsPolicy the cluster's name server, its node's, or none; and what its dnsConfig adds.
// Source: kubernetes pkg/kubelet/network/dns/dns.go; containerd parseDNSOptions (order of lines).
import { clusterSearch, NDOTS } from "../../protocol/search-path.js";
import type { PodSpec } from "./pod.js";

/** As kubelet's clusterDNS and clusterDomain. */
export interface ClusterDns {
  /** Empty: there is none, ClusterFirst means Default. */
  readonly servers: readonly string[];
  readonly domain: string;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  /** "ndots:5", "edns0". */
  readonly options: readonly string[];
}

/** Of the hollow machines: an address for documentation (RFC 5737), where nobody answers. */
const NODE_CONFIG: DnsConfig = { servers: ["192.0.2.53"], searches: [], options: [] };
const EMPTY: DnsConfig = { servers: [], searches: [], options: [] };

const SERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARS_MAX = 2048;
const DOMAIN_CHARS_MAX = 253;

export function podDnsConfig(namespace: string, spec: PodSpec, cluster: ClusterDns): DnsConfig {
  const base = baseConfig(namespace, spec, cluster);
  const { nameservers = [], searches = [], options = [] } = spec.dnsConfig ?? {};
  return {
    servers: unique([...base.servers, ...nameservers]).slice(0, SERVERS_MAX),
    searches: fitting(unique([...base.searches, ...searches])),
    options: mergedOptions(base.options, options),
  };
}

export function resolvConf({ servers, searches, options }: DnsConfig): string {
  const lines = [
    ...(searches.length === 0 ? [] : [`search ${searches.join(" ")}`]),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length === 0 ? [] : [`options ${options.join(" ")}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function baseConfig(namespace: string, spec: PodSpec, { servers, domain }: ClusterDns): DnsConfig {
  const { dnsPolicy = "ClusterFirst", hostNetwork = false } = spec;
  if (dnsPolicy === "None") return EMPTY;
  const isCluster = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  if (!isCluster || servers.length === 0) return NODE_CONFIG;
  const searches = [...clusterSearch(namespace, domain), ...NODE_CONFIG.searches];
  return { servers, searches, options: [`ndots:${NDOTS}`] };
}

function mergedOptions(
  base: readonly string[],
  more: readonly { readonly name?: string; readonly value?: string }[],
): readonly string[] {
  const values = new Map<string, string>();
  for (const option of base) {
    const [name = "", value = ""] = option.split(/:(.*)/s);
    values.set(name, value);
  }
  for (const { name = "", value = "" } of more) values.set(name, value);
  return [...values].map(([name, value]) => (value === "" ? name : `${name}:${value}`));
}

/** What resolvers can take: as many search domains, of such lengths. */
function fitting(searches: readonly string[]): readonly string[] {
  const kept = searches.slice(0, SEARCHES_MAX).filter(({ length }) => length <= DOMAIN_CHARS_MAX);
  while (kept.join(" ").length > SEARCH_CHARS_MAX) kept.pop();
  return kept;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
