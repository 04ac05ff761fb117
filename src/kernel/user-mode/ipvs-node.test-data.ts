// A node in ipvs mode in a guest, and beside it the tracer of the same model: packets go through both.
// The node's sets and rules are those that proxy/ipvs compiles for its packet-flow cluster; virtual servers are given.
import { readFileSync } from "node:fs";
import { joinHostPort, type Family } from "../../base/ip.js";
import { Prng } from "../../base/prng.js";
import { sourcePath } from "../../base/source-path.js";
import { parseIptablesSave } from "../../netfilter/iptables/parse.js";
import { parseIpsets } from "../../netfilter/ipset/text.js";
import type { VirtualServer } from "../../netfilter/ipvs/model.js";
import { createIpvsTracer } from "../../netfilter/ipvs/tracer.js";
import type { Packet } from "../../netfilter/packet.js";
import type { IpvsModel } from "../../netfilter/rule-model.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import type { Tracer } from "../../netfilter/tracer/trace.js";
import { decodePacket, encodePacket } from "../behaviour/wire-packet.js";
import type { CommandResult, KernelHost } from "../host/command.js";
import { ipvsNodeCommands } from "../host/ipvs-node.js";
import { runCommands } from "../host/run-commands.js";
import { BACKEND_INTERFACE, makeNode, namespacesOf } from "../host/topology.js";
import { Exchange } from "../injector/exchange.js";

export const NODE_ADDRESSES: Readonly<Record<Family, string>> = { IPv4: "192.168.0.2", IPv6: "fd00:192::2" };
/** Port unreachable, as ICMP type and code. */
const REFUSED: Readonly<Record<Family, string>> = { IPv4: "refused 3/3", IPv6: "refused 1/4" };
const CLIENTS = 0;
const BEYOND = 1;
/** What a fate ends with when the source is not what it was: the node's address, or another port. */
export const SOURCE_TRANSLATED = ", source translated";

export type SeenPacket = NonNullable<ReturnType<typeof decodePacket>>;

/** A packet, and what became of it in the kernel and in the model: "to 10.1.0.1:8080", "refused 3/3", "nothing". */
export interface Fates {
  readonly kernel: readonly string[];
  readonly model: readonly string[];
}

export class IpvsNode {
  readonly #kernel: KernelHost;
  readonly #netns: string;
  readonly #exchange: Exchange;
  readonly #tracer: Tracer;
  readonly #family: Family;
  /** Carried by the next packet. Even: a RST answers with the next number. */
  #number = 0;

  private constructor(kernel: KernelHost, netns: ReturnType<typeof namespacesOf>, model: IpvsModel) {
    this.#kernel = kernel;
    this.#netns = netns.node;
    this.#family = model.family;
    this.#exchange = new Exchange(kernel, [
      { kind: "link", netns: netns.client, interface: "eth0" },
      { kind: "link", netns: netns.backend, interface: BACKEND_INTERFACE },
    ]);
    const chance = new SeededChance(new Prng(1));
    this.#tracer = createIpvsTracer(model, { chance, steps: false, conntrackMax: 65_536 });
  }

  static async open(
    kernel: KernelHost,
    family: Family,
    virtualServers: readonly VirtualServer[],
  ): Promise<IpvsNode> {
    const spec = { id: family, interfaces: ["eth0"], addresses: [NODE_ADDRESSES[family]] };
    const netns = namespacesOf(spec);
    const model = modelOf(family, virtualServers);
    await runCommands(kernel, makeNode(spec));
    await runCommands(kernel, ipvsNodeCommands(model, { netns: netns.node, strictArp: false }));
    return new IpvsNode(kernel, netns, model);
  }

  /** Send packets in order through both. */
  async send(packets: readonly Packet[]): Promise<Fates> {
    const seen = await this.sendToKernel(packets);
    return {
      kernel: packets.map((packet, index) => fateSeen(packet, seen[index])),
      model: packets.map((packet) => this.#traced(packet)),
    };
  }

  /** Send packets through the kernel alone. @returns what was seen of each behind the node; undefined for nothing */
  async sendToKernel(packets: readonly Packet[]): Promise<readonly (SeenPacket | undefined)[]> {
    const flows = packets.map((packet) => wireFlow(packet, this.#nextNumber()));
    const sent = flows.map((flow) => ({ port: CLIENTS, bytes: encodePacket(flow) }));
    const exchanged = await this.#exchange.exchange(sent);
    const seen = exchanged.flatMap(({ port, bytes }) => (port === BEYOND ? [decodePacket(bytes)] : []));
    const byNumber = new Map(seen.flatMap((packet) => (packet === null ? [] : [[packet.number, packet]])));
    return flows.map(({ number }) => byNumber.get(number));
  }

  runInNode(...argv: readonly [string, ...string[]]): Promise<CommandResult> {
    return this.#kernel.run({ netns: this.#netns, argv });
  }

  close(): Promise<void> {
    return this.#exchange.close();
  }

  #nextNumber(): number {
    this.#number += 2;
    return this.#number;
  }

  #traced(packet: Packet): string {
    const { outcome } = this.#tracer.send(packet, 0);
    if (outcome.verdict === "REJECT") return REFUSED[this.#family];
    if (outcome.target === null) return outcome.verdict;
    const { ip, port } = outcome.target;
    return `to ${joinHostPort(ip, port)}${outcome.masquerade ? SOURCE_TRANSLATED : ""}`;
  }
}

function fateSeen(packet: Packet, seen: SeenPacket | undefined): string {
  if (seen === undefined) return "nothing";
  if (seen.icmp !== null) return `refused ${seen.icmp}`;
  const isTranslated = seen.source !== packet.source || seen.sourcePort !== packet.sourcePort;
  return `to ${joinHostPort(seen.destination, seen.destinationPort)}${isTranslated ? SOURCE_TRANSLATED : ""}`;
}

function wireFlow({ protocol, ...packet }: Packet, number: number) {
  if (protocol !== "udp" && protocol !== "tcp") throw new Error(`no ${protocol} here`);
  return { ...packet, protocol, number, answers: 0, acknowledges: 0, sctpChunk: "INIT" as const };
}

/** The compiled rules and sets, with the given virtual servers for cluster addresses. */
function modelOf(family: Family, virtualServers: readonly VirtualServer[]): IpvsModel {
  const document = (name: string) => {
    const file = sourcePath(
      import.meta.url,
      `../../proxy/ipvs/testdata/${family.toLowerCase()}.${name}.restore`,
    );
    return { file, text: readFileSync(file, "utf8") };
  };
  const addresses = new Set(virtualServers.map(({ ip }) => ip));
  const ports = new Set(virtualServers.map(({ ip, protocol, port }) => `${ip},${protocol}:${port}`));
  const ipsets = parseIpsets(document("ipset")).sets.map((set) => {
    if (/^KUBE(-6)?-CLUSTER-IP$/.test(set.name)) return { ...set, elements: ports };
    return /^KUBE(-6)?-IPVS-IPS$/.test(set.name) ? { ...set, elements: addresses } : set;
  });
  const { ruleset } = parseIptablesSave(document("iptables"));
  const localAddresses = [NODE_ADDRESSES[family], ...addresses];
  return { mode: "ipvs", family, ruleset, ipsets, virtualServers, localAddresses };
}
