// What becomes of an event that a component wants to record: made anew, counted on an earlier one, or dropped.
// 1. Spam filter: 25 at once for each source and object, then one in 5 minutes.
// 2. Aggregation: more than 10 events in 10 minutes that differ in their message only become one.
// 3. Counting: the same event again raises the count of the first.
// Cost: O(1) an event; the newest 4096 of each are remembered.
// Source: client-go tools/record/events_cache.go.
import type { Timers } from "../../base/timers.js";
import { Recent } from "./recent.js";

/** What makes an event; times are added when it is written. */
export interface EventDraft {
  /** Of the object, as one text: kind, namespace, name, uid, apiVersion, resourceVersion apart. */
  readonly objectKey: string;
  readonly source: string;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export type EventDecision =
  | { readonly kind: "drop" }
  /** @param key hand it to `recorded` with the name of the Event */
  | { readonly kind: "create"; readonly key: string; readonly message: string }
  | {
      readonly kind: "count";
      readonly key: string;
      readonly name: string;
      readonly count: number;
      readonly message: string;
    };

const REMEMBERED_MAX = 4096;
const BURST = 25;
const REFILL_MS = 300_000;
const SIMILAR_MAX = 10;
const SIMILAR_WITHIN_MS = 600_000;
const COMBINED_PREFIX = "(combined from similar events): ";

interface Bucket {
  tokens: number;
  filledMs: number;
}

interface Similar {
  messages: Set<string>;
  lastMs: number;
}

interface Recorded {
  readonly name: string;
  count: number;
}

export class EventCorrelator {
  readonly #timers: Timers;
  readonly #buckets = new Recent<Bucket>(REMEMBERED_MAX);
  readonly #similar = new Recent<Similar>(REMEMBERED_MAX);
  readonly #recorded = new Recent<Recorded>(REMEMBERED_MAX);

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  decide(draft: EventDraft): EventDecision {
    const aggregated = this.#aggregate(draft);
    const key = JSON.stringify([
      draft.source,
      draft.objectKey,
      draft.type,
      draft.reason,
      aggregated.isCombined ? null : aggregated.message,
    ]);
    const earlier = this.#recorded.get(key);
    if (earlier !== undefined) earlier.count++;
    if (!this.#takeToken(draft)) return { kind: "drop" };
    const { message } = aggregated;
    if (earlier === undefined) return { kind: "create", key, message };
    return { kind: "count", key, name: earlier.name, count: earlier.count, message };
  }

  /** The Event was made: the next one like it is counted there. */
  recorded(key: string, name: string): void {
    this.#recorded.set(key, { name, count: 1 });
  }

  /** The Event is gone: the next one like it is made anew. */
  forget(key: string): void {
    this.#recorded.delete(key);
  }

  #takeToken(draft: EventDraft): boolean {
    const key = JSON.stringify([draft.source, draft.objectKey]);
    const nowMs = this.#timers.milliseconds();
    const bucket = this.#buckets.get(key) ?? { tokens: BURST, filledMs: nowMs };
    bucket.tokens = Math.min(BURST, bucket.tokens + (nowMs - bucket.filledMs) / REFILL_MS);
    bucket.filledMs = nowMs;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #aggregate(draft: EventDraft): { readonly isCombined: boolean; readonly message: string } {
    const key = JSON.stringify([draft.source, draft.objectKey, draft.type, draft.reason]);
    const nowMs = this.#timers.milliseconds();
    const known = this.#similar.get(key);
    const isFresh = known !== undefined && nowMs - known.lastMs <= SIMILAR_WITHIN_MS;
    const similar = isFresh ? known : { messages: new Set<string>(), lastMs: nowMs };
    similar.lastMs = nowMs;
    if (similar.messages.size < SIMILAR_MAX) similar.messages.add(draft.message);
    this.#similar.set(key, similar);
    if (similar.messages.size < SIMILAR_MAX) return { isCombined: false, message: draft.message };
    return { isCombined: true, message: COMBINED_PREFIX + draft.message };
  }
}
