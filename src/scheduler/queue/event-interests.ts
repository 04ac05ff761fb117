// Which plugins want to hear of an event, and what they then say of a Pod: the registrations of all plugins, turned
// around. Worked out once per kind of event; there are a few dozen.
// Source: kube-scheduler scheduler.go (buildQueueingHintMap), framework/types.go (MatchClusterEvents).
import {
  ACTION,
  ACTION_ALL,
  type ClusterEvent,
  type EventRegistration,
  type EventResource,
  type QueueingHintFn,
  eventMatches,
} from "../framework/cluster-event.js";

/** Plugin name -> what it registered. Plugins that are missing hear of nothing. */
export type EventRegistrations = ReadonlyMap<string, readonly EventRegistration[]>;

/** For plugins that do not say which events help. */
export const ANY_EVENT: readonly EventRegistration[] = [{ resource: "*", actions: ACTION_ALL }];

/** One plugin's answers to one kind of event. */
export interface Interest {
  readonly plugin: string;
  /** null: always Queue. */
  readonly hints: readonly (QueueingHintFn | null)[];
}

/** Sent to all Pods that are turned down, whatever by. */
export function isWildcard(event: ClusterEvent): boolean {
  return event.resource === "*";
}

export class EventInterests {
  readonly #registrations: EventRegistrations;
  readonly #hintsEnabled: boolean;
  readonly #cache = new Map<EventResource, Map<number, readonly Interest[]>>();

  /** @param options without hints every registered event counts as Queue. */
  constructor(registrations: EventRegistrations, options: { readonly hintsEnabled: boolean }) {
    this.#registrations = new Map(
      [...registrations].map(([plugin, rows]) => [plugin, withTaintUpdate(rows)]),
    );
    this.#hintsEnabled = options.hintsEnabled;
  }

  /** Of an event that is no wildcard. */
  of(event: ClusterEvent): readonly Interest[] {
    let byAction = this.#cache.get(event.resource);
    if (byAction === undefined) {
      byAction = new Map();
      this.#cache.set(event.resource, byAction);
    }
    let interests = byAction.get(event.action);
    if (interests === undefined) {
      interests = this.#workOut(event);
      byAction.set(event.action, interests);
    }
    return interests;
  }

  #workOut(event: ClusterEvent): Interest[] {
    const interests: Interest[] = [];
    for (const [plugin, rows] of this.#registrations) {
      const matching = rows.filter((row) => eventMatches(event, row));
      const hints = matching.map(({ hint }) => (this.#hintsEnabled ? (hint ?? null) : null));
      if (hints.length > 0) interests.push({ plugin, hints });
    }
    return interests;
  }
}

/**
 * Who waits for new nodes hears of removed taints, too: a node may be added with a taint that keeps the event from
 * Pods, and be usable only later.
 */
function withTaintUpdate(rows: readonly EventRegistration[]): readonly EventRegistration[] {
  const asksFor = (action: number) =>
    rows.some(({ resource, actions }) => resource === "Node" && (actions & action) !== 0);
  if (!asksFor(ACTION.Add) || asksFor(ACTION.UpdateNodeTaint)) return rows;
  return [...rows, { resource: "Node", actions: ACTION.UpdateNodeTaint }];
}
