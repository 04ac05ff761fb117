// The journal in a folder, over classic-level (LevelDB): one synced batch per group commit.
//
//   "b" + first revision   the changes of one group, see block-codec.ts
//   "c"                    the compacted revision
//   "l" + lease id         seconds it was granted for
//
// Why blocks: LevelDB's cost is per entry, and 64 changes of 1 KB take half the time as one value.
// Space: after a compaction each block that has changes nobody needs is written again without them, or removed. What a
// crash keeps from being done is done at the next start.
// Source: LevelDB's write and recovery rules, doc/index.md and db/db_impl.cc.
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { assert } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import { decodeBlock, encodeBlock, type StoredChange } from "./block-codec.js";
import type { Recovered } from "./embedded-store.js";
import type { Journal, JournalEntry } from "./journal.js";
import type { LeaseGrant } from "./lease-table.js";
import { RevisionIndex } from "./revision-index.js";
import { type KeyValue, type Revision, StoreError } from "./store.js";

type Level = ClassicLevel<Buffer, Buffer>;
type LevelOperation = { type: "put"; key: Buffer; value: Buffer } | { type: "del"; key: Buffer };

interface Block {
  readonly first: Revision;
  changesCount: number;
  needlessCount: number;
}

/** Larger than LevelDB's own 4 MB: a burst of writes is merged into fewer, larger tables. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
/** Writers get their turn between two of these. */
const BLOCKS_AT_ONCE = 64;
const COMPACTED_KEY = Buffer.from("c");
const LEASE_KEYS = { gte: Buffer.from("l"), lt: Buffer.from("m") };
const BLOCK_KEY_BYTES = 9;

/**
 * Open a folder, or make it, and read what is there.
 *
 * @throws {StoreError} Locked, Unwritable
 * @throws {PlumbError} InvalidInput when what is there is damaged in a way that would lose acknowledged changes
 */
export async function openLevelJournal(folder: string): Promise<Recovered> {
  const level = await openLevel(folder);
  try {
    const index = new RevisionIndex();
    const compacted = await readCompacted(level);
    const blocks = await readBlocks(level, folder, index, compacted);
    const leases = await readLeases(level);
    const journal = new LevelJournal(folder, level, blocks, (kv) => index.holds(kv.key, kv.modRevision));
    if (compacted > 0) await journal.forget(index.compact(compacted));
    return { index, leases, journal };
  } catch (error) {
    await level.close();
    throw damageOr(error, folder);
  }
}

class LevelJournal implements Journal {
  readonly #folder: string;
  readonly #level: Level;
  readonly #isNeeded: (kv: KeyValue) => boolean;
  /** In order of their first revision. */
  #blocks: Block[];
  /** After a failure LevelDB refuses everything until it is opened again. */
  #refusing = false;
  #cleaning: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(folder: string, level: Level, blocks: Block[], isNeeded: (kv: KeyValue) => boolean) {
    this.#folder = folder;
    this.#level = level;
    this.#blocks = blocks;
    this.#isNeeded = isNeeded;
  }

  async write(entries: readonly JournalEntry[], committed: Revision): Promise<void> {
    const changes = entries.flatMap((each) => each.changes);
    const operations = entries.flatMap(operationsOf);
    const first = changes[0]?.kv.modRevision;
    if (first !== undefined)
      operations.push({ type: "put", key: blockKey(first), value: encodeBlock(changes) });
    if (operations.length === 0) return;
    try {
      if (this.#refusing) await this.#reopen(committed);
      await this.#level.batch(operations, { sync: true });
    } catch (error) {
      this.#refusing = true;
      throw error instanceof StoreError ? error : new StoreError("Unwritable", { detail: reasonOf(error) });
    }
    if (first !== undefined) this.#blocks.push({ first, changesCount: changes.length, needlessCount: 0 });
  }

  async forget(dropped: readonly KeyValue[]): Promise<void> {
    for (const { modRevision } of dropped) {
      const block = this.#blockOf(modRevision);
      if (block !== undefined) block.needlessCount++;
    }
    this.#cleaning = this.#clean();
    // Lost cleaning only costs space, and a disk that refuses is told to whoever writes next.
    await this.#cleaning.catch(() => {});
  }

  async sizeBytes(): Promise<number> {
    let bytes = 0;
    for (const name of await readdir(this.#folder)) {
      // LevelDB removes files in between.
      bytes += await stat(join(this.#folder, name)).then(
        (found) => found.size,
        () => 0,
      );
    }
    return bytes;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#cleaning.catch(() => {});
    await this.#level.close();
  }

  /**
   * From the oldest block to the newest, each step durable before the next: a deletion must not go before the value that
   * it deletes, or the value would be back at the next start.
   */
  async #clean(): Promise<void> {
    const blocks = this.#blocks.filter((block) => block.needlessCount > 0);
    for (let at = 0; at < blocks.length && !this.#closing; at += BLOCKS_AT_ONCE) {
      const step = blocks.slice(at, at + BLOCKS_AT_ONCE);
      const kept = new Map<Block, number>();
      const operations: LevelOperation[] = [];
      for (const block of step) operations.push(await this.#cleaned(block, kept));
      await this.#level.batch(operations, { sync: true });
      for (const [block, changesCount] of kept) {
        block.changesCount = changesCount;
        block.needlessCount = 0;
      }
      this.#blocks = this.#blocks.filter((block) => block.changesCount > 0);
    }
  }

  /** @param kept how many changes the block will have */
  async #cleaned(block: Block, kept: Map<Block, number>): Promise<LevelOperation> {
    const key = blockKey(block.first);
    const allNeedless = block.needlessCount === block.changesCount;
    const value = allNeedless ? undefined : await this.#level.get(key);
    const changes = value === undefined ? [] : (decodeBlock(value) ?? []);
    const needed = changes.filter((change) => this.#isNeeded(change.kv));
    assert(allNeedless || needed.length > 0, `block ${block.first} was read and has nothing that is needed`);
    kept.set(block, needed.length);
    return needed.length === 0 ? { type: "del", key } : { type: "put", key, value: encodeBlock(needed) };
  }

  /** The last block that begins at or before `revision`. */
  #blockOf(revision: Revision): Block | undefined {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle] as Block).first <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#blocks[low - 1];
  }

  /** What failed may still have reached the disk: nobody was told, so it goes. */
  async #reopen(committed: Revision): Promise<void> {
    await this.#level.close();
    await this.#level.open();
    await this.#level.clear({ gte: blockKey(committed + 1), lte: blockKey(Number.MAX_SAFE_INTEGER) });
    this.#refusing = false;
  }
}

async function openLevel(folder: string): Promise<Level> {
  try {
    // Secrets are in there. Before the engine, which would make it readable by all.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const level: Level = new ClassicLevel(folder, {
      keyEncoding: "buffer",
      valueEncoding: "buffer",
      writeBufferSize: WRITE_BUFFER_BYTES,
    });
    await level.open();
    return level;
  } catch (error) {
    throw damageOr(error, folder);
  }
}

function damageOr(error: unknown, folder: string): unknown {
  if (error instanceof PlumbError || error instanceof StoreError) return error;
  const reason = reasonOf(error);
  const code = codeOf(error);
  if (code === "LEVEL_LOCKED") return new StoreError("Locked", { detail: folder });
  if (code === "LEVEL_CORRUPTION") return damaged(folder, reason);
  return new StoreError("Unwritable", { detail: reason });
}

function damaged(folder: string, reason: string): PlumbError {
  return new PlumbError("InvalidInput", `Cannot open store '${folder}': it is damaged: ${reason}`, {
    hint: "restore the folder from a copy, or start with an empty one",
  });
}

/** LevelDB's errors are the cause of classic-level's. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.cause instanceof Error) return codeOf(error.cause);
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

async function readCompacted(level: Level): Promise<Revision> {
  return (await level.get(COMPACTED_KEY))?.readDoubleBE(0) ?? 0;
}

async function readLeases(level: Level): Promise<LeaseGrant[]> {
  const leases: LeaseGrant[] = [];
  for await (const [key, value] of level.iterator(LEASE_KEYS))
    leases.push({ id: key.toString("latin1", 1), ttlSeconds: value.readDoubleBE(0) });
  return leases;
}

async function readBlocks(
  level: Level,
  folder: string,
  index: RevisionIndex,
  compacted: Revision,
): Promise<Block[]> {
  const blocks: Block[] = [];
  const every = { gte: blockKey(0), lte: blockKey(Number.MAX_SAFE_INTEGER) };
  for await (const [key, value] of level.iterator(every)) {
    const first = key.readDoubleBE(1);
    const changes = decodeBlock(value);
    if (changes === null) throw damaged(folder, `the block of revision ${first} is not readable`);
    for (const change of changes) enter(index, change, compacted, folder);
    blocks.push({ first, changesCount: changes.length, needlessCount: 0 });
  }
  index.advanceTo(compacted);
  return blocks;
}

/** Above the compaction every revision is there: a gap would be acknowledged changes that were lost. */
function enter(index: RevisionIndex, { type, kv }: StoredChange, compacted: Revision, folder: string): void {
  if (kv.modRevision > compacted) {
    index.advanceTo(compacted);
    if (kv.modRevision > index.newest + 1)
      throw damaged(folder, `revisions ${index.newest + 1}..${kv.modRevision - 1} are missing`);
  }
  index.append(type, kv);
}

function operationsOf({ granted, revoked, compacted }: JournalEntry): LevelOperation[] {
  const operations: LevelOperation[] = [];
  if (granted !== null)
    operations.push({ type: "put", key: leaseKey(granted), value: float(granted.ttlSeconds) });
  if (revoked !== null) operations.push({ type: "del", key: leaseKey(revoked) });
  if (compacted > 0) operations.push({ type: "put", key: COMPACTED_KEY, value: float(compacted) });
  return operations;
}

function leaseKey({ id }: LeaseGrant): Buffer {
  return Buffer.from(`l${id}`, "latin1");
}

/** Positive doubles are in order of their bytes. */
function blockKey(first: Revision): Buffer {
  const key = Buffer.alloc(BLOCK_KEY_BYTES, "b");
  key.writeDoubleBE(first, 1);
  return key;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
