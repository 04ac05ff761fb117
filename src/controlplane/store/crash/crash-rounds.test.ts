import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crashRounds } from "./crash-rounds.test-data.js";

const SEED = 20;
const ROUNDS = 5;

test("file store keeps exactly what it acknowledged, when its process is killed while it writes", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-crash-"));
  let acknowledged = 0;
  try {
    for await (const round of crashRounds(folder, SEED, ROUNDS)) {
      acknowledged += round.acknowledged;
      t.diagnostic(`seed ${SEED}: ${JSON.stringify(round)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  assert.ok(acknowledged > 0);
});
