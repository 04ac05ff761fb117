// A difference in words: the packet, what the model says with the tracer's walk, what was seen, how to see it again.
import { joinHostPort } from "../../base/ip.js";
import { assert } from "../../base/assert.js";
import type { DistributionRecord, MismatchRecord } from "../../measure/kernel-record.js";
import type { Tuple } from "../../netfilter/tracer/conntrack.js";
import { packetText } from "../../netfilter/tracer/index.js";
import { stepText } from "../../netfilter/tracer/step-text.js";
import { answerTo, askedBefore, clientOf, type HeldConversation, packetOf } from "./conversation.js";
import { CANONICAL_PORT_FIRST, type PacketFate, walkOf } from "./fates.js";
import type { PacketSight } from "./judge.js";
import { repeatScript } from "./repeat-script.js";
import type { Reproduced } from "./reproduce.js";
import type { Subject } from "./session.js";
import type { Sample } from "./spread.js";

/** How often a script tells what chance decides about: one wrong backend of ten then shows 19 times of 20. */
const REPEATS_MAX = 30;

export function mismatchOf({ subject, before, result, again }: Reproduced): MismatchRecord {
  const { held, judgement, sights } = result;
  const { index, expected } = judgement;
  const seen = sights[index];
  const walk = walkOf(subject.model, held.conversation, index, judgement.before);
  const note = again
    ? []
    : ["# It did not come again when it was told to a fresh node; this is what was said when it came."];
  // Where chance decides, it is told often enough to show.
  const times = held.conversation.once || result.fates.all.length === 1 ? 1 : REPEATS_MAX;
  const told = [...before, ...Array.from({ length: times }, () => held.conversation)];
  return {
    kind: held.conversation.kind,
    packet: spokenText(held, index, sights),
    expected: expected.length === 0 ? "no packet" : expected.map((fate) => fateText(fate, held)).join(" or "),
    observed: seen === undefined ? "nothing" : sightText(seen),
    walk: walk.map(stepText),
    repeat: [...note, ...repeatScript(subject.plan, told)],
  };
}

/** Flows that fall on the backends of a Service otherwise than the model says. */
export function spreadMismatch(subject: Subject, sample: Sample, judged: DistributionRecord): MismatchRecord {
  const [conversation] = sample.conversations;
  assert(conversation !== undefined, "a sample without conversations");
  const told = Array.from({ length: REPEATS_MAX }, () => ({
    ...conversation,
    utterances: conversation.utterances.slice(0, 1),
  }));
  const share = (part: number) => `${(part * 100).toFixed(1)}%`;
  const odds = [...sample.odds].map(([backend, probability]) => `${backend} ${share(probability)}`);
  const seen = [...sample.odds.keys()].map(
    (backend) => `${backend} ${share((sample.seen.get(backend) ?? 0) / judged.flows)}`,
  );
  return {
    kind: "spread",
    packet: spokenText({ conversation, number: 1, sourcePorts: [1024] }, 0, []),
    expected: odds.join(", "),
    observed: `${seen.join(", ")} of ${judged.flows} flows to ${sample.service}: p = ${judged.pValue.toExponential(1)}`,
    walk: walkOf(subject.model, conversation, 0, []).map(stepText),
    repeat: repeatScript(subject.plan, told),
  };
}

/** Packet `index` of a conversation as it was sent. */
function spokenText(
  { conversation, sourcePorts }: HeldConversation,
  index: number,
  sights: readonly PacketSight[],
): string {
  const utterance = conversation.utterances[index];
  if (utterance?.from === "client") return packetText(packetOf(utterance, sourcePorts));
  const asked = sights[askedBefore(conversation, index)]?.sent;
  assert(asked !== null && asked !== undefined && utterance !== undefined, "an answer to nothing");
  return packetText(answerTo(asked, utterance));
}

/** "DNAT: 10.0.0.9:4000 > 10.1.0.2:80". Ports of the client are given back. */
function fateText(fate: PacketFate, held: HeldConversation): string {
  const { sent } = fate;
  if (sent === null) return fate.verdict;
  const port = (ip: string, port: number) => {
    const flow = port - CANONICAL_PORT_FIRST;
    return ip === clientOf(held.conversation) ? (held.sourcePorts[flow] ?? port) : port;
  };
  const from = fate.masquerade ? "the node" : joinHostPort(sent.source, port(sent.source, sent.sourcePort));
  const to = joinHostPort(sent.destination, port(sent.destination, sent.destinationPort));
  return `${fate.verdict}: ${from} > ${to}${fate.isLocal ? " on the node" : ""}`;
}

function sightText({ verdict, sent, isLocal, copies }: PacketSight): string {
  if (sent === null) return verdict;
  return `${verdict}: ${endsText(sent)}${isLocal ? " on the node" : ""}${copies > 1 ? `, ${copies} times` : ""}`;
}

function endsText({ source, sourcePort, destination, destinationPort }: Tuple): string {
  return `${joinHostPort(source, sourcePort)} > ${joinHostPort(destination, destinationPort)}`;
}
