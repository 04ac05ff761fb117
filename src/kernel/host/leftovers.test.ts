import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findLeftovers, makeTemporaryFolder, removeLeftovers } from "./leftovers.js";

test("folders of processes that are gone are removed; those of living ones and strangers' stay", () => {
  const own = makeTemporaryFolder();
  const gone = spawnSync("true").pid;
  const dead = join(tmpdir(), `plumb-kernel-${gone}-abcdef`);
  const stranger = join(tmpdir(), `plumb-kernel-${gone}-gone00x`);
  try {
    for (const folder of [dead, stranger]) mkdirSync(folder);
    writeFileSync(join(dead, "console"), "");
    assert.ok(findLeftovers().includes(dead));
    assert.ok(removeLeftovers().includes(dead));
    assert.deepEqual(
      [dead, own, stranger].map((folder) => existsSync(folder)),
      [false, true, true],
    );
  } finally {
    for (const folder of [own, dead, stranger]) rmSync(folder, { recursive: true, force: true });
  }
});
