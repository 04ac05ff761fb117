// A node that is no kernel: a tracer with a model of its own answers for it. What a verification says of a kernel that
// does otherwise can so be tested without one.
import { readFileSync } from "node:fs";
import { sourcePath } from "../../base/source-path.js";
import { Prng } from "../../base/prng.js";
import { parseIptablesSave } from "../../netfilter/iptables/parse.js";
import { type Packet, TCP_FLAGS } from "../../netfilter/packet.js";
import type { IptablesModel, RuleModel } from "../../netfilter/rule-model.js";
import { SeededChance } from "../../netfilter/tracer/chance.js";
import { createTracer, parsePacket } from "../../netfilter/tracer/index.js";
import type { Tracer } from "../../netfilter/tracer/trace.js";
import type { Conversation } from "./conversation.js";
import type { Subject } from "./session.js";
import type { SeenPacket, SentPacket, TestedNode } from "./tested-node.js";
import type { WirePacket } from "./wire-packet.js";

const RULES = sourcePath(import.meta.url, "../../netfilter/iptables/testdata/kube-proxy.restore");
export const NODE = "192.168.0.10";

/** kube-proxy's rules, in which `replace` stands instead of the first text that matches `pattern`. */
export function kubeProxyModel(pattern?: RegExp, replace = ""): IptablesModel {
  const original = readFileSync(RULES, "utf8");
  const text = pattern === undefined ? original : original.replace(pattern, replace);
  const { ruleset } = parseIptablesSave({ file: RULES, text });
  return { mode: "iptables", family: "IPv4", ruleset, ipsets: [], localAddresses: [NODE] };
}

/** @param kernel what the node really does; the model of the subject says what it should */
export function simulatedSubject(model: RuleModel, kernel: RuleModel, prng: Prng): Subject {
  return {
    model,
    nodeAddresses: [NODE],
    plan: { family: "IPv4", node: { id: "1", interfaces: ["eth0"], addresses: [NODE] }, load: [] },
    open: () => Promise.resolve(new SimulatedNode(kernel, prng)),
  };
}

const CONNECTIONS_MAX = 20_000;

class SimulatedNode implements TestedNode {
  readonly connectionsMax = CONNECTIONS_MAX;
  readonly #tracer: Tracer;

  constructor(model: RuleModel, prng: Prng) {
    const chance = new SeededChance(new Prng(prng.next32()));
    this.#tracer = createTracer(model, { chance, steps: false, conntrackMax: CONNECTIONS_MAX });
  }

  exchange(packets: readonly SentPacket[]): Promise<readonly SeenPacket[]> {
    return Promise.resolve(packets.flatMap((sent) => this.#send(sent)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #send({ packet, inInterface }: SentPacket): SeenPacket[] {
    const { outcome, sent } = this.#tracer.send({ ...packet, inInterface, payloadBytes: 0 }, 0);
    if (outcome.verdict === "REJECT") return [{ packet: refusalOf(packet), at: "beyond" }];
    if (sent === null) return [];
    const seen = { ...packet, ...sent, protocol: packet.protocol, refuses: false, icmp: null };
    return [{ packet: seen, at: sent.destination === NODE ? "node" : "beyond" }];
  }
}

function refusalOf({ number, source }: WirePacket): SeenPacket["packet"] {
  const ends = { source: NODE, sourcePort: 0, destination: source, destinationPort: 0 };
  return { number, protocol: "icmp", ...ends, tcpFlags: 0, refuses: true, icmp: "3/3" };
}

/** "tcp 10.0.1.7:0 > 10.96.0.10:80", the flow's number instead of the source port; "<" is an answer. */
export function conversationOf(
  kind: string,
  service: string | null,
  lines: readonly string[],
  once = false,
): Conversation {
  const utterances = lines.map((line) => {
    if (line === "<") return { from: "target" as const, tcpFlags: TCP_FLAGS.SYN | TCP_FLAGS.ACK };
    const { sourcePort: flow, ...packet }: Packet = parsePacket(line);
    return { from: "client" as const, flow, packet };
  });
  return { kind, service, utterances, once };
}
