// The kinds of packets that a verification sends: one row each, who asks whom by which way, and what is said.
// Services with session affinity remember who asked them: only the row "affinity" asks them, with clients of its own.
import type { Packet } from "../../netfilter/packet.js";
import { TCP_FLAGS } from "../../netfilter/packet.js";
import type { Utterance } from "../../kernel/behaviour/conversation.js";
import type { Mode } from "../../netfilter/rule-model.js";
import type { ServiceEntry } from "../../proxy/service-port.js";
import type { ClientKind, FlowClient } from "./flow-clients.js";

const WAYS = ["cluster-ip", "external-ip", "load-balancer", "node-port"] as const;
export type WayKind = (typeof WAYS)[number];

export type FlowProtocol = "tcp" | "udp" | "sctp";

/** An address and port that packets are sent to. */
export interface Way {
  readonly kind: WayKind | "elsewhere";
  readonly protocol: FlowProtocol;
  readonly ip: string;
  readonly port: number;
  /** The service port behind it; null when there is none. */
  readonly entry: ServiceEntry | null;
  /** Endpoints as clients, where the row asks for them. */
  readonly endpoints: readonly FlowClient[];
}

/** One row. */
export interface FlowKind {
  readonly name: string;
  /** Share of the flows, relative to the other rows'. */
  readonly weight: number;
  /**
   * Which ways are asked. elsewhere: addresses that no Service has. endpoint: endpoints, without their Service.
   * unused: addresses of Services at other ports. localhost: node ports at 127.0.0.1.
   */
  readonly ways: readonly (WayKind | "elsewhere" | "endpoint" | "unused" | "health-check" | "localhost")[];
  readonly clients: readonly (ClientKind | "own-endpoint")[];
  readonly where: (way: Way) => boolean;
  /** Whether a client asks a Service once only, because it is remembered. */
  readonly once: boolean;
  /** Conversations to choose from. */
  readonly scripts: readonly Script[];
  /** A mode whose model is known not to foretell it. */
  readonly notIn?: Mode;
}

/** What is said by a client to a way; `other` is another way into the same Service, or the same one. */
export type Script = (client: FlowClient, way: Way, other: Way) => readonly Utterance[];

const { SYN, ACK, RST, FIN } = TCP_FLAGS;

function says(client: FlowClient, way: Way, flow: number, tcpFlags: number): Utterance {
  const packet: Omit<Packet, "sourcePort"> = {
    protocol: way.protocol,
    source: client.address,
    destination: way.ip,
    destinationPort: way.port,
    inInterface: client.inInterface,
    tcpFlags: way.protocol === "tcp" ? tcpFlags : 0,
    payloadBytes: 0,
  };
  return { from: "client", flow, packet };
}

const accepts: Utterance = { from: "target", tcpFlags: SYN | ACK };

const opens: Script = (client, way) => [says(client, way, 0, SYN)];
/** The node has no socket for what it says here: its own stack resets a connection once it is answered. */
const talks: Script = (client, way) => {
  const answered = [says(client, way, 0, SYN), accepts];
  const isReset = client.inInterface === null && way.protocol !== "udp";
  return isReset ? answered : [...answered, says(client, way, 0, ACK)];
};
const returns: Script = (client, way, other) => [
  says(client, way, 0, SYN),
  says(client, way, 1, SYN),
  says(client, other, 2, SYN),
];

/** A TCP flow by the flags of its packets; "<" marks those of the one who was reached. */
function tcp(packets: string): Script {
  return (client, way) =>
    packets.split(" ").map((text) => {
      const tcpFlags = [...text].reduce((bits, letter) => bits | (FLAG_OF[letter] ?? 0), 0);
      return text.startsWith("<") ? { from: "target", tcpFlags } : says(client, way, 0, tcpFlags);
    });
}
const FLAG_OF: Readonly<Record<string, number>> = { S: SYN, A: ACK, F: FIN, R: RST };

const isSticky = ({ entry }: Way) => entry !== null && entry.port.affinitySeconds > 0;
const isInternal = ({ kind }: Way) => kind === "cluster-ip";

/** Whether the way has an endpoint for those who come by it from outside the node. */
function isServed(way: Way): boolean {
  return way.entry !== null && (isInternal(way) ? way.entry.hasInternal : way.entry.hasExternal);
}

const isAsked = (way: Way) => isServed(way) && !isSticky(way);
const hasRanges = ({ entry }: Way) => (entry?.port.loadBalancerSourceRanges.length ?? 0) > 0;

export const FLOW_KINDS: readonly FlowKind[] = [
  {
    name: "cluster-ip",
    weight: 16,
    ways: ["cluster-ip"],
    clients: ["pod", "remote-pod", "outside"],
    where: isAsked,
    once: false,
    scripts: [opens],
  },
  {
    name: "node-port",
    weight: 12,
    ways: ["node-port"],
    clients: ["pod", "remote-pod", "outside"],
    where: isAsked,
    once: false,
    scripts: [opens],
  },
  {
    name: "external-ip",
    weight: 6,
    ways: ["external-ip"],
    clients: ["pod", "remote-pod", "outside"],
    where: isAsked,
    once: false,
    scripts: [opens],
  },
  {
    name: "load-balancer",
    weight: 8,
    ways: ["load-balancer"],
    clients: ["pod", "remote-pod", "outside"],
    where: (way) => isAsked(way) && !hasRanges(way),
    once: false,
    scripts: [opens],
  },
  {
    name: "source-ranges",
    weight: 8,
    ways: ["load-balancer"],
    clients: ["outside", "pod", "remote-pod", "node"],
    where: (way) => hasRanges(way) && !isSticky(way),
    once: false,
    scripts: [opens],
  },
  {
    name: "hairpin",
    weight: 6,
    ways: WAYS,
    clients: ["own-endpoint"],
    where: isAsked,
    once: false,
    scripts: [opens],
  },
  {
    name: "no-endpoints",
    weight: 5,
    ways: WAYS,
    clients: ["pod", "remote-pod", "outside", "node"],
    where: ({ entry }) => entry?.hasAny === false,
    once: false,
    scripts: [opens],
  },
  {
    name: "policy-local",
    weight: 6,
    ways: WAYS,
    clients: ["pod", "remote-pod", "outside", "node"],
    where: (way) => way.entry?.hasAny === true && !isServed(way) && !isSticky(way),
    once: false,
    scripts: [opens],
  },
  {
    name: "affinity",
    weight: 6,
    ways: WAYS,
    clients: ["sticky"],
    where: isSticky,
    once: true,
    scripts: [returns],
  },
  {
    name: "established",
    weight: 10,
    ways: WAYS,
    clients: ["pod", "remote-pod", "outside", "node", "own-endpoint"],
    where: isAsked,
    once: false,
    scripts: [talks],
  },
  {
    name: "from-node",
    weight: 7,
    ways: WAYS,
    clients: ["node"],
    where: isAsked,
    once: false,
    scripts: [opens],
  },
  {
    name: "localhost",
    weight: 2,
    ways: ["localhost"],
    clients: ["loopback"],
    where: (way) => !isSticky(way),
    once: false,
    scripts: [opens, talks],
  },
  {
    name: "invalid",
    weight: 4,
    ways: WAYS,
    clients: ["pod", "outside"],
    where: (way) => way.protocol === "tcp" && isAsked(way),
    once: false,
    scripts: [tcp("SA"), tcp("R"), tcp("F"), tcp("S SA"), tcp("S <SA SA"), tcp("S <SA A -")],
  },
  {
    name: "tcp-states",
    weight: 6,
    ways: WAYS,
    clients: ["pod", "outside"],
    where: (way) => way.protocol === "tcp" && isAsked(way),
    once: false,
    scripts: [
      tcp("A <A A"),
      tcp("S S"),
      tcp("S <S SA <A"),
      tcp("S <SA A S"),
      tcp("S <SA A FA <FA A S"),
      tcp("S <SA A <FA A FA <A"),
      tcp("S <SA R S"),
      tcp("S <SA R A"),
      tcp("S <R S"),
      tcp("S <R A"),
      tcp("S <RA S"),
    ],
  },
  {
    // IPVS drops the SYN (conn_reuse_mode 1, a conntrack entry that lives on): netfilter/ipvs has no such state.
    name: "tcp-reset",
    weight: 1,
    ways: WAYS,
    clients: ["pod", "outside"],
    where: (way) => way.protocol === "tcp" && isAsked(way),
    once: false,
    scripts: [tcp("S <SA <R A S")],
    notIn: "ipvs",
  },
  {
    name: "unused-port",
    weight: 3,
    ways: ["unused"],
    clients: ["pod", "remote-pod", "outside", "node"],
    where: () => true,
    once: false,
    scripts: [opens],
  },
  {
    name: "health-check",
    weight: 1,
    ways: ["health-check"],
    clients: ["pod", "outside", "node"],
    where: () => true,
    once: false,
    scripts: [opens],
  },
  {
    name: "pass-through",
    weight: 4,
    ways: ["elsewhere"],
    clients: ["pod", "remote-pod", "outside", "node"],
    where: () => true,
    once: false,
    scripts: [opens, talks],
  },
  {
    name: "to-itself",
    weight: 2,
    ways: ["endpoint"],
    clients: ["own-endpoint"],
    where: () => true,
    once: false,
    scripts: [opens],
  },
];
