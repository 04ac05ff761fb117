// What every store must do, whatever it is made of: one suite, run against each.
// Revisions are compared with the one a test began at, since an etcd that is shared does not begin at 1.
import assert from "node:assert/strict";
import { test } from "node:test";
import { recordWatch } from "./record-watch.test-data.js";
import {
  type Compare,
  type KeyValue,
  type Operation,
  type Revision,
  type Store,
  StoreError,
  type StoreErrorCode,
} from "./store.js";

export interface StoreUnderTest {
  /** Empty, as far as it shows. */
  readonly store: Store;
  passTime(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface StoreSubject {
  readonly name: string;
  readonly open: () => Promise<StoreUnderTest>;
  /** Test -> why this store cannot pass it. "*": all of them. */
  readonly skip: Readonly<Record<string, string>>;
}

type Body = (store: Store, under: StoreUnderTest) => Promise<void>;

export function storeConformance({ name, open, skip }: StoreSubject): void {
  for (const [title, body] of Object.entries(CASES)) {
    const reason = skip[title] ?? skip["*"];
    test(`${name} ${title}`, { skip: reason ?? false }, async () => {
      const under = await open();
      try {
        await body(under.store, under);
      } finally {
        await under.close();
      }
    });
  }
}

const CASES: Readonly<Record<string, Body>> = {
  "counts one revision per change and versions per key": async (store) => {
    const start = store.revision();
    assert.equal(await put(store, "a", "1"), start + 1);
    assert.equal(await put(store, "a", "2"), start + 2);
    const [kv] = (await store.range({ key: "a" })).kvs;
    const expected = { createRevision: start + 1, modRevision: start + 2, version: 2, lease: "0" };
    assert.deepEqual(shown(kv), { key: "a", value: "2", ...expected });
    assert.equal(store.revision(), start + 2);
  },

  "begins a new life of a key after its deletion": async (store) => {
    await put(store, "a", "1");
    await put(store, "a", "2");
    await remove(store, "a");
    const revision = await put(store, "a", "3");
    const [kv] = (await store.range({ key: "a" })).kvs;
    assert.deepEqual([kv?.version, kv?.createRevision], [1, revision]);
  },

  "creates a key once, when its modRevision is compared with 0": async (store) => {
    const create = {
      compare: [{ key: "a", target: "modRevision", op: "=", than: 0 }],
      success: [putOf("a", "1")],
      failure: [{ op: "range", key: "a" }],
    } as const;
    const first = await store.txn(create);
    assert.equal(first.succeeded, true);
    const second = await store.txn(create);
    assert.equal(second.succeeded, false);
    assert.equal(second.revision, first.revision);
    const [found] = second.results;
    assert.ok(found?.op === "range");
    assert.equal(text(found.kvs[0]), "1");
  },

  "compares each target with each operator": async (store) => {
    await put(store, "a", "m");
    const revision = await put(store, "a", "m");
    const table: [Compare, boolean][] = [
      [{ key: "a", target: "version", op: "=", than: 2 }, true],
      [{ key: "a", target: "version", op: ">", than: 2 }, false],
      [{ key: "a", target: "createRevision", op: "<", than: revision }, true],
      [{ key: "a", target: "createRevision", op: "=", than: revision - 1 }, true],
      [{ key: "a", target: "modRevision", op: "!=", than: revision }, false],
      [{ key: "a", target: "modRevision", op: ">", than: revision - 1 }, true],
      [{ key: "a", target: "value", op: "=", than: bytes("m") }, true],
      [{ key: "a", target: "value", op: "<", than: bytes("ma") }, true],
      [{ key: "a", target: "value", op: ">", than: bytes("l") }, true],
      [{ key: "a", target: "value", op: "!=", than: bytes("m") }, false],
      [{ key: "a", target: "lease", op: "=", than: "0" }, true],
      [{ key: "none", target: "version", op: "=", than: 0 }, true],
      [{ key: "none", target: "lease", op: "=", than: "0" }, true],
      [{ key: "none", target: "value", op: "=", than: bytes("") }, false],
      [{ key: "none", target: "value", op: "!=", than: bytes("m") }, false],
    ];
    for (const [compare, holds] of table) {
      const { succeeded } = await store.txn({ compare: [compare], success: [], failure: [] });
      assert.equal(succeeded, holds, `${compare.key} ${compare.target} ${compare.op}`);
    }
  },

  "makes all changes of a transaction at one revision, each seen by the next operation": async (store) => {
    await put(store, "gone", "0");
    const start = store.revision();
    const { revision, results } = await store.txn({
      compare: [],
      success: [
        putOf("a", "1"),
        putOf("b", "2"),
        { op: "delete", key: "gone", prevKv: true },
        { op: "range", key: "a", rangeEnd: "z" },
      ],
      failure: [],
    });
    assert.equal(revision, start + 1);
    const [, , deleted, range] = results;
    assert.ok(deleted?.op === "delete" && range?.op === "range");
    assert.equal(text(deleted.prevKvs[0]), "0");
    assert.deepEqual(
      range.kvs.map((kv) => [kv.key, kv.modRevision]),
      [
        ["a", revision],
        ["b", revision],
      ],
    );
  },

  "answers a put with what was there before, when asked": async (store) => {
    await put(store, "a", "1");
    const asked = await store.txn({
      compare: [],
      success: [{ ...putOf("a", "2"), prevKv: true }],
      failure: [],
    });
    const notAsked = await store.txn({ compare: [], success: [putOf("a", "3")], failure: [] });
    assert.ok(asked.results[0]?.op === "put" && notAsked.results[0]?.op === "put");
    assert.equal(text(asked.results[0].prevKv), "1");
    assert.equal(notAsked.results[0].prevKv, null);
  },

  "reads ranges in order, by limit, count and keys": async (store) => {
    for (const key of ["b/2", "b/10", "a", "c", "b/1"]) await put(store, key, key);
    const all = await store.range({ key: "b/", rangeEnd: "b0" });
    assert.deepEqual([all.kvs.map((kv) => kv.key), all.count, all.more], [["b/1", "b/10", "b/2"], 3, false]);
    const first = await store.range({ key: "b/", rangeEnd: "b0", limit: 2 });
    assert.deepEqual([first.kvs.length, first.count, first.more], [2, 3, true]);
    const counted = await store.range({ key: "b/", rangeEnd: "b0", countOnly: true });
    assert.deepEqual([counted.kvs.length, counted.count, counted.more], [0, 3, false]);
    const [keyOnly] = (await store.range({ key: "c", keysOnly: true })).kvs;
    assert.deepEqual([keyOnly?.key, text(keyOnly)], ["c", ""]);
    const toEnd = await store.range({ key: "b/2", rangeEnd: "\0" });
    assert.deepEqual(
      toEnd.kvs.map((kv) => kv.key),
      ["b/2", "c"],
    );
    assert.equal((await store.range({ key: "z", rangeEnd: "a" })).count, 0);
    assert.equal((await store.range({ key: "b/" })).count, 0);
  },

  "reads the state of an older revision": async (store) => {
    const first = await put(store, "a", "1");
    await put(store, "a", "2");
    await put(store, "b", "1");
    const removed = await remove(store, "a");
    await put(store, "a", "3");
    const at = async (revision: Revision) =>
      (await store.range({ key: "a", rangeEnd: "z", revision })).kvs.map((kv) => kv.key + text(kv));
    assert.deepEqual(await at(first - 1), []);
    assert.deepEqual(await at(first), ["a1"]);
    assert.deepEqual(await at(removed - 1), ["a2", "b1"]);
    assert.deepEqual(await at(removed), ["b1"]);
    assert.deepEqual(await at(0), ["a3", "b1"]);
    assert.equal((await store.range({ key: "a", revision: first })).revision, store.revision());
  },

  "refuses a revision that has not been": async (store) => {
    await rejects(store.range({ key: "a", revision: store.revision() + 1 }), "FutureRevision");
    await rejects(store.compact(store.revision() + 1), "FutureRevision");
  },

  "deletes ranges at one revision and nothing at none": async (store) => {
    for (const key of ["a/1", "a/2", "b"]) await put(store, key, key);
    const start = store.revision();
    const operation = { op: "delete", key: "a/", rangeEnd: "a0", prevKv: true } as const;
    const first = await store.txn({ compare: [], success: [operation], failure: [] });
    assert.ok(first.results[0]?.op === "delete");
    assert.deepEqual([first.revision, first.results[0].deleted], [start + 1, 2]);
    assert.deepEqual(
      first.results[0].prevKvs.map((kv) => kv.key),
      ["a/1", "a/2"],
    );
    for (const nothing of [operation, { op: "delete", key: "a" }] as const) {
      const again = await store.txn({ compare: [], success: [nothing], failure: [] });
      assert.ok(again.results[0]?.op === "delete");
      assert.deepEqual([again.revision, again.results[0].deleted], [start + 1, 0]);
    }
  },

  "refuses a transaction that changes a key twice, in either branch": async (store) => {
    const start = store.revision();
    const twice = [putOf("a", "1"), putOf("a", "2")];
    const both = [putOf("ab", "1"), { op: "delete", key: "a", rangeEnd: "b" } as const];
    await rejects(store.txn({ compare: [], success: twice, failure: [] }), "DuplicateKey");
    await rejects(store.txn({ compare: [], success: [], failure: twice }), "DuplicateKey");
    await rejects(store.txn({ compare: [], success: both, failure: [] }), "DuplicateKey");
    assert.equal((await store.range({ key: "a", rangeEnd: "b" })).count, 0);
    assert.equal(store.revision(), start);
  },

  "refuses too many operations and too large a request, and changes nothing": async (store) => {
    const many = Array.from({ length: 129 }, (_, index) => putOf(`k${index}`, ""));
    await rejects(store.txn({ compare: [], success: many, failure: [] }), "TooManyOperations");
    const large = { ...putOf("large", ""), value: new Uint8Array(3 * 1024 * 1024) };
    await rejects(store.txn({ compare: [], success: [large], failure: [] }), "TooLarge");
    assert.equal((await store.range({ key: "k", rangeEnd: "m" })).count, 0);
  },

  "keeps binary keys and values": async (store) => {
    const key = "\x01\xff\x80/\xc3(";
    const value = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.txn({ compare: [], success: [{ op: "put", key, value }], failure: [] });
    const [kv] = (await store.range({ key: "\x01\xff", rangeEnd: "\x02" })).kvs;
    assert.equal(kv?.key, key);
    assert.deepEqual([...(kv?.value ?? [])], [...value]);
  },

  "tells a watcher of a range each change from now on, with what was before": async (store) => {
    await put(store, "a/1", "before");
    const watch = recordWatch(store, { key: "a/", rangeEnd: "a0", prevKv: true });
    await watch.started();
    await put(store, "a/1", "1");
    await put(store, "b", "other");
    await put(store, "a/2", "2");
    await remove(store, "a/1");
    await watch.until(3);
    assert.deepEqual(watch.lines(), ["put a/1=1 (before)", "put a/2=2 (none)", "delete a/1= (1)"]);
    watch.cancel();
  },

  "tells a watcher of one key nothing of its neighbours, and no previous values unasked": async (store) => {
    const watch = recordWatch(store, { key: "a" });
    await watch.started();
    await put(store, "a/1", "x");
    await put(store, "a", "1");
    await put(store, "a", "2");
    await watch.until(2);
    assert.deepEqual(watch.lines(), ["put a=1 (none)", "put a=2 (none)"]);
    watch.cancel();
  },

  "replays history to a watcher of an old revision, then goes on": async (store) => {
    const first = await put(store, "a", "1");
    await put(store, "a", "2");
    await remove(store, "a");
    const watch = recordWatch(store, { key: "a", startRevision: first + 1, prevKv: true });
    await watch.until(2);
    await put(store, "a", "4");
    await watch.until(3);
    assert.deepEqual(watch.lines(), ["put a=2 (1)", "delete a= (2)", "put a=4 (none)"]);
    assert.deepEqual(watch.revisions(), [first + 1, first + 2, first + 3]);
    watch.cancel();
  },

  "waits with a watcher of a revision that has not been": async (store) => {
    const start = store.revision();
    const watch = recordWatch(store, { key: "a", startRevision: start + 3 });
    await watch.started();
    for (const value of ["1", "2", "3", "4"]) await put(store, "a", value);
    await watch.until(2);
    assert.deepEqual(watch.lines(), ["put a=3 (none)", "put a=4 (none)"]);
    watch.cancel();
  },

  "loses and doubles no event of a watcher that starts among writes": async (store) => {
    const first = store.revision() + 1;
    const writes = Array.from({ length: 300 }, (_, index) => () => put(store, `k/${index % 7}`, `${index}`));
    const watches = [];
    const running: Promise<unknown>[] = [];
    for (const [index, write] of writes.entries()) {
      running.push(write());
      if (index % 60 === 30)
        watches.push(recordWatch(store, { key: "k/", rangeEnd: "k0", startRevision: first }));
      if (index % 10 === 0) await Promise.all(running.splice(0));
    }
    await Promise.all(running);
    for (const watch of watches) {
      await watch.until(300);
      assert.deepEqual(
        watch.revisions(),
        Array.from({ length: 300 }, (_, index) => first + index),
      );
      watch.cancel();
    }
  },

  "delivers the changes of one transaction together": async (store) => {
    const watch = recordWatch(store, { key: "a", rangeEnd: "z" });
    await watch.started();
    const revision = (
      await store.txn({ compare: [], success: [putOf("b", "1"), putOf("a", "2")], failure: [] })
    ).revision;
    await watch.until(2);
    assert.deepEqual(watch.batches(), [[revision, 2]]);
    watch.cancel();
  },

  "says nothing to a watcher that was cancelled": async (store) => {
    const cancelled = recordWatch(store, { key: "a" });
    const other = recordWatch(store, { key: "a" });
    await Promise.all([cancelled.started(), other.started()]);
    cancelled.cancel();
    await put(store, "a", "1");
    await other.until(1);
    assert.deepEqual(cancelled.lines(), []);
    other.cancel();
  },

  "knows how far a watcher has come": async (store) => {
    const watch = recordWatch(store, { key: "a", startRevision: store.revision() + 1 });
    const revision = await put(store, "a", "1");
    await watch.until(1);
    assert.equal(watch.delivered(), revision);
    watch.cancel();
  },

  "forgets states below the compaction, and keeps that of it": async (store) => {
    await put(store, "a", "1");
    const second = await put(store, "a", "2");
    await put(store, "a", "3");
    await store.compact(second);
    assert.equal(text((await store.range({ key: "a", revision: second })).kvs[0]), "2");
    await rejects(store.range({ key: "a", revision: second - 1 }), "Compacted");
    await rejects(store.compact(second), "Compacted");
    await rejects(store.compact(second - 1), "Compacted");
    assert.equal(text((await store.range({ key: "a" })).kvs[0]), "3");
  },

  "ends a watch of a compacted revision, and says where it could begin": async (store) => {
    await put(store, "a", "1");
    const second = await put(store, "a", "2");
    await put(store, "a", "3");
    await store.compact(second);
    const below = recordWatch(store, { key: "a", startRevision: second - 1 });
    const error = await below.ended();
    assert.deepEqual([error?.code, error?.compactRevision], ["Compacted", second]);
    const at = recordWatch(store, { key: "a", startRevision: second, prevKv: true });
    await at.until(2);
    assert.deepEqual(at.lines(), ["put a=2 (none)", "put a=3 (2)"]);
    at.cancel();
  },

  "tells a deletion at the compaction to a watcher from there": async (store) => {
    await put(store, "a", "1");
    const removed = await remove(store, "a");
    await put(store, "b", "1");
    await store.compact(removed);
    const watch = recordWatch(store, { key: "a", rangeEnd: "z", startRevision: removed });
    await watch.until(2);
    assert.deepEqual(watch.lines(), ["delete a= (none)", "put b=1 (none)"]);
    assert.equal((await store.range({ key: "a", revision: removed })).count, 0);
    watch.cancel();
  },

  "delivers to a running watcher what a compaction right after would take": async (store) => {
    const watch = recordWatch(store, { key: "a" });
    await watch.started();
    const last = Math.max(...(await Promise.all(["1", "2", "3"].map((value) => put(store, "a", value)))));
    await store.compact(last);
    await watch.until(3);
    assert.deepEqual(watch.revisions(), [last - 2, last - 1, last]);
    watch.cancel();
  },

  "deletes the keys of a lease at one revision when it is revoked": async (store) => {
    const lease = await store.grantLease(60, "0");
    assert.notEqual(lease.id, "0");
    for (const key of ["a", "b", "kept"]) await put(store, key, "1", lease.id);
    await put(store, "kept", "2");
    assert.deepEqual((await store.leaseStatus(lease.id)).keys, ["a", "b"]);
    const watch = recordWatch(store, { key: "a", rangeEnd: "z" });
    await watch.started();
    await store.revokeLease(lease.id);
    await watch.until(2);
    const revision = store.revision();
    assert.deepEqual(watch.batches(), [[revision, 2]]);
    assert.deepEqual(
      (await store.range({ key: "a", rangeEnd: "z" })).kvs.map((kv) => kv.key),
      ["kept"],
    );
    await rejects(store.leaseStatus(lease.id), "LeaseNotFound");
    await rejects(store.revokeLease(lease.id), "LeaseNotFound");
    await rejects(store.keepAliveLease(lease.id), "LeaseNotFound");
    watch.cancel();
  },

  "takes a lease id once and refuses puts with one that is not there": async (store) => {
    const id = String(0x7000000000000000n + BigInt(store.revision()));
    assert.equal((await store.grantLease(60, id)).id, id);
    await rejects(store.grantLease(60, id), "LeaseExists");
    assert.ok((await store.leases()).includes(id));
    await put(store, "a", "1", id);
    assert.equal((await store.range({ key: "a" })).kvs[0]?.lease, id);
    await rejects(put(store, "b", "1", String(BigInt(id) + 1n)), "LeaseNotFound");
    assert.equal((await store.range({ key: "b" })).count, 0);
    await store.revokeLease(id);
  },

  "deletes the keys of a lease that nobody keeps alive, and of no other": async (store, under) => {
    const short = await store.grantLease(1, "0");
    const long = await store.grantLease(600, "0");
    await put(store, "short", "1", short.id);
    await put(store, "long", "1", long.id);
    const watch = recordWatch(store, { key: "short" });
    await watch.started();
    assert.ok((await store.keepAliveLease(long.id)).ttlSeconds >= 598);
    await Promise.all([watch.until(1), under.passTime(short.grantedTtlSeconds * 1000 + 200)]);
    assert.deepEqual(watch.lines(), ["delete short= (none)"]);
    assert.equal((await store.range({ key: "long" })).count, 1);
    await rejects(store.keepAliveLease(short.id), "LeaseNotFound");
    await store.revokeLease(long.id);
    watch.cancel();
  },

  "loses no update of many writers that compare before they write": async (store) => {
    await put(store, "count", "0");
    await Promise.all(Array.from({ length: 8 }, () => incrementTimes(store, 5)));
    assert.equal(text((await store.range({ key: "count" })).kvs[0]), "40");
  },

  "refuses everything once it is closed": async (store) => {
    const watch = recordWatch(store, { key: "a" });
    await watch.started();
    await store.close();
    assert.equal((await watch.ended())?.code, "Closed");
    await rejects(store.range({ key: "a" }), "Closed");
    await rejects(put(store, "a", "1"), "Closed");
    await rejects(store.grantLease(1, "0"), "Closed");
    assert.equal((await recordWatch(store, { key: "a" }).ended())?.code, "Closed");
  },
};

async function incrementTimes(store: Store, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const [kv] = (await store.range({ key: "count" })).kvs;
    const { succeeded } = await store.txn({
      compare: [{ key: "count", target: "modRevision", op: "=", than: kv?.modRevision ?? 0 }],
      success: [putOf("count", String(Number(text(kv)) + 1))],
      failure: [],
    });
    if (succeeded) done++;
  }
}

export function putOf(key: string, value: string, lease = "0"): Operation & { op: "put" } {
  return { op: "put", key, value: bytes(value), lease };
}

export async function put(store: Store, key: string, value: string, lease = "0"): Promise<Revision> {
  return (await store.txn({ compare: [], success: [putOf(key, value, lease)], failure: [] })).revision;
}

export async function remove(store: Store, key: string): Promise<Revision> {
  return (await store.txn({ compare: [], success: [{ op: "delete", key }], failure: [] })).revision;
}

export async function rejects(promise: Promise<unknown>, code: StoreErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

export function text(kv: KeyValue | null | undefined): string {
  return Buffer.from(kv?.value ?? []).toString("latin1");
}

function bytes(value: string): Uint8Array {
  return Buffer.from(value, "latin1");
}

function shown(kv: KeyValue | undefined): object {
  return { ...kv, value: text(kv) };
}
