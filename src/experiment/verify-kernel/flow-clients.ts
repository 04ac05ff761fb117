// Who sends: addresses on every side of what rules tell apart, with the interface their packets come in by.
import type { ClusterObjects } from "../../api/types.js";
import { cidrContains, type Family, knownCidr, parseCidr } from "../../base/ip.js";
import type { ProxyConfig } from "../../proxy/config.js";
import { nodeAddresses } from "../../proxy/node-port-addresses.js";
import type { ProxyState } from "../../proxy/service-port.js";
import { ADDRESS_RANGES, cidrSize, nthAddress } from "../../workload/address-ranges.js";

/** sticky: Pods and outsiders that ask Services with affinity, and no others. */
export type ClientKind = "pod" | "remote-pod" | "outside" | "node" | "loopback" | "sticky";

export interface FlowClient {
  readonly address: string;
  /** Null for the node itself. */
  readonly inInterface: string | null;
}

export type FlowClients = Readonly<Record<ClientKind, readonly FlowClient[]>>;

export const OUTSIDE_INTERFACE = "eth0";

/** The interface of local Pods: what the detector knows them by, where it goes by interfaces. */
export function podInterface({ localDetector }: ProxyConfig): string {
  switch (localDetector.kind) {
    case "bridge":
      return localDetector.interface;
    case "prefix":
      return `${localDetector.prefix}0`;
    default:
      return "cni0";
  }
}

const PODS = 3;
/** Of 100 clients that a list of the recent match remembers (ip_list_tot), this many of each side. */
const STICKY_PER_SIDE = 40;
const RANGES_MAX = 8;

export function flowClients(objects: ClusterObjects, state: ProxyState, config: ProxyConfig): FlowClients {
  const own = nodeAddresses(config);
  const taken = new Set([...own, ...state.entries.flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip))]);
  const free = (cidr: string | undefined, count: number) =>
    cidr === undefined ? [] : freeAddresses(cidr, count, taken);
  const podCidr = config.node.podCIDRs.find((cidr) => isOfFamily(cidr, config.family));
  const pods = free(podCidr, PODS + STICKY_PER_SIDE).map(by(podInterface(config)));
  const outsiders = free(ADDRESS_RANGES[config.family].clients[0], STICKY_PER_SIDE + 2).map(
    by(OUTSIDE_INTERFACE),
  );
  const strangers = free(ADDRESS_RANGES[config.family].clients.at(-1), STICKY_PER_SIDE + 4).slice(-1);
  const inRanges = rangesOf(state).flatMap((cidr) => free(cidr, 1));
  return {
    pod: pods.slice(0, PODS),
    "remote-pod": otherPodCidrs(objects, config)
      .flatMap((cidr) => free(cidr, 1))
      .slice(0, PODS)
      .map(by(OUTSIDE_INTERFACE)),
    outside: [
      ...outsiders.slice(0, 2),
      admitted(config.family),
      ...[...inRanges, ...strangers].map(by(OUTSIDE_INTERFACE)),
    ],
    node: own.map(by(null)),
    loopback: config.family === "IPv4" ? [{ address: "127.0.0.1", inInterface: null }] : [],
    sticky: [...pods.slice(PODS), ...outsiders.slice(2)],
  };
}

const by = (inInterface: string | null) => (address: string) => ({ address, inInterface });

/** Whom generated Services with source ranges let in. */
function admitted(family: Family): FlowClient {
  return by(OUTSIDE_INTERFACE)(nthAddress(knownCidr(ADDRESS_RANGES[family].clients[0] as string), 7));
}

/** From the top of a CIDR, where endpoints, numbered from the bottom, seldom are. */
function freeAddresses(text: string, count: number, taken: ReadonlySet<string>): string[] {
  const cidr = parseCidr(text);
  if (cidr === null || cidr.prefixLength < 4) return [];
  const last = cidrSize(cidr) - (cidrSize(cidr) > 2 ? 2 : 1);
  const found: string[] = [];
  for (let index = last; index >= 0 && found.length < count && last - index < 10_000; index--) {
    const address = nthAddress(cidr, index);
    if (!taken.has(address)) found.push(address);
  }
  return found;
}

function rangesOf({ entries }: ProxyState): string[] {
  const ranges = new Set(entries.flatMap(({ port }) => port.loadBalancerSourceRanges));
  return [...ranges].slice(0, RANGES_MAX);
}

function otherPodCidrs({ nodes }: ClusterObjects, { family, node }: ProxyConfig): string[] {
  return nodes
    .filter(({ metadata }) => metadata.name !== node.name)
    .flatMap(({ spec }) => spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]))
    .filter(
      (cidr) =>
        isOfFamily(cidr, family) && !node.podCIDRs.some((own) => cidrContains(knownCidr(own), firstOf(cidr))),
    );
}

function firstOf(cidr: string): string {
  return nthAddress(knownCidr(cidr), 0);
}

function isOfFamily(cidr: string, family: Family): boolean {
  return cidr.includes(":") === (family === "IPv6");
}
