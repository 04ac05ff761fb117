// Kill a writing process at a seeded moment, open its folder, and hold what is there to what was acknowledged: every
// acknowledged write whole and at its revision, of those in flight each whole or absent, and nothing else. The folder is
// used again by the next round, so damage of one kill would show in any later one.
// A kill ends the process, not the machine: it shows that nothing is acknowledged from memory alone and that recovery is
// right. That acknowledged data is synced is the engine's `sync`, which a kill cannot show.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Prng } from "../../../base/prng.js";
import { realTimers } from "../../../base/timers.js";
import { openStore } from "../open-store.js";
import type { KeyValue, Revision, Store } from "../store.js";
import { batchOf, type CrashReport, SHARED_KEYS_COUNT } from "./crash-operations.test-data.js";

export interface CrashRound {
  readonly round: number;
  readonly acknowledged: number;
  readonly inFlight: number;
  /** Of those in flight. */
  readonly present: number;
  readonly revision: Revision;
}

interface Known {
  readonly operation: number;
  readonly deletes: number | null;
  /** Null: not acknowledged. */
  revision: Revision | null;
}

const WRITER = fileURLToPath(new URL("./crash-writer.test-data.js", import.meta.url));
const ACKNOWLEDGED_MAX = 300;

/** Rounds on one folder, which is empty at first. Throws at the first round that is wrong, naming seed and round. */
export async function* crashRounds(folder: string, seed: number, rounds: number): AsyncGenerator<CrashRound> {
  const prng = new Prng(seed).fork("kills");
  const known = new Map<number, Known>();
  for (let round = 1; round <= rounds; round++) {
    const earlier = known.size;
    // The first moments are the likeliest to be wrong: some kills come before anything was acknowledged.
    const killAfter = prng.below(4) === 0 ? prng.below(4) : prng.below(ACKNOWLEDGED_MAX);
    await writeUntilKilled(folder, seed, killAfter, known);
    const inFlight = [...known.values()].filter((each) => each.revision === null);
    const acknowledged = known.size - earlier - inFlight.length;
    const store = await openStore(`file:${folder}`, { timers: realTimers });
    try {
      const present = await check(store, seed, known);
      yield { round, acknowledged, inFlight: inFlight.length, present, revision: store.revision() };
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}`, { cause: error });
    } finally {
      await store.close();
    }
  }
}

/** Adds what the writer reports to `known`. */
async function writeUntilKilled(
  folder: string,
  seed: number,
  killAfter: number,
  known: Map<number, Known>,
): Promise<void> {
  const first = Math.max(0, ...known.keys()) + 1;
  const child = spawn(process.execPath, [WRITER, folder, String(seed), String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    // What a killed process left in the pipe is whole lines: each was one write.
    const report = JSON.parse(line) as CrashReport;
    if (report.is === "try") known.set(report.operation, { ...report, revision: null });
    else {
      acknowledged++;
      const operation = known.get(report.operation);
      assert.ok(operation !== undefined, "an acknowledged operation was tried");
      operation.revision = report.revision;
    }
    if (acknowledged >= killAfter) child.kill("SIGKILL");
  }
  const [, signal] = await exited;
  assert.equal(signal, "SIGKILL", "the writer only ends when it is killed");
}

/** Settles what was in flight: afterwards `known` holds what happened. Returns how much of it is there. */
async function check(store: Store, seed: number, known: Map<number, Known>): Promise<number> {
  const found = await batchesOf(store);
  const present = settle(store.revision(), known, found);
  const deleted = new Set([...known.values()].map((each) => each.deletes));
  for (const each of known.values()) {
    if (each.deletes !== null) continue;
    const kvs = found.get(each.operation) ?? [];
    found.delete(each.operation);
    if (deleted.has(each.operation)) assert.equal(kvs.length, 0, `operation ${each.operation} was deleted`);
    else assertWhole(seed, each, kvs);
  }
  assert.deepEqual([...found.keys()], [], "nothing is there that was not written");
  await checkShared(store, known);
  return present;
}

async function batchesOf(store: Store): Promise<Map<number, KeyValue[]>> {
  const found = new Map<number, KeyValue[]>();
  for (const kv of (await store.range({ key: "batch/", rangeEnd: "batch0" })).kvs) {
    const operation = Number(kv.key.split("/")[1]);
    found.set(operation, [...(found.get(operation) ?? []), kv]);
  }
  return found;
}

/** Every revision is one write: those that were acknowledged, and those in flight that are there. */
function settle(
  newest: Revision,
  known: Map<number, Known>,
  found: ReadonlyMap<number, readonly KeyValue[]>,
): number {
  const deletions: Known[] = [];
  let present = 0;
  for (const each of [...known.values()].filter(({ revision }) => revision === null)) {
    const kvs = found.get(each.deletes ?? each.operation) ?? [];
    const happened = each.deletes === null ? kvs.length > 0 : kvs.length === 0;
    if (!happened) {
      known.delete(each.operation);
      continue;
    }
    present++;
    each.revision = kvs[0]?.modRevision ?? null;
    if (each.deletes !== null) deletions.push(each);
  }
  // A deletion leaves no revision to read: it is one that nothing else has.
  const taken = new Set([...known.values()].map((each) => each.revision));
  const free = Array.from({ length: newest - 1 }, (_, index) => index + 2).filter((each) => !taken.has(each));
  assert.equal(free.length, deletions.length, `revisions of no write: ${free}`);
  for (const [index, each] of deletions.entries()) each.revision = free[index] ?? null;
  const last = Math.max(1, ...[...known.values()].map((each) => each.revision ?? 0));
  assert.equal(newest, last, "the newest revision is that of the last write");
  return present;
}

function assertWhole(seed: number, { operation, revision }: Known, kvs: readonly KeyValue[]): void {
  const batch = batchOf(seed, operation);
  assert.deepEqual(
    kvs.map((kv) => kv.key),
    batch.keys,
    `operation ${operation} is whole`,
  );
  for (const kv of kvs) {
    assert.equal(Buffer.from(kv.value).toString(), batch.value);
    assert.equal(kv.modRevision, revision, `operation ${operation} is at its revision`);
  }
}

/** The last writer's value. */
async function checkShared(store: Store, known: ReadonlyMap<number, Known>): Promise<void> {
  for (let index = 0; index < SHARED_KEYS_COUNT; index++) {
    const writers = [...known.values()].filter(
      (each) => each.deletes === null && each.operation % SHARED_KEYS_COUNT === index,
    );
    const last = writers.sort((left, right) => (left.revision ?? 0) - (right.revision ?? 0)).at(-1);
    const [kv] = (await store.range({ key: `shared/${index}` })).kvs;
    assert.equal(kv?.modRevision ?? null, last?.revision ?? null, `shared/${index} is at its last revision`);
    if (kv !== undefined)
      assert.equal(Number.parseInt(Buffer.from(kv.value).toString(), 10), last?.operation);
  }
}
