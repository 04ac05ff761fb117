import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTimers } from "../../base/timers.js";
import { EmbeddedStore, memoryStore } from "./embedded-store.js";
import type { Journal, JournalEntry } from "./journal.js";
import { recordWatch } from "./record-watch.test-data.js";
import { RevisionIndex } from "./revision-index.js";
import { StoreError } from "./store.js";
import { put, putOf, rejects, text } from "./store-conformance.test-data.js";

/** A disk whose writes end when the test says so. */
class ManualJournal implements Journal {
  readonly groups: (readonly JournalEntry[])[] = [];
  #settle: ((error: StoreError | null) => void) | null = null;

  write(entries: readonly JournalEntry[]): Promise<void> {
    this.groups.push(entries);
    return new Promise((resolve, reject) => {
      this.#settle = (error) => (error === null ? resolve() : reject(error));
    });
  }

  /** The write that is under way, or the next one. */
  async finish(error: StoreError | null = null): Promise<void> {
    while (this.#settle === null) await turn();
    const settle = this.#settle;
    this.#settle = null;
    settle(error);
    await turn();
  }

  async forget(): Promise<void> {}
  async sizeBytes(): Promise<number> {
    return 0;
  }
  async close(): Promise<void> {}
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function storeOn(journal: Journal): EmbeddedStore {
  return new EmbeddedStore(
    { timers: new ManualTimers() },
    { index: new RevisionIndex(), leases: [], journal },
  );
}

const FULL = new StoreError("Unwritable", { detail: "no space left on device" });

test("EmbeddedStore tells nobody of a change before the journal has it", async () => {
  const journal = new ManualJournal();
  const store = storeOn(journal);
  const watch = recordWatch(store, { key: "a" });
  let acknowledged = false;
  const writing = put(store, "a", "1").then(() => {
    acknowledged = true;
  });
  await turn();
  assert.deepEqual([acknowledged, store.revision(), watch.lines()], [false, 1, []]);
  assert.equal((await store.range({ key: "a" })).count, 0);
  assert.equal((await store.range({ key: "", rangeEnd: "\0", countOnly: true })).count, 0);
  await rejects(store.range({ key: "a", revision: 2 }), "FutureRevision");
  await journal.finish();
  await writing;
  assert.deepEqual([store.revision(), watch.lines()], [2, ["put a=1 (none)"]]);
});

test("EmbeddedStore writes what comes meanwhile as one group, each on top of the last", async () => {
  const journal = new ManualJournal();
  const store = storeOn(journal);
  const writes = [put(store, "a", "1")];
  await turn();
  for (const value of ["2", "3", "4"]) writes.push(put(store, "a", value));
  await journal.finish();
  await journal.finish();
  assert.deepEqual(await Promise.all(writes), [2, 3, 4, 5]);
  assert.deepEqual(
    journal.groups.map((group) => group.length),
    [1, 3],
  );
  assert.equal((await store.range({ key: "a" })).kvs[0]?.version, 4);
});

test("EmbeddedStore takes back all that is not durable when the journal refuses, and goes on reading and writing", async () => {
  const journal = new ManualJournal();
  const store = storeOn(journal);
  const first = put(store, "a", "1");
  await journal.finish();
  await first;
  const watch = recordWatch(store, { key: "", rangeEnd: "\0" });
  const inGroup = rejects(put(store, "a", "2"), "Unwritable");
  await turn();
  const behind = rejects(put(store, "b", "1"), "Unwritable");
  await journal.finish(FULL);
  await Promise.all([inGroup, behind]);
  assert.equal(store.revision(), 2);
  assert.equal(text((await store.range({ key: "a" })).kvs[0]), "1");
  assert.equal((await store.range({ key: "b" })).count, 0);

  const again = put(store, "b", "3");
  await journal.finish();
  assert.equal(await again, 3);
  assert.deepEqual(watch.lines(), ["put b=3 (none)"]);
});

test("EmbeddedStore gives a lease its keys back when their deletion could not be written", async () => {
  const journal = new ManualJournal();
  const store = storeOn(journal);
  const granting = store.grantLease(60, "7");
  await rejects(store.grantLease(60, "7"), "LeaseExists");
  await rejects(put(store, "a", "1", "7"), "LeaseNotFound");
  await journal.finish();
  await granting;
  const writing = put(store, "a", "1", "7");
  await journal.finish();
  await writing;
  const revoking = rejects(store.revokeLease("7"), "Unwritable");
  await journal.finish(FULL);
  await revoking;
  assert.deepEqual((await store.leaseStatus("7")).keys, ["a"]);
  assert.equal((await store.range({ key: "a" })).count, 1);
});

test("EmbeddedStore lets an answer wait that saw what is not durable, though it changed nothing", async () => {
  const journal = new ManualJournal();
  const store = storeOn(journal);
  const created = put(store, "a", "1");
  await turn();
  let answered = false;
  const compare = [{ key: "a", target: "modRevision", op: "=", than: 0 }] as const;
  const refused = store.txn({ compare, success: [putOf("a", "2")], failure: [] }).then((response) => {
    answered = true;
    return response;
  });
  await turn();
  assert.equal(answered, false);
  await journal.finish();
  await journal.finish();
  await created;
  assert.equal((await refused).succeeded, false);
});

test("EmbeddedStore never compacts backwards, when two compactions meet", async () => {
  const journal = new ManualJournal();
  const store = storeOn(journal);
  for (const value of ["1", "2", "3"]) {
    const writing = put(store, "a", value);
    await journal.finish();
    await writing;
  }
  const later = rejects(store.compact(4), "Unwritable");
  await rejects(store.compact(3), "Compacted");
  await journal.finish(FULL);
  await later;
  const again = store.compact(3);
  await journal.finish();
  await again;
  assert.deepEqual(
    journal.groups.slice(3).map((group) => group.map((each) => each.compacted)),
    [[4], [3]],
  );
  await rejects(store.range({ key: "a", revision: 2 }), "Compacted");
});

test("EmbeddedStore.close waits for writes that are under way", async () => {
  const journal = new ManualJournal();
  const store = storeOn(journal);
  const writing = put(store, "a", "1");
  const closing = store.close();
  await journal.finish();
  await Promise.all([writing, closing]);
});

test("EmbeddedStore refuses what would pass its limits, by name", async () => {
  const limits = { storeBytesMax: 10, requestBytesMax: 8, txnOperationsMax: 1 };
  const store = memoryStore({ timers: new ManualTimers(), limits });
  await put(store, "a", "12345");
  await rejects(put(store, "b", "123456"), "NoSpace");
  await rejects(put(store, "b", "12345678"), "TooLarge");
  await rejects(
    store.txn({ compare: [], success: [putOf("a", ""), putOf("b", "")], failure: [] }),
    "TooManyOperations",
  );
  assert.equal(store.revision(), 2);
});

test("EmbeddedStore grants leases of a second at least, and ends them at their time, not before", async () => {
  const timers = new ManualTimers();
  const store = memoryStore({ timers });
  const { id, grantedTtlSeconds } = await store.grantLease(0, "0");
  assert.equal(grantedTtlSeconds, 1);
  await put(store, "a", "1", id);
  await timers.advance(900);
  assert.equal((await store.keepAliveLease(id)).ttlSeconds, 1);
  await timers.advance(900);
  assert.deepEqual(
    [(await store.leaseStatus(id)).ttlSeconds, (await store.range({ key: "a" })).count],
    [0, 1],
  );
  await timers.advance(200);
  assert.equal((await store.range({ key: "a" })).count, 0);
  assert.deepEqual(await store.leases(), []);
});
