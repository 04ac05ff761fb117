// Where packets must go: one table of scenarios that every mode answers for, with its differences spelled out.
// Each case is a first packet; the rules are compiled from FLOW_OBJECTS for FLOW_NODE with the group's configuration.
// Expectations were derived from Kubernetes' documented Service behaviour, one by one.
import type { Family } from "../base/ip.js";
import type { Packet, Verdict } from "../netfilter/packet.js";
import { TCP_FLAGS } from "../netfilter/packet.js";
import type { Mode } from "../netfilter/rule-model.js";
import type { ProxyConfig } from "./config.js";
import { defaultProxyConfig } from "./default-config.js";
import { FLOW_CLUSTER_CIDRS, FLOW_NODE } from "./packet-flow-cluster.test-data.js";

/** What must become of the packet. */
export interface FlowExpectation {
  readonly verdict: Verdict;
  /** All endpoints it may be sent to, sorted; empty unless DNAT. */
  readonly targets: readonly string[];
  /** Whether its source is translated too. Meaningless under userspace, where the proxy opens its own connection. */
  readonly masquerade: boolean;
}

export interface FlowCase {
  readonly name: string;
  readonly packet: Packet;
  /** For iptables, and for every mode that is not in `differs`. */
  readonly expect: FlowExpectation;
  /** Modes that do otherwise by design; a string tells why the case does not apply to a mode at all. */
  readonly differs: Partial<Record<Mode, FlowExpectation | string>>;
}

export interface FlowGroup {
  readonly name: string;
  readonly family: Family;
  readonly config: Partial<ProxyConfig>;
  readonly cases: readonly FlowCase[];
}

/** What the rules of a group are compiled with in one mode. */
export function flowConfig(group: FlowGroup, mode: Mode): ProxyConfig {
  const defaults = defaultProxyConfig(mode, group.family, FLOW_NODE, { clusterCIDRs: FLOW_CLUSTER_CIDRS });
  return { ...defaults, ...group.config };
}

/** Where packets come from: the name says which node or network the source belongs to. */
const CLIENTS = {
  pod: { source: "10.180.0.50", inInterface: "veth50" },
  "remote pod": { source: "10.180.1.50", inInterface: "eth0" },
  node: { source: "192.168.0.2", inInterface: null },
  loopback: { source: "127.0.0.1", inInterface: null },
  external: { source: "203.0.113.2", inInterface: "eth0" },
  /** Outside lb-ranges' source range. */
  stranger: { source: "203.0.113.130", inInterface: "eth0" },
  "plain's endpoint": { source: "10.180.0.1", inInterface: "veth1" },
  "six pod": { source: "fd00:10:180::50", inInterface: "veth50" },
  "six external": { source: "2001:db8::2", inInterface: "eth0" },
} as const;
type Client = keyof typeof CLIENTS;

const DROP: FlowExpectation = { verdict: "DROP", targets: [], masquerade: false };
const REJECT: FlowExpectation = { verdict: "REJECT", targets: [], masquerade: false };
const ACCEPT: FlowExpectation = { verdict: "ACCEPT", targets: [], masquerade: false };
const direct = (...targets: string[]): FlowExpectation => ({ verdict: "DNAT", targets, masquerade: false });
const masqueraded = (...targets: string[]): FlowExpectation => ({
  verdict: "DNAT",
  targets,
  masquerade: true,
});

/** Endpoints of lb-local on both nodes. */
const LB_LOCAL = ["10.180.0.8:8080", "10.180.1.9:8080"] as const;

function flow(
  client: Client,
  destination: string,
  expect: FlowExpectation,
  differs: FlowCase["differs"] & { readonly protocol?: "tcp" | "udp" } = {},
): FlowCase {
  const { protocol = "tcp", ...rest } = differs;
  const at = destination.lastIndexOf(":");
  const packet: Packet = {
    ...CLIENTS[client],
    protocol,
    sourcePort: 40_000,
    destination: destination.slice(0, at),
    destinationPort: Number(destination.slice(at + 1)),
    tcpFlags: protocol === "tcp" ? TCP_FLAGS.SYN : 0,
    payloadBytes: 0,
  };
  return { name: `${client} to ${protocol} ${destination}`, packet, expect, differs: rest };
}

const CLUSTER_IP: readonly FlowCase[] = [
  flow("pod", "172.30.0.41:80", direct("10.180.0.1:8080")),
  flow("remote pod", "172.30.0.41:80", direct("10.180.0.1:8080")),
  flow("node", "172.30.0.41:80", masqueraded("10.180.0.1:8080")),
  flow("external", "172.30.0.41:80", masqueraded("10.180.0.1:8080")),
  flow("plain's endpoint", "172.30.0.41:80", masqueraded("10.180.0.1:8080")),
  flow("pod", "172.30.0.42:80", direct("10.180.0.4:8080", "10.180.1.5:8080")),
  flow("pod", "172.30.0.52:80", direct("10.180.1.18:8080"), { protocol: "udp" }),
  flow("pod", "172.30.0.52:80", ACCEPT, { ipvs: REJECT, nftables: REJECT }),
  flow("pod", "172.30.0.41:81", ACCEPT, { ipvs: REJECT, nftables: REJECT }),
  flow("pod", "172.30.0.43:80", REJECT),
  flow("pod", "10.180.1.6:8080", ACCEPT),
];

const POLICIES: readonly FlowCase[] = [
  flow("pod", "172.30.0.48:80", direct("10.180.0.11:8080"), {
    userspace: direct("10.180.0.11:8080", "10.180.1.12:8080"),
  }),
  flow("pod", "172.30.0.49:80", DROP, {
    userspace: direct("10.180.1.13:8080"),
    // ipvs falls back to the cluster's endpoints, but a Service that is for this node only has none of them.
    ipvs: REJECT,
  }),
  flow("pod", "172.30.0.50:80", direct("10.180.0.14:8080"), { userspace: REJECT }),
  flow("pod", "172.30.0.51:80", direct("10.180.0.16:8080"), {
    userspace: direct("10.180.0.16:8080", "10.180.1.17:8080"),
  }),
  flow("external", "1.2.3.4:80", direct("10.180.0.8:8080"), { userspace: direct(...LB_LOCAL) }),
  flow("pod", "1.2.3.4:80", direct(...LB_LOCAL), { ipvs: direct("10.180.0.8:8080") }),
  flow("node", "1.2.3.4:80", masqueraded(...LB_LOCAL), { ipvs: direct("10.180.0.8:8080") }),
  flow("external", "192.168.0.2:30046", direct("10.180.0.8:8080"), { userspace: direct(...LB_LOCAL) }),
  flow("external", "1.2.3.5:80", DROP, {
    userspace: direct("10.180.1.10:8080"),
    ipvs: direct("10.180.1.10:8080"),
  }),
  flow("external", "192.168.0.2:30047", DROP, {
    userspace: direct("10.180.1.10:8080"),
    ipvs: direct("10.180.1.10:8080"),
  }),
  flow("pod", "1.2.3.5:80", direct("10.180.1.10:8080")),
  flow("pod", "172.30.0.47:80", direct("10.180.1.10:8080")),
];

const OUTSIDE: readonly FlowCase[] = [
  flow("external", "192.168.99.22:80", masqueraded("10.180.0.4:8080", "10.180.1.5:8080")),
  flow("external", "192.168.0.2:30044", masqueraded("10.180.1.6:8080")),
  flow("external", "192.168.0.3:30044", masqueraded("10.180.1.6:8080"), { nftables: ACCEPT }),
  flow("pod", "192.168.0.2:30044", masqueraded("10.180.1.6:8080")),
  flow("loopback", "127.0.0.1:30044", masqueraded("10.180.1.6:8080"), { nftables: ACCEPT, ipvs: ACCEPT }),
  flow("external", "192.168.0.2:30043", REJECT),
  flow("external", "192.168.0.2:30999", ACCEPT),
  flow("external", "5.6.7.8:80", masqueraded("10.180.1.7:8080")),
  flow("stranger", "5.6.7.8:80", DROP, { userspace: direct("10.180.1.7:8080") }),
  flow("stranger", "192.168.0.2:30045", masqueraded("10.180.1.7:8080")),
  flow("external", "192.168.0.2:30146", ACCEPT),
];

const MASQUERADE_ALL: readonly FlowCase[] = [
  flow("pod", "172.30.0.41:80", masqueraded("10.180.0.1:8080")),
  flow("remote pod", "172.30.0.42:80", masqueraded("10.180.0.4:8080", "10.180.1.5:8080")),
];

const NO_DETECTOR: readonly FlowCase[] = [
  flow("external", "172.30.0.41:80", direct("10.180.0.1:8080")),
  flow("external", "192.168.0.2:30044", masqueraded("10.180.1.6:8080")),
];

const ONE_ADDRESS: readonly FlowCase[] = [
  flow("external", "192.168.0.3:30044", masqueraded("10.180.1.6:8080")),
  flow("external", "192.168.0.2:30044", ACCEPT, { userspace: direct("10.180.1.6:8080") }),
];

const NO_LOCALHOST: readonly FlowCase[] = [
  flow("loopback", "127.0.0.1:30044", ACCEPT, { userspace: direct("10.180.1.6:8080") }),
  flow("external", "192.168.0.2:30044", masqueraded("10.180.1.6:8080")),
];

const SIX: readonly FlowCase[] = [
  flow("six pod", "fd00:172:30::41:80", direct("[fd00:10:180::1]:8080")),
  flow("six external", "fd00:172:30::41:80", masqueraded("[fd00:10:180::1]:8080")),
  flow("six external", "fd00:192::2:30061", masqueraded("[fd00:10:181::6]:8080")),
];

/** Every scenario. Groups differ in configuration and family. */
export const FLOW_GROUPS: readonly FlowGroup[] = [
  { name: "cluster IPs", family: "IPv4", config: {}, cases: CLUSTER_IP },
  { name: "policies, terminating endpoints, hints", family: "IPv4", config: {}, cases: POLICIES },
  { name: "ways in from outside", family: "IPv4", config: {}, cases: OUTSIDE },
  { name: "masqueradeAll", family: "IPv4", config: { masqueradeAll: true }, cases: MASQUERADE_ALL },
  {
    name: "no local detector",
    family: "IPv4",
    config: { localDetector: { kind: "none" } },
    cases: NO_DETECTOR,
  },
  {
    name: "one node-port address",
    family: "IPv4",
    config: { nodePortAddresses: ["192.168.0.3/32"] },
    cases: ONE_ADDRESS,
  },
  {
    name: "no node ports on localhost",
    family: "IPv4",
    config: { localhostNodePorts: false },
    cases: NO_LOCALHOST,
  },
  { name: "IPv6", family: "IPv6", config: {}, cases: SIX },
];
