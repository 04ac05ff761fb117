// The answers to packets that were let through: a reply's addresses are those of the translated packet, turned round.
// A userspace proxy answers for itself: its reply leaves the node from the port that the client was redirected to.
import { ipWords } from "../base/ip.js";
import { PROTOCOL_NUMBERS, TCP_FLAGS } from "../netfilter/packet.js";
import { PacketColumns } from "../netfilter/packet-columns.js";
import type { RuleModel, UserspaceModel } from "../netfilter/rule-model.js";
import type { ResultView } from "../dataplane/result-view.js";

/** What the answering end sends. Flags apply to TCP. */
export interface ReplyShape {
  readonly tcpFlags: number;
  readonly payloadBytes: number;
}

const SYN_ACK: ReplyShape = { tcpFlags: TCP_FLAGS.SYN | TCP_FLAGS.ACK, payloadBytes: 0 };

/** One reply per packet that got through, in the same order. */
export function repliesTo(
  sent: PacketColumns,
  results: ResultView,
  model: RuleModel,
  shape = SYN_ACK,
): PacketColumns {
  const answered = indicesThrough(results);
  const replies = new PacketColumns(sent.family, answered.length, sent.interfaces);
  const proxy = model.mode === "userspace" ? new ProxyEnds(model) : null;
  for (const [index, packet] of answered.entries()) {
    const from = proxy?.listenerOf(results, packet) ?? results.target(packet);
    const to = results.source(packet);
    replies.source.set(ipWords(from.ip), index * 4);
    replies.destination.set(ipWords(to.ip), index * 4);
    replies.sourcePort[index] = from.port;
    replies.destinationPort[index] = to.port;
    replies.protocol[index] = sent.protocol[packet] as number;
    replies.tcpFlags[index] = sent.protocol[packet] === PROTOCOL_NUMBERS.tcp ? shape.tcpFlags : 0;
    replies.payloadBytes[index] = shape.payloadBytes;
    replies.timeMs[index] = sent.timeMs[packet] as number;
    replies.fromNode[index] = proxy === null ? 0 : 1;
  }
  return replies;
}

function indicesThrough(results: ResultView): number[] {
  const indices: number[] = [];
  for (let index = 0; index < results.count; index++) {
    const verdict = results.verdict(index);
    if (verdict === "DNAT" || verdict === "ACCEPT") indices.push(index);
  }
  return indices;
}

/** Backend address -> the listener in front of it. */
class ProxyEnds {
  readonly #nodeIp: string;
  readonly #portOf = new Map<string, number>();

  constructor({ listeners, localAddresses }: UserspaceModel) {
    this.#nodeIp = localAddresses[0] ?? "127.0.0.1";
    for (const { port, backends } of listeners) {
      for (const backend of backends) this.#portOf.set(`${backend.ip} ${backend.port}`, port);
    }
  }

  listenerOf(results: ResultView, packet: number): { ip: string; port: number } | null {
    const { ip, port } = results.target(packet);
    const listener = this.#portOf.get(`${ip} ${port}`);
    return listener === undefined ? null : { ip: this.#nodeIp, port: listener };
  }
}
