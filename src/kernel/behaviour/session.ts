// A node while it is talked to: who has which source port, how many connections it holds, what its model foretells.
// The node is replaced by a fresh one before its conntrack table could fill up; source ports begin anew with it.
import { PlumbError } from "../../base/errors.js";
import type { RuleModel } from "../../netfilter/rule-model.js";
import { clientOf, type Conversation, flowsOf, type HeldConversation } from "./conversation.js";
import { type Fates, fatesOf } from "./fates.js";
import { holdAll } from "./hold.js";
import { type Judgement, judge, type PacketSight } from "./judge.js";
import type { NodePlan, TestedNode } from "./tested-node.js";

/** A rule model and a way to a kernel that holds the rules it stands for. */
export interface Subject {
  readonly model: RuleModel;
  /** What the node masquerades with. */
  readonly nodeAddresses: readonly string[];
  /** The same as commands, to be repeated by hand. */
  readonly plan: NodePlan;
  /** A fresh node, with no connections and no clients remembered. */
  open(): Promise<TestedNode>;
}

/** A conversation, held and judged. */
export interface Result {
  readonly held: HeldConversation;
  readonly fates: Fates;
  readonly sights: readonly PacketSight[];
  readonly judgement: Judgement;
}

export interface Disagreement extends Result {
  readonly judgement: Extract<Judgement, { agrees: false }>;
}

/** Whether it went otherwise than it may; nothing can be said when not all its fates are known. */
export function isDisagreement(result: Result): result is Disagreement {
  return !result.judgement.agrees && !result.fates.partial;
}

/** One node is asked at most this much: a client's source ports must do for it. */
const FLOWS_PER_NODE_MAX = 50_000;

export class Session {
  readonly #subject: Subject;
  readonly #nodeAddresses: ReadonlySet<string>;
  readonly #fates = new Map<Conversation, Fates>();
  #node: TestedNode | null = null;
  #ports = new SourcePorts();
  #number = 0;
  #room = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#nodeAddresses = new Set(subject.nodeAddresses);
  }

  /** How many flows this node may still be asked; 0 before it is there. */
  get room(): number {
    return this.#room;
  }

  /** Hold all of them at once, in order. @throws {PlumbError} LimitExceeded when they are more than there is room for */
  async hold(conversations: readonly Conversation[]): Promise<Result[]> {
    const node = this.#node ?? (await this.renew());
    const held = conversations.map((conversation) => this.#begin(conversation));
    const sights = await holdAll(node, held);
    return held.map((it, index) => this.#judged(it, sights[index] ?? []));
  }

  /** Go on with a fresh node. */
  async renew(): Promise<TestedNode> {
    await this.close();
    const node = await this.#subject.open();
    this.#node = node;
    this.#ports = new SourcePorts();
    // Half: a connection that was refused lingers on, and the kernel drops early before the table is full.
    this.#room = Math.min(FLOWS_PER_NODE_MAX, Math.floor(node.connectionsMax / 2));
    return node;
  }

  async close(): Promise<void> {
    const node = this.#node;
    this.#node = null;
    await node?.close();
  }

  #begin(conversation: Conversation): HeldConversation {
    const flows = flowsOf(conversation);
    this.#room -= flows;
    if (this.#room < 0)
      throw new PlumbError("LimitExceeded", "Cannot hold another conversation: the node has no room");
    const sourcePorts = this.#ports.take(clientOf(conversation), flows);
    return { conversation, number: ++this.#number, sourcePorts };
  }

  #judged(held: HeldConversation, sights: readonly PacketSight[]): Result {
    const { conversation } = held;
    const fates = this.#fates.get(conversation) ?? fatesOf(this.#subject.model, conversation);
    this.#fates.set(conversation, fates);
    return { held, fates, sights, judgement: judge(fates, held, sights, this.#nodeAddresses) };
  }
}

const PORT_FIRST = 1024;
/** Packets to and from node ports are told apart by them: kube-apiserver's default range is left out. */
const NODE_PORTS = { first: 30_000, last: 32_767 } as const;
const PORT_LAST = 65_535;

/** Source ports by client, each given once. */
class SourcePorts {
  readonly #next = new Map<string, number>();

  take(client: string, count: number): number[] {
    return Array.from({ length: count }, () => this.#takeOne(client));
  }

  #takeOne(client: string): number {
    const counted = this.#next.get(client) ?? PORT_FIRST;
    const port = counted === NODE_PORTS.first ? NODE_PORTS.last + 1 : counted;
    if (port > PORT_LAST)
      throw new PlumbError("LimitExceeded", `Cannot send from ${client}: its ports are used up`);
    this.#next.set(client, port + 1);
    return port;
  }
}
