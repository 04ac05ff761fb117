// The least that shows a difference: one conversation, cut off behind the packet that went otherwise, told to a fresh
// node with as few rules as do; only if it does not show alone, what the node was told before, as little of it as does.
// Where chance picks the backend, and only one is wrong, a conversation is held up to ATTEMPTS times.
// Cost: a fresh node per try, some ten tries.
import { type Conversation, upTo } from "./conversation.js";
import { type Disagreement, isDisagreement, Session, type Subject } from "./session.js";

export interface Reproduced {
  readonly subject: Subject;
  /** What the node must be told first; empty when nothing. */
  readonly before: readonly Conversation[];
  readonly result: Disagreement;
  /** Whether it came again; if not, `result` is what was seen the first time. */
  readonly again: boolean;
}

const ATTEMPTS = 64;
/** A client that is remembered can be a newcomer once per node; fewer nodes are asked whether a part shows it too. */
const NODES = 12;
const NODES_OF_PART = 5;
/** Fresh nodes that making it small may take. */
const TRIES_MAX = 40;

/**
 * @param before all that the node was told before, in order
 * @param subjects to try on, the smallest first, the one it was found on last
 */
export async function reproduce(
  found: Disagreement,
  before: readonly Conversation[],
  subjects: readonly Subject[],
): Promise<Reproduced> {
  const cut = upTo(found.held.conversation, found.judgement.index);
  for (const subject of subjects) {
    const result = await alone(subject, cut);
    if (result !== null)
      return { subject, before: [], result: await shortened(subject, result), again: true };
  }
  const subject = subjects.at(-1) as Subject;
  return (await withBefore(subject, before, cut)) ?? { subject, before: [], result: found, again: false };
}

async function alone(
  subject: Subject,
  conversation: Conversation,
  nodes = NODES,
): Promise<Disagreement | null> {
  for (let node = 0; node < (conversation.once ? nodes : 1); node++) {
    const result = await tell(subject, [], conversation);
    if (result !== null) return result;
  }
  return null;
}

/** The first time that the conversation went otherwise, told to a fresh node after `before`; null when it never did. */
async function tell(
  subject: Subject,
  before: readonly Conversation[],
  conversation: Conversation,
): Promise<Disagreement | null> {
  const session = new Session(subject);
  try {
    await session.renew();
    const attempts = conversation.once || before.length > 0 ? 1 : ATTEMPTS;
    const results = await session.hold([...before, ...Array.from({ length: attempts }, () => conversation)]);
    const own = results.slice(before.length);
    return own.find(isDisagreement) ?? null;
  } finally {
    await session.close();
  }
}

/** Without those of its earlier packets that do not matter. */
async function shortened(subject: Subject, result: Disagreement): Promise<Disagreement> {
  const { conversation } = result.held;
  for (let index = 0; index < conversation.utterances.length - 1; index++) {
    const utterances = conversation.utterances.filter((_, at) => at !== index);
    if (utterances[0]?.from !== "client" || opensAlike(utterances, conversation)) continue;
    const shorter = await alone(subject, { ...conversation, utterances }, NODES_OF_PART);
    if (shorter !== null) return await shortened(subject, shorter);
  }
  return result;
}

/** A lone packet like the first one, which went right. */
function opensAlike(utterances: Conversation["utterances"], { utterances: [first] }: Conversation): boolean {
  const [only, ...more] = utterances;
  if (more.length > 0 || only?.from !== "client" || first?.from !== "client") return false;
  return JSON.stringify(only.packet) === JSON.stringify(first.packet);
}

/** With as little of what was said before as shows it: of the same client and Service, of the Service, or all. */
async function withBefore(
  subject: Subject,
  before: readonly Conversation[],
  conversation: Conversation,
): Promise<Reproduced | null> {
  const ofService = before.filter(({ service }) => service === conversation.service);
  for (const candidate of [ofService, before]) {
    const result = await tell(subject, candidate, conversation);
    if (result !== null) return await shortest(subject, candidate, result);
  }
  return null;
}

/**
 * Halves, then quarters, down to single conversations are left out as long as it shows.
 * Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002 (complements only).
 */
async function shortest(
  subject: Subject,
  before: readonly Conversation[],
  result: Disagreement,
): Promise<Reproduced> {
  let [kept, shown, tries] = [before, result, 0];
  for (let chunk = Math.ceil(kept.length / 2); chunk >= 1; chunk = Math.floor(chunk / 2)) {
    for (let at = 0; at < kept.length && tries < TRIES_MAX; tries++) {
      const rest = kept.filter((_, index) => index < at || index >= at + chunk);
      const again = await tell(subject, rest, result.held.conversation);
      if (again === null) at += chunk;
      else [kept, shown] = [rest, again];
    }
  }
  return { subject, before: kept, result: shown, again: true };
}
