// The lists of the recent match: clients by address, least recently used first, with the times they were last seen.
// A list remembers 100 clients (ip_list_tot); the 101st evicts the one seen longest ago.
// Stamps per client: as many as the largest hit count of the list's rules, rounded up to a power of two, at least one.
// Source: net/netfilter/xt_recent.c.
import type { Match, Rule } from "../iptables/model.js";

export const RECENT_CLIENTS_MAX = 100;

export type RecentMatch = Extract<Match, { kind: "recent" }>;

interface Client {
  /** Ring of the last arrival times, ms. */
  readonly stamps: number[];
  /** Where the next stamp goes, before wrapping. */
  index: number;
  lastMs: number;
}

interface RecentList {
  /** In order of use: a Map keeps the order of insertion. */
  readonly clients: Map<string, Client>;
  readonly stampsMax: number;
}

export class RecentLists {
  readonly #lists = new Map<string, RecentList>();
  /** The rules are looked through once, when the first recent match is met. */
  readonly #rules: Iterable<Rule>;
  #stampsByList: ReadonlyMap<string, number> | null = null;

  constructor(rules: Iterable<Rule>) {
    this.#rules = rules;
  }

  /** Whether the match holds; remembers, refreshes and forgets as it says. */
  evaluate(match: RecentMatch, address: string, nowMs: number): boolean {
    const list = this.#list(match.name);
    const client = list.clients.get(address);
    if (!client) {
      if (match.operation === "set") remember(list, address, nowMs);
      return (match.operation === "set") !== match.negated;
    }
    if (match.operation === "set") {
      touch(list, address, client, nowMs);
      return !match.negated;
    }
    if (match.operation === "remove") {
      list.clients.delete(address);
      return !match.negated;
    }
    const holds = wasSeen(client, match, nowMs) !== match.negated;
    const refreshes = match.operation === "update" && holds;
    if (match.reap) reap(list, refreshes ? client : null, match.seconds ?? 0, nowMs);
    if (refreshes) touch(list, address, client, nowMs);
    return holds;
  }

  #list(name: string): RecentList {
    this.#stampsByList ??= stampsByList(this.#rules);
    const known = this.#lists.get(name);
    if (known) return known;
    const list = { clients: new Map<string, Client>(), stampsMax: this.#stampsByList.get(name) ?? 1 };
    this.#lists.set(name, list);
    return list;
  }
}

function stampsByList(rules: Iterable<Rule>): ReadonlyMap<string, number> {
  const stamps = new Map<string, number>();
  for (const rule of rules) {
    for (const match of rule.matches) {
      if (match.kind !== "recent") continue;
      const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, match.hitcount ?? 1)));
      stamps.set(match.name, Math.max(wanted, stamps.get(match.name) ?? 1));
    }
  }
  return stamps;
}

function remember(list: RecentList, address: string, nowMs: number): void {
  if (list.clients.size >= RECENT_CLIENTS_MAX) {
    const [oldest] = list.clients.keys();
    if (oldest !== undefined) list.clients.delete(oldest);
  }
  list.clients.set(address, { stamps: [nowMs], index: 1, lastMs: nowMs });
}

function touch(list: RecentList, address: string, client: Client, nowMs: number): void {
  client.index %= list.stampsMax;
  client.stamps[client.index++] = nowMs;
  client.lastMs = nowMs;
  list.clients.delete(address);
  list.clients.set(address, client);
}

/** Whether enough stamps are no older than `seconds`; without seconds any age will do. */
function wasSeen(client: Client, { seconds, hitcount }: RecentMatch, nowMs: number): boolean {
  const young = client.stamps.filter((stamp) => !seconds || nowMs - stamp <= seconds * 1000);
  return young.length >= Math.max(1, hitcount ?? 0);
}

/** Forget the client at the head of the list when even its last visit is too old, but not the one being refreshed. */
function reap(list: RecentList, refreshed: Client | null, seconds: number, nowMs: number): void {
  const [oldest] = list.clients;
  if (!oldest) return;
  const [address, client] = oldest;
  if (client !== refreshed && nowMs - client.lastMs > seconds * 1000) list.clients.delete(address);
}
