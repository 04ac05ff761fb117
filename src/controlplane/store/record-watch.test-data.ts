// A listener that keeps what it was told, and lets a test wait for it.
import { delay, realTimers } from "../../base/timers.js";
import type { Revision, Store, StoreError, StoreEvent, WatchOptions } from "./store.js";

interface RecordedWatch {
  /** The store knows of it: what is written from here on is told. */
  started(): Promise<void>;
  /** At least so many events were told. Rejects after some seconds, or when the watch ends before. */
  until(count: number): Promise<void>;
  ended(): Promise<StoreError | null>;
  /** `type key=value (previous value)`. */
  lines(): string[];
  events(): StoreEvent[];
  revisions(): Revision[];
  /** Of each call: its revision and how many events it had. */
  batches(): [Revision, number][];
  delivered(): Revision;
  cancel(): void;
}

const WAIT_MS_MAX = 8_000;
const LOOK_MS = 2;

export function recordWatch(
  store: Store,
  options: Partial<WatchOptions> & { readonly key: string },
): RecordedWatch {
  const calls: { revision: Revision; events: readonly StoreEvent[] }[] = [];
  let end: { readonly error: StoreError | null } | null = null;
  const events = (): StoreEvent[] => calls.flatMap((call) => call.events);
  const watch = store.watch(
    { startRevision: 0, prevKv: false, ...options },
    {
      onEvents: (told, revision) => calls.push({ revision, events: told }),
      onEnd: (error) => {
        end = { error };
      },
    },
  );
  return {
    started: () =>
      wait(
        () => watch.delivered() > 0,
        () => "a watch that has not begun",
      ),
    until: (count) =>
      wait(
        () => events().length >= count,
        () => `${events().length} of ${count} events, end: ${end?.error}`,
      ),
    ended: async () => {
      await wait(
        () => end !== null,
        () => "a watch that goes on",
      );
      return end?.error ?? null;
    },
    events,
    lines: () => events().map(lineOf),
    revisions: () => events().map((event) => event.kv.modRevision),
    batches: () => calls.map((call) => [call.revision, call.events.length]),
    delivered: () => watch.delivered(),
    cancel: () => watch.cancel(),
  };
}

async function wait(done: () => boolean, state: () => string): Promise<void> {
  for (let waitedMs = 0; !done(); waitedMs += LOOK_MS) {
    if (waitedMs > WAIT_MS_MAX) throw new Error(`still waiting: ${state()}`);
    await delay(realTimers, LOOK_MS);
  }
}

function lineOf({ type, kv, prevKv }: StoreEvent): string {
  const previous = prevKv === null ? "none" : Buffer.from(prevKv.value).toString("latin1");
  return `${type} ${kv.key}=${Buffer.from(kv.value).toString("latin1")} (${previous})`;
}
