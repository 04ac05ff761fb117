// A node that packets can be sent through, by interface: made on a kernel host, its rules loaded, with ears on every way
// out. Nothing here knows what a right packet is.
//
//   in: eth0, cni0, ... (clients)   out (endpoints answer there)   null (processes on the node)
//   seen: "beyond" behind OUT_INTERFACE   "node" delivered on the node   "client" sent back by a client's interface
import { PlumbError } from "../../base/errors.js";
import type { Family } from "../../base/ip.js";
import type { Command, KernelHost } from "../host/command.js";
import { runCommand, runCommands } from "../host/run-commands.js";
import {
  BACKEND_INTERFACE,
  makeNode,
  namespacesOf,
  type NodeSpec,
  OUT_ADDRESS,
  OUT_INTERFACE,
  removeNode,
} from "../host/topology.js";
import { Exchange, type Port } from "../injector/exchange.js";
import { decodePacket, encodePacket, type SeenWirePacket, type WirePacket } from "./wire-packet.js";

export interface SentPacket {
  readonly packet: WirePacket;
  /** Null: from the node itself. */
  readonly inInterface: string | null;
}

export interface SeenPacket {
  readonly packet: SeenWirePacket;
  readonly at: "node" | "beyond" | "client";
}

export interface TestedNode {
  /** Connections it remembers before it drops the next. */
  readonly connectionsMax: number;
  /** Send in order; everything of ours that came out anywhere. */
  exchange(packets: readonly SentPacket[]): Promise<readonly SeenPacket[]>;
  close(): Promise<void>;
}

/** How to make one. */
export interface NodePlan {
  readonly family: Family;
  readonly node: NodeSpec;
  /** Carried out when the namespaces are there: rules are loaded. */
  readonly load: readonly Command[];
}

/** Make it. @throws {PlumbError} Internal, with the command that failed */
export async function openNode(host: KernelHost, plan: NodePlan): Promise<TestedNode> {
  try {
    await runCommands(host, [...makeNode(plan.node), ...plan.load]);
    return new HostNode(host, plan, await readConnectionsMax(host, plan.node));
  } catch (error) {
    for (const command of removeNode(plan.node)) await host.run(command);
    throw error;
  }
}

const CONNTRACK_MAX_FILE = "/proc/sys/net/netfilter/nf_conntrack_max";

async function readConnectionsMax(host: KernelHost, node: NodeSpec): Promise<number> {
  const { stdout } = await runCommand(host, {
    netns: namespacesOf(node).node,
    argv: ["cat", CONNTRACK_MAX_FILE],
  });
  return Number(stdout.trim());
}

/** Where packets can be sent and are looked for: the clients' interfaces in order, then beyond, then the node. */
export function portsOf({ family, node }: NodePlan): Port[] {
  const { node: own, client, backend } = namespacesOf(node);
  return [
    ...node.interfaces.map((name): Port => ({ kind: "link", netns: client, interface: name })),
    { kind: "link", netns: backend, interface: BACKEND_INTERFACE, peer: OUT_ADDRESS },
    { kind: "node", netns: own, family },
  ];
}

/** The port of packets that come in by an interface; null: from the node itself. @throws {PlumbError} Internal when there is none */
export function portOf({ node }: NodePlan, inInterface: string | null): number {
  const port = [...node.interfaces, OUT_INTERFACE, null].indexOf(inInterface);
  if (port >= 0) return port;
  throw new PlumbError(
    "Internal",
    `Cannot send by interface '${inInterface}': the node has none of that name`,
  );
}

class HostNode implements TestedNode {
  readonly connectionsMax: number;
  readonly #host: KernelHost;
  readonly #plan: NodePlan;
  readonly #exchange: Exchange;
  /** By port. */
  readonly #places: readonly SeenPacket["at"][];

  constructor(host: KernelHost, plan: NodePlan, connectionsMax: number) {
    this.#host = host;
    this.#plan = plan;
    this.connectionsMax = connectionsMax;
    this.#places = [...plan.node.interfaces.map(() => "client" as const), "beyond", "node"];
    this.#exchange = new Exchange(host, portsOf(plan));
  }

  async exchange(packets: readonly SentPacket[]): Promise<readonly SeenPacket[]> {
    const records = packets.map(({ packet, inInterface }) => ({
      port: portOf(this.#plan, inInterface),
      bytes: encodePacket(packet),
    }));
    const seen = await this.#exchange.exchange(records);
    return seen.flatMap(({ port, bytes }) => {
      const packet = decodePacket(bytes);
      const at = this.#places[port];
      return packet === null || at === undefined ? [] : [{ packet, at }];
    });
  }

  async close(): Promise<void> {
    await this.#exchange.close();
    await runCommands(this.#host, removeNode(this.#plan.node));
  }
}
