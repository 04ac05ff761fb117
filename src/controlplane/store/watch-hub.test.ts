import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { memoryStore } from "./embedded-store.js";
import { rangeHolds } from "./key-range.js";
import { recordWatch } from "./record-watch.test-data.js";
import type { Revision, StoreError, StoreEvent, WatchOptions } from "./store.js";
import { put, remove } from "./store-conformance.test-data.js";
import { REPLAY_SLICE } from "./store-limits.js";

const SEED = 31;
const STEPS = 2_000;
const RANGES = [
  { key: "k1" },
  { key: "k2" },
  { key: "k", rangeEnd: "l" },
  { key: "k3", rangeEnd: "k5" },
  { key: "", rangeEnd: "\0" },
] as const;

interface Watching {
  readonly options: WatchOptions;
  readonly from: Revision;
  readonly events: StoreEvent[];
  cancelledAt: Revision | null;
  cancel(): void;
}

test(`WatchHub tells each watcher each change of its range once and in order (seed ${SEED})`, async () => {
  const prng = new Prng(SEED);
  const store = memoryStore({ timers: new ManualTimers() });
  const all = recordWatch(store, { key: "", rangeEnd: "\0", prevKv: true });
  const watching: Watching[] = [];
  let compacted = 1;
  for (let step = 0; step < STEPS; step++) {
    const key = `k${prng.below(8)}`;
    // Not waited for, so that several changes meet one delivery.
    const running = prng.below(4) === 0 ? remove(store, key) : put(store, key, String(step));
    const draw = prng.below(100);
    if (draw < 5) {
      const startRevision = prng.pick([0, compacted + prng.below(store.revision() - compacted + 3)]);
      const options = { ...prng.pick(RANGES), startRevision, prevKv: prng.below(2) === 0 };
      watching.push(watch(options));
    } else if (draw < 7 && watching.length > 0) {
      const each = prng.pick(watching);
      await new Promise((resolve) => setImmediate(resolve));
      each.cancelledAt ??= store.revision();
      each.cancel();
    } else if (draw < 8 && store.revision() > compacted) {
      compacted = store.revision();
      await store.compact(compacted);
    }
    if (prng.below(3) === 0) await running;
  }
  await new Promise((resolve) => setImmediate(resolve));

  const changes = all.events();
  for (const { options, from, events, cancelledAt } of watching) {
    const due = changes.filter(({ kv }) => {
      const until = cancelledAt ?? store.revision();
      return rangeHolds(options, kv.key) && kv.modRevision >= from && kv.modRevision <= until;
    });
    const shown = (each: StoreEvent) => `${each.type} ${each.kv.key}@${each.kv.modRevision}`;
    assert.deepEqual(events.map(shown), due.map(shown), JSON.stringify({ options, from, cancelledAt }));
    if (!options.prevKv) assert.ok(events.every((each) => each.prevKv === null));
  }
  assert.ok(watching.length > 50);

  function watch(options: WatchOptions): Watching {
    const events: StoreEvent[] = [];
    const from = options.startRevision || store.revision() + 1;
    const started = store.watch(options, {
      onEvents: (told) => events.push(...told),
      onEnd: (error) => assert.fail(`${error}`),
    });
    return { options, from, events, cancelledAt: null, cancel: () => started.cancel() };
  }
});

test("WatchHub serves 10,000 watchers, each its own events", async () => {
  const store = memoryStore({ timers: new ManualTimers() });
  const told = new Uint32Array(10_000);
  for (let index = 0; index < told.length; index++) {
    const range = index % 2 === 0 ? { key: "pods/", rangeEnd: "pods0" } : { key: `pods/${index}` };
    const options = { ...range, startRevision: 0, prevKv: false };
    store.watch(options, {
      onEvents: (events) => {
        told[index] = (told[index] ?? 0) + events.length;
      },
      onEnd: () => {},
    });
  }
  for (let index = 0; index < 10; index++) await put(store, `pods/${index}`, "x");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([...told.subarray(0, 12)], [10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 0]);
  assert.equal(
    told.reduce((sum, count) => sum + count),
    5_000 * 10 + 5,
  );
});

test("WatchHub ends a watcher that compaction overtakes while it catches up", async () => {
  const store = memoryStore({ timers: new ManualTimers() });
  for (let index = 0; index < 3 * REPLAY_SLICE; index++) await put(store, "k", String(index));
  let end: StoreError | null = null;
  let toldTo = 0;
  store.watch(
    { key: "k", startRevision: 2, prevKv: false },
    {
      onEvents: (_, revision) => {
        toldTo = revision;
      },
      onEnd: (error) => {
        end = error;
      },
    },
  );
  await Promise.resolve();
  assert.equal(toldTo, 1 + REPLAY_SLICE);
  await store.compact(store.revision());
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((end as StoreError | null)?.code, "Compacted");
  assert.equal(toldTo, 1 + REPLAY_SLICE);
});

test("WatchHub never calls a listener within a call of the store, and lets listeners start and cancel watches", async () => {
  const store = memoryStore({ timers: new ManualTimers() });
  const order: string[] = [];
  const options = { key: "k", startRevision: 0, prevKv: false };
  const first = store.watch(options, {
    onEvents: () => {
      order.push("first");
      second.cancel();
      store.watch(options, { onEvents: () => order.push("third"), onEnd: () => {} });
      first.cancel();
    },
    onEnd: () => {},
  });
  const second = store.watch(options, { onEvents: () => order.push("second"), onEnd: () => {} });
  const writing = put(store, "k", "1");
  order.push("called");
  await writing;
  await put(store, "k", "2");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(order, ["called", "first", "third"]);
});
