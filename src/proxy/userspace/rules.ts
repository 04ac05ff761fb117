// The rules that lead traffic into a userspace proxy: per portal one for traffic passing the node ("container"), which
// is redirected to the listener's port, and one for traffic of the node itself ("host"), translated to node IP and port.
//
//   nat PREROUTING  KUBE-PORTALS-CONTAINER first, KUBE-NODEPORT-CONTAINER last for local destinations
//   nat OUTPUT      KUBE-PORTALS-HOST first,      KUBE-NODEPORT-HOST last for local destinations
//   filter INPUT    KUBE-NODEPORT-NON-LOCAL: accepts what was redirected from a node port
//
// Source: kube-proxy pkg/proxy/userspace/proxier.go (iptablesInit, openPortal, openNodePort), v1.23.
import type { Match, Rule, TableName, Target } from "../../netfilter/iptables/model.js";
import {
  accept,
  address,
  addressType,
  comment,
  dnatTo,
  jump,
  port as portMatch,
  protocol as protocolField,
  rule,
} from "../../netfilter/iptables/ruleset.js";
import { hostCidr } from "../../base/ip.js";
import type { ServicePort } from "../service-port.js";

/** The chains of this mode, in the order in which they are made. */
export const USERSPACE_CHAINS = [
  { table: "nat", name: "KUBE-PORTALS-CONTAINER" },
  { table: "nat", name: "KUBE-PORTALS-HOST" },
  { table: "nat", name: "KUBE-NODEPORT-HOST" },
  { table: "nat", name: "KUBE-NODEPORT-CONTAINER" },
  { table: "filter", name: "KUBE-NODEPORT-NON-LOCAL" },
] as const satisfies readonly { table: TableName; name: string }[];
export type UserspaceChain = (typeof USERSPACE_CHAINS)[number]["name"];

const PORTALS = "handle ClusterIPs; NOTE: this must be before the NodePort rules";
const NODE_PORTS = "handle service NodePorts; NOTE: this must be the last rule in the chain";

/** Rules of the built-in chains, in order. */
export const USERSPACE_JUMPS: readonly { table: TableName; hook: string; rule: Rule }[] = [
  { table: "nat", hook: "PREROUTING", rule: portalJump("KUBE-PORTALS-CONTAINER") },
  { table: "nat", hook: "PREROUTING", rule: nodePortJump("KUBE-NODEPORT-CONTAINER") },
  { table: "nat", hook: "OUTPUT", rule: portalJump("KUBE-PORTALS-HOST") },
  { table: "nat", hook: "OUTPUT", rule: nodePortJump("KUBE-NODEPORT-HOST") },
  {
    table: "filter",
    hook: "INPUT",
    rule: rule({
      matches: [comment("Ensure that non-local NodePort traffic can flow")],
      target: jump("KUBE-NODEPORT-NON-LOCAL"),
    }),
  },
];

function portalJump(chain: UserspaceChain): Rule {
  return rule({ matches: [comment(PORTALS)], target: jump(chain) });
}

function nodePortJump(chain: UserspaceChain): Rule {
  return rule({ matches: [addressType("destination", "LOCAL"), comment(NODE_PORTS)], target: jump(chain) });
}

/** A rule and the chain it is appended to. */
export interface PortalRule {
  readonly chain: UserspaceChain;
  readonly rule: Rule;
}

/**
 * The rules of one service port: 2 per cluster IP and VIP, 3 per external IP, 3 for a node port.
 *
 * @param hostIP where the host rules send to; the listener is on every address, so container rules redirect
 */
export function portalRules(port: ServicePort, proxyPort: number, hostIP: string): PortalRule[] {
  const redirect: Target = { kind: "redirect", ports: { first: proxyPort, last: proxyPort }, options: "" };
  const toHost = dnatTo(hostIP, proxyPort);
  const rules: PortalRule[] = [];
  const add = (chain: UserspaceChain, ip: string | null, target: Target, extra: readonly Match[] = []) => {
    const at = ip === null ? port.nodePort : port.port;
    rules.push({ chain, rule: portalRule(port, ip, at, target, extra) });
  };
  const portal = (ip: string) => {
    add("KUBE-PORTALS-CONTAINER", ip, redirect);
    add("KUBE-PORTALS-HOST", ip, toHost);
  };
  portal(port.clusterIP);
  for (const ip of port.externalIPs) {
    add("KUBE-PORTALS-CONTAINER", ip, redirect, [NOT_BRIDGED]);
    add("KUBE-PORTALS-CONTAINER", ip, redirect, [TO_LOCAL]);
    add("KUBE-PORTALS-HOST", ip, toHost, [TO_LOCAL]);
  }
  for (const ip of port.loadBalancerVIPs) portal(ip);
  if (port.nodePort !== 0) {
    add("KUBE-NODEPORT-CONTAINER", null, redirect);
    add("KUBE-NODEPORT-HOST", null, toHost);
    const nonLocal = portalRule(port, null, proxyPort, accept, [IS_NEW]);
    rules.push({ chain: "KUBE-NODEPORT-NON-LOCAL", rule: nonLocal });
  }
  return rules;
}

const NOT_BRIDGED: Match = { kind: "physdev", isIn: { value: true, negated: true } };
/** `-m state --state NEW`: the old name of the conntrack match. */
const IS_NEW: Match = {
  kind: "conntrack",
  states: { value: ["NEW"], negated: false },
  legacyState: true,
};
const TO_LOCAL: Match = addressType("destination", "LOCAL");

function portalRule(
  port: ServicePort,
  ip: string | null,
  destinationPort: number,
  target: Target,
  extra: readonly Match[],
): Rule {
  const name = port.protocol.toLowerCase();
  return rule({
    destination: ip === null ? null : address(hostCidr(ip)),
    protocol: protocolField(name),
    matches: [comment(port.name), portMatch(name, destinationPort), ...extra],
    target,
  });
}
