// Which conversations to hold, in which order: kinds by their weights, and within a kind every way with every client and
// every script in turn. A seed decides the rest; the same seed gives the same plan.
// Large clusters: WAYS_PER_KIND_MAX ways of a kind are drawn, so that what the tracer has to foretell stays bounded.
import type { ClusterObjects } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import type { Conversation } from "../../kernel/behaviour/conversation.js";
import type { ConversationPlan } from "../../kernel/behaviour/verify-behaviour.js";
import type { ProxyConfig } from "../../proxy/config.js";
import type { ProxyState } from "../../proxy/service-port.js";
import { WeightedIndex } from "../../workload/distributions.js";
import { type FlowClient, type FlowClients, flowClients } from "./flow-clients.js";
import { FLOW_KINDS, type FlowKind, type Script, type Way } from "./flow-kinds.js";
import { flowWays, type WaysOf } from "./flow-ways.js";

const WAYS_PER_KIND_MAX = 150;

/** @param kinds names of rows to use; all by default */
export function flowPlan(
  objects: ClusterObjects,
  state: ProxyState,
  config: ProxyConfig,
  { seed, kinds }: { readonly seed: number; readonly kinds?: readonly string[] },
): ConversationPlan {
  const clients = flowClients(objects, state, config);
  const ways = flowWays(state, config, clients);
  const prng = new Prng(seed);
  const isAsked = ({ name, notIn }: FlowKind) => notIn !== config.mode && (kinds?.includes(name) ?? true);
  const rows = FLOW_KINDS.filter(isAsked)
    .map((kind) => new KindPlan(kind, ways, clients, prng.fork(kind.name)))
    .filter(({ size }) => size > 0);
  return new WeightedPlan(rows, prng.fork("kinds"));
}

class WeightedPlan implements ConversationPlan {
  readonly #rows: readonly KindPlan[];
  readonly #prng: Prng;
  #open: readonly KindPlan[];
  #draw: WeightedIndex | null = null;

  constructor(rows: readonly KindPlan[], prng: Prng) {
    this.#rows = rows;
    this.#prng = prng;
    this.#open = rows;
  }

  next(): Conversation | null {
    while (this.#open.length > 0) {
      this.#draw ??= new WeightedIndex(this.#open.map(({ weight }) => weight));
      const row = this.#open[this.#draw.draw(this.#prng)];
      const conversation = row?.next();
      if (conversation) return conversation;
      this.#open = this.#open.filter((it) => it !== row);
      this.#draw = null;
    }
    return null;
  }

  renew(): void {
    for (const row of this.#rows) row.renew();
    this.#open = this.#rows;
    this.#draw = null;
  }
}

/** One row of the table with the ways and clients of a cluster. */
class KindPlan {
  readonly weight: number;
  readonly #kind: FlowKind;
  readonly #clients: FlowClients;
  /** Ways that have their turn together: those into one service port where clients are remembered, else one by one. */
  readonly #stops: readonly (readonly Way[])[];
  readonly #made = new Map<string, Conversation>();
  #turn = 0;

  constructor(kind: FlowKind, ways: WaysOf, clients: FlowClients, prng: Prng) {
    this.#kind = kind;
    this.weight = kind.weight;
    this.#clients = clients;
    const asked = kind.ways.flatMap((name) => ways[name]).filter(kind.where);
    const known = asked.filter((way) => this.#clientsOf(way).length > 0);
    const chosen = prng.shuffled(known).slice(0, WAYS_PER_KIND_MAX);
    this.#stops = kind.once ? byEntry(chosen) : chosen.map((way) => [way]);
  }

  get size(): number {
    return this.#stops.length;
  }

  /** Null when everybody has asked who may ask once. */
  next(): Conversation | null {
    const turn = this.#turn++;
    const index = turn % this.#stops.length;
    const round = Math.floor(turn / this.#stops.length);
    const stop = this.#stops[index] as readonly Way[];
    const clients = this.#clientsOf(stop[0] as Way);
    if (this.#kind.once && round >= clients.length) return null;
    // Rounds go on by one client, and by one script when all of them have had their turn.
    const script = (Math.floor(round / clients.length) + index) % this.#kind.scripts.length;
    const client = (round + index) % clients.length;
    const key = `${index} ${client} ${script}`;
    const made = this.#made.get(key) ?? this.#make(stop, round, clients[client] as FlowClient, script);
    this.#made.set(key, made);
    return made;
  }

  renew(): void {
    if (this.#kind.once) this.#turn = 0;
  }

  #make(stop: readonly Way[], round: number, client: FlowClient, script: number): Conversation {
    const way = stop[round % stop.length] as Way;
    const other = stop[(round + 1) % stop.length] as Way;
    const port = way.entry?.port;
    return {
      kind: this.#kind.name,
      service: port === undefined ? null : `${port.name}/${port.protocol}`,
      utterances: (this.#kind.scripts[script] as Script)(client, way, other),
      once: this.#kind.once,
    };
  }

  #clientsOf(way: Way): readonly FlowClient[] {
    return this.#kind.clients.flatMap((kind) =>
      kind === "own-endpoint" ? way.endpoints : this.#clients[kind],
    );
  }
}

function byEntry(ways: readonly Way[]): Way[][] {
  const stops = new Map<Way["entry"], Way[]>();
  for (const way of ways) stops.set(way.entry, [...(stops.get(way.entry) ?? []), way]);
  return [...stops.values()];
}
