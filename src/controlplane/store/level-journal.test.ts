import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ClassicLevel } from "classic-level";
import { PlumbError } from "../../base/errors.js";
import { ManualTimers } from "../../base/timers.js";
import { openStore } from "./open-store.js";
import { recordWatch } from "./record-watch.test-data.js";
import type { Store } from "./store.js";
import { put, rejects, remove, text } from "./store-conformance.test-data.js";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "plumb-level-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(folder: string): Promise<Store> {
  return openStore(`file:${folder}`, { timers: new ManualTimers() });
}

async function contents(store: Store): Promise<string[]> {
  const { kvs } = await store.range({ key: "", rangeEnd: "\0" });
  return kvs.map(
    (kv) => `${kv.key}=${text(kv)} ${kv.createRevision}/${kv.modRevision}/${kv.version}/${kv.lease}`,
  );
}

test("file store finds states, history, leases and the compaction again", async (t) => {
  const folder = newFolder(t);
  const before = await open(folder);
  await before.grantLease(30, "9");
  await before.grantLease(30, "10");
  await before.revokeLease("10");
  for (const value of ["1", "2", "3"]) await put(before, "a", value);
  await put(before, "\xff\0b", "x", "9");
  await put(before, "gone", "x");
  await before.compact(3);
  const removed = await remove(before, "gone");
  const was = await contents(before);
  await before.close();

  const store = await open(folder);
  assert.deepEqual(await contents(store), was);
  assert.equal(store.revision(), removed);
  assert.equal(text((await store.range({ key: "a", revision: 3 })).kvs[0]), "2");
  await rejects(store.range({ key: "a", revision: 2 }), "Compacted");
  assert.deepEqual(await store.leases(), ["9"]);
  assert.deepEqual((await store.leaseStatus("9")).keys, ["\xff\0b"]);
  const watch = recordWatch(store, { key: "", rangeEnd: "\0", startRevision: 4, prevKv: true });
  await watch.until(4);
  assert.deepEqual(watch.lines(), [
    "put a=3 (2)",
    "put \xff\0b=x (none)",
    "put gone=x (none)",
    "delete gone= (x)",
  ]);
  await store.close();
});

test("file store keeps its revision when everything before was compacted away", async (t) => {
  const folder = newFolder(t);
  const before = await open(folder);
  await put(before, "a", "1");
  const removed = await remove(before, "a");
  const last = await put(before, "b", "1");
  await remove(before, "b");
  await before.compact(last + 1);
  await before.close();
  for (let life = 0; life < 3; life++) {
    const store = await open(folder);
    assert.equal(store.revision(), removed + 2);
    // The deletion at the compaction is still told.
    const watch = recordWatch(store, { key: "b", startRevision: removed + 2 });
    await watch.until(1);
    assert.deepEqual(watch.lines(), ["delete b= (none)"]);
    await store.close();
  }
});

test("file store frees the space of what was compacted", async (t) => {
  const folder = newFolder(t);
  const before = await open(folder);
  const value = Array.from({ length: 500 }, (_, index) => String.fromCharCode((index * 37) % 256)).join("");
  for (let round = 0; round < 20; round++)
    await Promise.all(Array.from({ length: 50 }, (_, key) => put(before, `k${key}`, `${round}${value}`)));
  await before.compact(before.revision());
  const was = await contents(before);
  await before.close();
  const level = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: "buffer", valueEncoding: "buffer" });
  let bytes = 0;
  for await (const [, block] of level.iterator()) bytes += block.length;
  await level.close();
  assert.ok(bytes < 2 * 50 * 600, `${bytes} bytes are kept of 50 values`);
  const store = await open(folder);
  assert.deepEqual(await contents(store), was);
  await store.close();
});

test("file store does not bring back what was deleted, when the cleaning after a compaction is cut short", async (t) => {
  const folder = newFolder(t);
  const before = await open(folder);
  // The value shares its block with values that stay, the deletion has a block of its own.
  await Promise.all(["gone", "a", "b", "c", "d"].map((key) => put(before, key, "1")));
  const removed = await remove(before, "gone");
  await put(before, "e", "1");
  // Closing stops the cleaning after the step that is under way.
  const compacting = before.compact(removed + 1);
  await compacting;
  const was = await contents(before);
  await before.close();
  for (let life = 0; life < 2; life++) {
    const store = await open(folder);
    assert.deepEqual(await contents(store), was);
    await store.close();
  }
});

test("file store is opened by one at a time, and its folder only read by its owner", async (t) => {
  const folder = join(newFolder(t), "new", "folder");
  const store = await open(folder);
  await rejects(open(folder), "Locked");
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  await store.close();
  await (await open(folder)).close();
});

function logOf(folder: string): string {
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".log")) ?? "");
}

test("file store loses at most the torn tail of its log, and no more than whole writes", async (t) => {
  const folder = newFolder(t);
  const before = await open(folder);
  for (let index = 0; index < 20; index++) await put(before, `k${index}`, "x".repeat(1000));
  await before.close();
  truncateSync(logOf(folder), statSync(logOf(folder)).size - 500);
  const torn = await open(folder);
  assert.deepEqual([torn.revision(), (await contents(torn)).length], [20, 19]);
  assert.equal(await put(torn, "k19", "again"), 21);
  await torn.close();
  appendFileSync(logOf(folder), Buffer.alloc(300, 0xa5));
  const store = await open(folder);
  assert.equal((await contents(store)).length, 20);
  await store.close();
});

test("file store refuses a folder in which acknowledged changes are missing or unreadable, and says which", async (t) => {
  const damage: [
    RegExp,
    (level: ClassicLevel<Buffer, Buffer>, key: Buffer, value: Buffer) => Promise<void>,
  ][] = [
    [/revisions 3\.\.3 are missing/, (level, key) => level.del(key)],
    [
      /block of revision 3 is not readable/,
      (level, key, value) => level.put(key, Buffer.concat([value, value])),
    ],
  ];
  for (const [message, harm] of damage) {
    const folder = newFolder(t);
    const before = await open(folder);
    for (const value of ["1", "2", "3"]) await put(before, "a", value);
    await before.close();
    const level = new ClassicLevel<Buffer, Buffer>(folder, {
      keyEncoding: "buffer",
      valueEncoding: "buffer",
    });
    const [, second] = await level.iterator().all();
    if (second === undefined) assert.fail("three blocks");
    await harm(level, ...second);
    await level.close();
    await assert.rejects(open(folder), (error) => {
      assert.ok(error instanceof PlumbError && error.code === "InvalidInput");
      assert.match(error.message, message);
      return true;
    });
  }
});

test("file store refuses a folder whose engine's files are garbage", async (t) => {
  const folder = newFolder(t);
  const before = await open(folder);
  await put(before, "a", "1");
  await before.close();
  writeFileSync(join(folder, "CURRENT"), "garbage");
  await assert.rejects(open(folder), /is damaged/);
});

test("file store refuses to write on a full disk, reads on, and writes again when there is room", async (t) => {
  const folder = newFolder(t);
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], { encoding: "utf8" });
  if (mount.status !== 0) {
    t.skip(`no small file system can be mounted here: ${mount.error?.message ?? mount.stderr.trim()}`);
    return;
  }
  try {
    await fillDisk(disk);
  } finally {
    spawnSync("umount", [disk]);
  }
});

async function fillDisk(disk: string): Promise<void> {
  const store = await open(join(disk, "store"));
  await put(store, "first", "1");
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, Buffer.alloc(1_500_000));
  let acknowledged = 0;
  const fill = async () => {
    for (; acknowledged < 100; acknowledged++) await put(store, `k${acknowledged}`, "x".repeat(50_000));
  };
  await rejects(fill(), "Unwritable");
  await rejects(put(store, "again", "1".repeat(50_000)), "Unwritable");
  assert.equal(text((await store.range({ key: "first" })).kvs[0]), "1");
  assert.equal((await store.range({ key: "k", rangeEnd: "l" })).count, acknowledged);
  assert.equal(store.revision(), 2 + acknowledged);
  rmSync(ballast);
  const revision = await put(store, "room", "1");
  await store.close();
  const reopened = await open(join(disk, "store"));
  assert.equal(reopened.revision(), revision);
  assert.equal((await reopened.range({ key: "k", rangeEnd: "l" })).count, acknowledged);
  await reopened.close();
}
