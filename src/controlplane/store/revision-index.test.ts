import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { rangeHolds } from "./key-range.js";
import { FIRST_REVISION, NO_LEASE, RevisionIndex } from "./revision-index.js";
import type { KeyValue, RangeRequest, Revision, StoreEvent } from "./store.js";

/** The slow twin: a whole copy of every state, and every change ever made. */
class States {
  states = new Map<Revision, ReadonlyMap<string, KeyValue>>([[FIRST_REVISION, new Map()]]);
  changes: StoreEvent[] = [];
  newest = FIRST_REVISION;
  compacted = 0;

  get current(): ReadonlyMap<string, KeyValue> {
    return this.states.get(this.newest) ?? new Map();
  }

  apply(changes: readonly StoreEvent[]): void {
    const next = new Map(this.current);
    for (const { type, kv } of changes) {
      if (type === "put") next.set(kv.key, kv);
      else next.delete(kv.key);
    }
    this.newest++;
    this.states.set(this.newest, next);
    this.changes.push(...changes);
  }

  undoTo(revision: Revision): void {
    for (; this.newest > revision; this.newest--) this.states.delete(this.newest);
    this.changes = this.changes.filter((each) => each.kv.modRevision <= revision);
  }

  range(request: RangeRequest, revision: Revision): KeyValue[] {
    const state = [...(this.states.get(revision) ?? new Map<string, KeyValue>()).values()];
    return state
      .filter((kv) => rangeHolds(request, kv.key))
      .sort((left, right) => (left.key < right.key ? -1 : 1));
  }
}

const SEED = 23;
const STEPS = 3_000;
const KEYS = 60;

test(`RevisionIndex reads every state, after random changes, undoings and compactions (seed ${SEED})`, () => {
  const prng = new Prng(SEED);
  const index = new RevisionIndex();
  const twin = new States();
  for (let step = 0; step < STEPS; step++) {
    const draw = prng.below(100);
    if (draw < 90) change(index, twin, prng);
    else if (draw < 95) {
      const revision = Math.max(twin.compacted, FIRST_REVISION, twin.newest - prng.below(4));
      index.undoTo(revision);
      twin.undoTo(revision);
    } else if (draw < 96 && twin.newest > twin.compacted + 1) {
      twin.compacted += 1 + prng.below(twin.newest - twin.compacted);
      index.compact(twin.compacted);
    }
    compare(index, twin, prng);
  }
});

function change(index: RevisionIndex, twin: States, prng: Prng): void {
  const revision = index.newest + 1;
  const keys = new Set(Array.from({ length: 1 + prng.below(3) }, () => `k${prng.below(KEYS)}`));
  const changes: StoreEvent[] = [];
  for (const key of keys) {
    const old = twin.current.get(key) ?? null;
    assert.deepEqual(index.get(key), old);
    const event =
      old !== null && prng.below(3) === 0
        ? index.delete(revision, key)
        : index.put(revision, key, Uint8Array.of(prng.below(256)), NO_LEASE);
    assert.deepEqual(event.prevKv, old);
    if (event.type === "put") {
      const { version, createRevision } = event.kv;
      assert.deepEqual([version, createRevision], [(old?.version ?? 0) + 1, old?.createRevision ?? revision]);
    }
    changes.push(event);
  }
  twin.apply(changes);
}

function compare(index: RevisionIndex, twin: States, prng: Prng): void {
  assert.equal(index.newest, twin.newest);
  const oldest = Math.max(FIRST_REVISION, twin.compacted);
  const revision = prng.below(2) === 0 ? twin.newest : oldest + prng.below(twin.newest - oldest + 1);
  const key = `k${prng.below(KEYS)}`;
  const limit = prng.below(4) * 5;
  const request = prng.pick<RangeRequest>([
    { key },
    { key, rangeEnd: "\0", limit },
    { key: "", rangeEnd: key, limit },
    { key: "k", rangeEnd: "l", countOnly: true },
  ]);
  const expected = twin.range(request, revision);
  const { kvs, count, more } = index.range(request, revision);
  const shown = request.countOnly ? [] : expected.slice(0, request.limit || expected.length);
  const at = `${JSON.stringify(request)} at ${revision} of ${twin.newest}`;
  assert.deepEqual(kvs, shown, at);
  assert.equal(count, expected.length, at);
  assert.equal(more, !request.countOnly && shown.length < expected.length, at);

  const told = index.changes(revision, twin.newest, Number.POSITIVE_INFINITY);
  const keys = (events: readonly StoreEvent[]) =>
    events.map(({ type, kv }) => `${type} ${kv.key} ${kv.modRevision}`);
  assert.deepEqual(keys(told), keys(twin.changes.filter((each) => each.kv.modRevision >= revision)));
}

test("RevisionIndex.changes gives whole revisions, at least one", () => {
  const index = new RevisionIndex();
  for (const key of ["a", "b", "c"]) index.put(2, key, new Uint8Array(0), NO_LEASE);
  for (const key of ["a", "b"]) index.put(3, key, new Uint8Array(0), NO_LEASE);
  const revisions = (max: number) => index.changes(2, 3, max).map((each) => each.kv.modRevision);
  assert.deepEqual(revisions(1), [2, 2, 2]);
  assert.deepEqual(revisions(4), [2, 2, 2]);
  assert.deepEqual(revisions(5), [2, 2, 2, 3, 3]);
});

test("RevisionIndex.compact returns what no state needs, and keeps the newest of every key", () => {
  const index = new RevisionIndex();
  for (let revision = 2; revision <= 6; revision++)
    index.put(revision, "a", Uint8Array.of(revision), NO_LEASE);
  index.put(7, "b", Uint8Array.of(7), NO_LEASE);
  index.delete(8, "b");
  assert.deepEqual(
    index.compact(5).map((kv) => kv.modRevision),
    [2, 3, 4],
  );
  assert.deepEqual(
    index.compact(8).map((kv) => kv.modRevision),
    [5, 7],
  );
  assert.equal(index.holds("a", 6), true);
  assert.equal(index.bytes, 1 + 1 + 1);
});
