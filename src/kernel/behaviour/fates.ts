// What may become of a conversation according to a rule model: every sequence of outcomes that chance allows, with its
// probability. The tracer says it, packet by packet, over fresh tables; an answer comes from where the packet before it
// went. So affinity and established connections need no rules of their own here: the model remembers, or does not.
// Cost: paths x packets x the length of a walk; a Service of n endpoints has n paths.
import { isLoopback } from "../../base/ip.js";
import type { Packet, Verdict } from "../../netfilter/packet.js";
import type { IpvsScheduler } from "../../netfilter/ipvs/model.js";
import type { IpvsOptions } from "../../netfilter/ipvs/stage.js";
import { createIpvsTracer } from "../../netfilter/ipvs/tracer.js";
import type { RuleModel } from "../../netfilter/rule-model.js";
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
export interface Fate extends Course {
  readonly probability: number;
}

interface Course {
  readonly packets: readonly PacketFate[];
  /**
   * Whether nobody can foretell what comes after them: the node's own stack, which has nothing at that port, resets a TCP
   * connection and aborts an SCTP one, and so conntrack and IPVS forget it, or not, when that answer has passed.
   */
  readonly isOpen: boolean;
}

export interface Fates {
  readonly all: readonly Fate[];
  /** Whether WALKS_MAX ended the search: nothing can be judged by them. */
  readonly partial: boolean;
  /** Whether the probabilities are right: IPVS schedulers that look at load or at a hash have none. */
  readonly hasOdds: boolean;
}

/** Flow f has source port f + 1 in fates: no Service and no endpoint listens there. */
export const CANONICAL_PORT_FIRST = 1;
const CANONICAL_PORTS = Array.from({ length: 8 }, (_, flow) => CANONICAL_PORT_FIRST + flow);

/** Which server a scheduler takes depends on what others asked before, so any may come. */
const BY_CHANCE: IpvsOptions = { serviceTable: "fixed", connectionsMax: 1 << 10, scheduling: "by-chance" };

const WALKS_MAX = 20_000;
const CONNTRACK_MAX = 64;

/** Every fate of the conversation, in the order in which chance is explored; equal ones are one. */
export function fatesOf(model: RuleModel, conversation: Conversation): Fates {
  const walks = exploreWithOdds((chance) => hold(model, conversation, chance, null), WALKS_MAX + 1);
  const all = new Map<string, Course & { probability: number }>();
  for (const { result, probability } of walks) {
    const key = JSON.stringify(result);
    const known = all.get(key);
    if (known === undefined) all.set(key, { ...result, probability });
    else known.probability += probability;
  }
  return { all: [...all.values()], partial: walks.length > WALKS_MAX, hasOdds: hasOdds(model) };
}

const EVEN_SCHEDULERS: readonly IpvsScheduler[] = ["rr", "wrr"];

function hasOdds(model: RuleModel): boolean {
  return (
    model.mode !== "ipvs" ||
    model.virtualServers.every(({ scheduler }) => EVEN_SCHEDULERS.includes(scheduler))
  );
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
    const { packets } = hold(model, conversation, chance, steps);
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
): Course {
  const options = { chance, steps: steps !== null, conntrackMax: CONNTRACK_MAX };
  const tracer =
    model.mode === "ipvs" ? createIpvsTracer(model, options, BY_CHANCE) : createTracer(model, options);
  const local = new Set(model.localAddresses);
  const fates: PacketFate[] = [];
  const reset = new Set<number>();
  for (const [index, utterance] of conversation.utterances.entries()) {
    if (utterance.from === "client" && reset.has(utterance.flow)) return { packets: fates, isOpen: true };
    const packet = spoken(utterance, fates[askedBefore(conversation, index)]);
    if (packet === null) break;
    const { outcome, sent, steps: walk, established } = tracer.send(packet, 0);
    steps?.push(walk);
    const isLocal = sent !== null && (local.has(sent.destination) || isLoopback(sent.destination));
    // Every answer has another source than the one who gives it; that is the translation of the flow, not of the packet.
    const masquerade = utterance.from === "client" && outcome.masquerade;
    fates.push({ verdict: outcome.verdict, sent, isLocal, masquerade, isNew: !established });
    if (isLocal && utterance.from === "client" && packet.protocol !== "udp") reset.add(utterance.flow);
  }
  return { packets: fates, isOpen: false };
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
