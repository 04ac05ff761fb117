// What may become of a conversation according to a rule model: every sequence of outcomes that chance allows, with its
// probability. The tracer says it, packet by packet, over fresh tables; an answer comes from where the packet before it
// went. So affinity and established connections need no rules of their own here: the model remembers, or does not.
// Cost: paths x packets x the length of a walk; a Service of n endpoints has n paths.
import { isLoopback, joinHostPort } from "../../base/ip.js";
import type { Packet, Verdict } from "../../netfilter/packet.js";
import type { RealServer, VirtualServer } from "../../netfilter/ipvs/model.js";
import type { IpvsModel, RuleModel } from "../../netfilter/rule-model.js";
import { type Chance, exploreWithOdds } from "../../netfilter/tracer/chance.js";
import type { Tuple } from "../../netfilter/tracer/conntrack.js";
import { createTracer } from "../../netfilter/tracer/index.js";
import type { TraceStep } from "../../netfilter/tracer/trace.js";
import { answerTo, askedBefore, type Conversation, packetOf, type Utterance } from "./conversation.js";

/** What became, or may become, of one packet. */
export interface PacketFate {
  readonly verdict: Verdict;
  /** As it left the node or was delivered on it; null when it was stopped. */
  readonly sent: Tuple | null;
  /** Delivered on the node itself. */
  readonly isLocal: boolean;
  /** Whether its source is translated to an address of the node, with any port. */
  readonly masquerade: boolean;
  /** Whether it opens a connection: translation begins anew with it. */
  readonly isNew: boolean;
}

/** One way a conversation may go: a fate a packet, fewer when one reached nobody who could answer. */
export interface Fate {
  readonly packets: readonly PacketFate[];
  readonly probability: number;
}

export interface Fates {
  readonly all: readonly Fate[];
  /** Whether WALKS_MAX ended the search: nothing can be judged by them. */
  readonly partial: boolean;
  /** Whether the probabilities are right: schedulers of IPVS go by turns, load or a hash, not by chance. */
  readonly hasOdds: boolean;
}

/** Flow f has source port f + 1 in fates: no Service and no endpoint listens there. */
export const CANONICAL_PORT_FIRST = 1;
const CANONICAL_PORTS = Array.from({ length: 8 }, (_, flow) => CANONICAL_PORT_FIRST + flow);

const WALKS_MAX = 20_000;
const CONNTRACK_MAX = 64;

/** Every fate of the conversation, in the order in which chance is explored; equal ones are one. */
export function fatesOf(model: RuleModel, conversation: Conversation): Fates {
  const walks = exploreWithOdds((chance) => hold(model, conversation, chance, null), WALKS_MAX + 1);
  const all = new Map<string, { packets: readonly PacketFate[]; probability: number }>();
  for (const { result, probability } of walks) {
    const key = JSON.stringify(result);
    const known = all.get(key);
    if (known === undefined) all.set(key, { packets: result, probability });
    else known.probability += probability;
  }
  return { all: [...all.values()], partial: walks.length > WALKS_MAX, hasOdds: model.mode !== "ipvs" };
}

/** The tracer's walk of utterance `index`, along a path on which the packets before it had the fates given. */
export function walkOf(
  model: RuleModel,
  conversation: Conversation,
  index: number,
  before: readonly PacketFate[],
): readonly TraceStep[] {
  const wanted = JSON.stringify(before.slice(0, index));
  const walks = exploreWithOdds((chance) => {
    const steps: (readonly TraceStep[])[] = [];
    const packets = hold(model, conversation, chance, steps);
    return JSON.stringify(packets.slice(0, index)) === wanted ? steps[index] : undefined;
  }, WALKS_MAX);
  return walks.find(({ result }) => result !== undefined)?.result ?? [];
}

/** One path. @param steps takes the steps of each packet's walk; null when nobody wants them */
function hold(
  model: RuleModel,
  conversation: Conversation,
  chance: Chance,
  steps: (readonly TraceStep[])[] | null,
): PacketFate[] {
  const options = { chance, steps: steps !== null, conntrackMax: CONNTRACK_MAX };
  const scheduled = model.mode === "ipvs" ? scheduledBy(chance, model, conversation.utterances) : model;
  const tracer = createTracer(scheduled, options);
  const local = new Set(model.localAddresses);
  const fates: PacketFate[] = [];
  for (const [index, utterance] of conversation.utterances.entries()) {
    const packet = spoken(utterance, fates[askedBefore(conversation, index)]);
    if (packet === null) break;
    const { outcome, sent, steps: walk, established } = tracer.send(packet, 0);
    steps?.push(walk);
    const isLocal = sent !== null && (local.has(sent.destination) || isLoopback(sent.destination));
    // Every answer has another source than the one who gives it; that is the translation of the flow, not of the packet.
    const masquerade = utterance.from === "client" && outcome.masquerade;
    fates.push({ verdict: outcome.verdict, sent, isLocal, masquerade, isNew: !established });
  }
  return fates;
}

/**
 * The packet that an utterance is, after what became of the one it answers; null when nobody is there to answer: what is
 * delivered on the node is answered by its own stack, as it likes.
 */
function spoken(utterance: Utterance, asked: PacketFate | undefined): Packet | null {
  if (utterance.from === "client") return packetOf(utterance, CANONICAL_PORTS);
  if (asked === undefined || asked.sent === null || asked.isLocal) return null;
  return answerTo(asked.sent, utterance);
}

/**
 * The model with the virtual servers that the client asks, each with servers drawn by chance in the order in which it
 * will take them: which one a scheduler takes depends on what others asked before, so any may come.
 */
function scheduledBy(chance: Chance, model: IpvsModel, utterances: readonly Utterance[]): IpvsModel {
  const openings = new Map<string, number>();
  for (const it of utterances) {
    if (it.from !== "client") continue;
    const { protocol, destination, destinationPort } = it.packet;
    const asked = `${protocol} ${joinHostPort(destination, destinationPort)}`;
    openings.set(asked, (openings.get(asked) ?? 0) + 1);
  }
  const virtualServers = model.virtualServers.flatMap((server): VirtualServer[] => {
    const count = openings.get(`${server.protocol} ${joinHostPort(server.ip, server.port)}`) ?? 0;
    if (count === 0) return [];
    const candidates = server.realServers.filter(({ weight }) => weight > 0);
    if (candidates.length < 2) return [server];
    const draws = server.persistentSeconds === null ? count : 1;
    const drawn = Array.from(
      { length: draws },
      () => candidates[chance.below(candidates.length)] as RealServer,
    );
    // A list of servers begins with the one added last.
    return [{ ...server, scheduler: "rr", realServers: drawn.reverse() }];
  });
  return { ...model, virtualServers };
}
