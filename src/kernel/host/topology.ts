// The smallest network in which a node can forward: clients on one side, endpoints on the other, the node between.
//
//   client namespace          node namespace                       backend namespace
//     eth0 ======== veth ======== eth0 > PREROUTING > route >
//     cni0 ======== veth ======== cni0     FORWARD > POSTROUTING > out ====== veth ====== in
//
// Everything that leaves the node goes to `out`, answers to clients too: what is seen there is read, not routed.
// Both ends of a client's link have one hardware address and no ARP, so a frame is taken in without a neighbour entry.
// The ends of the backend's link differ: what arrives there is for "another host" and dropped at once, after it was
// counted and seen by those who listen, so the backend namespace neither answers nor forwards.
import type { Family } from "../../base/ip.js";
import type { Command } from "./command.js";

export interface NodeSpec {
  /** Unique in the sandbox; names of namespaces are made of it. */
  readonly id: string;
  /** Interfaces that packets arrive on; at most 15 characters each. */
  readonly interfaces: readonly string[];
  /** The node's own addresses, of any family. */
  readonly addresses: readonly string[];
}

/** Interface of the node that everything leaves through, and the end of it in the backend namespace. */
export const OUT_INTERFACE = "out";
export const BACKEND_INTERFACE = "in";
/** Hardware address of OUT_INTERFACE, which answers from the backend namespace are sent to. */
export const OUT_ADDRESS = "02:00:00:00:02:01";

export interface NodeNamespaces {
  readonly node: string;
  readonly client: string;
  readonly backend: string;
}

export function namespacesOf({ id }: NodeSpec): NodeNamespaces {
  return { node: `plumb-${id}-node`, client: `plumb-${id}-client`, backend: `plumb-${id}-backend` };
}

/**
 * Next hop of everything that leaves. Without one each endpoint is a neighbour of its own, and their table, which all
 * namespaces share, is full at 1,024: packets to more endpoints would wait for its garbage collection.
 */
const GATEWAY: Record<Family, string> = { IPv4: "169.254.0.1", IPv6: "fe80::1" };

/** Host bits of a node's address: the whole of it, so that nothing else is on the link. */
const PREFIX: Record<Family, number> = { IPv4: 32, IPv6: 128 };

/** Settings of the node: it forwards, answers REJECT as often as asked, and knows no reverse path. */
const NODE_SETTINGS: readonly string[] = [
  "net.ipv4.ip_forward=1",
  "net.ipv6.conf.all.forwarding=1",
  "net.ipv4.conf.all.rp_filter=0",
  "net.ipv4.conf.default.rp_filter=0",
  "net.ipv4.conf.all.send_redirects=0",
  "net.ipv4.conf.default.send_redirects=0",
  "net.ipv4.conf.all.accept_local=1",
  "net.ipv4.conf.all.route_localnet=1",
  "net.ipv4.icmp_ratelimit=0",
  "net.ipv6.icmp.ratelimit=0",
  "net.ipv6.conf.all.accept_dad=0",
  "net.ipv6.conf.default.accept_dad=0",
];

/** Settings that older or newer kernels lack. */
const OPTIONAL_SETTINGS: readonly string[] = [
  "net.ipv4.icmp_msgs_per_sec=1000000",
  "net.ipv4.icmp_msgs_burst=100000",
];

/** Commands that make the node, in order. All run in the sandbox's own network namespace but those that name one. */
export function makeNode(spec: NodeSpec): Command[] {
  const { node, client, backend } = namespacesOf(spec);
  const make = namespaces("add", spec);
  const settings: Command = { netns: node, argv: ["sysctl", "-qw", ...NODE_SETTINGS] };
  const optional: Command = { netns: node, argv: ["sysctl", "-qew", ...OPTIONAL_SETTINGS] };
  const quiet = [client, backend].map(
    (netns): Command => ({ netns, argv: ["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"] }),
  );
  const links: Command[] = [
    { netns: node, argv: ["ip", "-batch", "-"], stdin: () => linkLines(spec) },
    {
      netns: client,
      argv: ["ip", "-batch", "-"],
      stdin: () => spec.interfaces.map((name) => `link set ${name} up\n`),
    },
    { netns: backend, argv: ["ip", "link", "set", BACKEND_INTERFACE, "up"] },
  ];
  return [make, optional, settings, ...quiet, ...links];
}

function* linkLines(spec: NodeSpec): Generator<string> {
  const { client, backend } = namespacesOf(spec);
  yield "link set lo up\n";
  for (const [index, name] of spec.interfaces.entries()) {
    const mac = `02:00:00:00:01:${(index + 1).toString(16).padStart(2, "0")}`;
    yield `link add ${name} address ${mac} type veth peer name ${name} address ${mac} netns ${client}\n`;
    yield `link set ${name} arp off up\n`;
  }
  yield `link add ${OUT_INTERFACE} address ${OUT_ADDRESS} type veth peer name ${BACKEND_INTERFACE} address 02:00:00:00:02:02 netns ${backend}\n`;
  yield `link set ${OUT_INTERFACE} arp off up\n`;
  for (const address of spec.addresses) {
    const family: Family = address.includes(":") ? "IPv6" : "IPv4";
    yield `addr add ${address}/${PREFIX[family]} dev ${OUT_INTERFACE}${family === "IPv6" ? " nodad" : ""}\n`;
  }
  yield `route add default via ${GATEWAY.IPv4} dev ${OUT_INTERFACE} onlink\n`;
  yield `route add ::/0 via ${GATEWAY.IPv6} dev ${OUT_INTERFACE}\n`;
}

/** Commands that take the node away again. The rest of the sandbox stays. */
export function removeNode(spec: NodeSpec): Command[] {
  return [namespaces("del", spec)];
}

function namespaces(verb: "add" | "del", spec: NodeSpec): Command {
  const names = Object.values(namespacesOf(spec));
  return { argv: ["ip", "-batch", "-"], stdin: () => names.map((name) => `netns ${verb} ${name}\n`) };
}
