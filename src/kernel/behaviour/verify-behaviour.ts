// Does a kernel do with packets what the rule model says? Thousands of conversations are held with a node that has the
// rules loaded, and each is compared with the fates the tracer foretells; then, Service by Service, how flows spread
// over backends is compared with the model's odds. A difference is shrunk to the least that shows it (reproduce.ts).
// Cost: on two cores about 20,000 conversations in 5 s, most of it the tracer's, plus 0.2 s a fresh node.
import type { Family } from "../../base/ip.js";
import type {
  BehaviourRecord,
  DistributionRecord,
  KernelKind,
  KernelPath,
  MismatchRecord,
} from "../../measure/kernel-record.js";
import { type Conversation, flowsOf } from "./conversation.js";
import { mismatchOf, spreadMismatch } from "./mismatch.js";
import { reproduce } from "./reproduce.js";
import { type Disagreement, isDisagreement, type Result, Session, type Subject } from "./session.js";
import { judgeSample, P_CONFIRMED, P_SUSPECT, type Sample, Spread } from "./spread.js";

/** What to say, in order. */
export interface ConversationPlan {
  /** Null when all that may be said to one node has been said. */
  next(): Conversation | null;
  /** The node was replaced by one that remembers nobody. */
  renew(): void;
}

export interface BehaviourOptions {
  readonly path: KernelPath;
  readonly kernel: KernelKind;
  readonly family: Family;
  /** For a reader: what the rules were compiled from. */
  readonly cluster: string;
  readonly subject: Subject;
  readonly plan: ConversationPlan;
  /** Conversations to hold; a large Service's that have too many fates are not counted. */
  readonly flows: number;
  /** Differences to explain, each of another kind or Service; all are counted. */
  readonly mismatchesMax: number;
  /** The subject with those Services only, as Conversation.service names them; to make differences small. */
  reduce(services: ReadonlySet<string>): Subject;
  /** Called after each batch with the flows held so far. */
  onProgress(flows: number): void;
  /** Ends the run after the batch under way; what was verified until then is in the record. */
  readonly signal: AbortSignal;
}

/** Conversations held at once. They must be over before a closed connection is forgotten, which is after 10 s. */
const BATCH: Readonly<Record<KernelKind, number>> = { native: 2000, "user-mode": 300 };

/** A second sample of a Service is at most this large. */
const SPREAD_FLOWS_MAX = 2000;

/** @throws {PlumbError} when the kernel or a tool refuses what is asked of it */
export async function verifyBehaviour(options: BehaviourOptions): Promise<BehaviourRecord> {
  const run = new Run(options);
  try {
    await run.holdAll();
    await run.compareSpread();
    await run.explain();
    return run.record();
  } finally {
    await run.close();
  }
}

interface Count {
  flows: number;
  agreed: number;
}

/** A conversation that went otherwise, and all that the same node was told before it. */
interface Difference {
  readonly result: Disagreement;
  readonly before: readonly Conversation[];
}

/** A conversation that was drawn must fit: a plan gives it once. */
const FLOWS_PER_CONVERSATION_MAX = 16;

class Run {
  readonly #options: BehaviourOptions;
  readonly #session: Session;
  readonly #spread = new Spread();
  readonly #total: Count = { flows: 0, agreed: 0 };
  readonly #kinds = new Map<string, Count>();
  readonly #differences: Difference[] = [];
  /** Services of which some conversation went otherwise. */
  readonly #astray = new Set<string | null>();
  readonly #distribution: DistributionRecord[] = [];
  readonly #mismatches: MismatchRecord[] = [];
  /** What this node was told so far. */
  #told: Conversation[] = [];

  constructor(options: BehaviourOptions) {
    this.#options = options;
    this.#session = new Session(options.subject);
  }

  async holdAll(): Promise<void> {
    const { flows, plan, signal, onProgress } = this.#options;
    await this.#session.renew();
    let held = 0;
    while (held < flows && !signal.aborted) {
      const batch = this.#drawBatch(Math.min(BATCH[this.#options.kernel], flows - held));
      if (batch.length === 0) {
        if (this.#told.length === 0) return;
        plan.renew();
        this.#told = [];
        await this.#session.renew();
        continue;
      }
      for (const result of await this.#session.hold(batch)) this.#tally(result);
      held += batch.length;
      onProgress(held);
    }
  }

  /** Empty when this node has no room for another, or everything was said to it. */
  #drawBatch(size: number): Conversation[] {
    const batch: Conversation[] = [];
    let room = this.#session.room;
    while (batch.length < size) {
      const conversation = room >= FLOWS_PER_CONVERSATION_MAX ? this.#options.plan.next() : null;
      if (conversation === null) break;
      batch.push(conversation);
      room -= flowsOf(conversation);
    }
    return batch;
  }

  #tally(result: Result): void {
    const { fates, judgement, sights, held } = result;
    const before = this.#told.length;
    this.#told.push(held.conversation);
    if (fates.partial) return;
    const kind = this.#kinds.get(held.conversation.kind) ?? { flows: 0, agreed: 0 };
    this.#kinds.set(held.conversation.kind, kind);
    for (const count of [this.#total, kind]) {
      count.flows++;
      if (judgement.agrees) count.agreed++;
    }
    if (isDisagreement(result)) this.#remember({ result, before: this.#told.slice(0, before) });
    else if (sights[0] !== undefined) this.#spread.add(held.conversation, fates, sights[0]);
  }

  #remember(difference: Difference): void {
    this.#astray.add(difference.result.held.conversation.service);
    const about = ({ result }: Difference) =>
      `${result.held.conversation.kind} ${result.held.conversation.service}`;
    if (this.#differences.some((known) => about(known) === about(difference))) return;
    if (this.#differences.length < this.#options.mismatchesMax) this.#differences.push(difference);
  }

  async compareSpread(): Promise<void> {
    for (const sample of this.#spread.samples()) {
      // Where flows went astray, those left over are no fair sample.
      if (this.#astray.has(sample.service)) continue;
      const first = judgeSample(sample, P_SUSPECT);
      if (first.agrees || this.#options.signal.aborted) {
        this.#distribution.push({ ...first, agrees: true });
        continue;
      }
      const again = await this.#drawAgain(sample, Math.min(first.flows, SPREAD_FLOWS_MAX));
      const second = judgeSample(again, P_CONFIRMED);
      this.#distribution.push(second);
      if (!second.agrees && this.#mismatches.length < this.#options.mismatchesMax)
        this.#mismatches.push(spreadMismatch(this.#small(sample.service), again, second));
    }
  }

  /** Fresh flows to a fresh node. */
  async #drawAgain(sample: Sample, flows: number): Promise<Sample> {
    const conversations = [...sample.conversations];
    const spread = new Spread();
    const session = new Session(this.#options.subject);
    try {
      const repeated = conversations[0]?.once
        ? conversations
        : Array.from(
            { length: flows },
            (_, index) => conversations[index % conversations.length] as Conversation,
          );
      for (const { held, fates, sights, judgement } of await session.hold(repeated))
        if (judgement.agrees && sights[0] !== undefined) spread.add(held.conversation, fates, sights[0]);
    } finally {
      await session.close();
    }
    return spread.all()[0] ?? sample;
  }

  /** Each difference made small, smallest first. */
  async explain(): Promise<void> {
    for (const { result, before } of this.#differences) {
      const { conversation } = result.held;
      const subjects = [this.#small(conversation.service), this.#options.subject];
      this.#mismatches.push(mismatchOf(await reproduce(result, before, subjects)));
    }
    this.#mismatches.sort((a, b) => a.repeat.length - b.repeat.length);
  }

  #small(service: string | null): Subject {
    return this.#options.reduce(new Set(service === null ? [] : [service]));
  }

  record(): BehaviourRecord {
    const { path, kernel, family, cluster } = this.#options;
    return {
      path,
      kernel,
      family,
      cluster,
      ...this.#total,
      kinds: Object.fromEntries(this.#kinds),
      distribution: this.#distribution,
      mismatches: this.#mismatches,
    };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
