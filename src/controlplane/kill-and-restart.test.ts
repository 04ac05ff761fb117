// The whole process is killed while clients write, and started again on the same folder: every acknowledged write is
// there, and no other but those that were under way. PLUMB_KILL_ROUNDS=50 for more rounds; seeds are printed.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { httpClient } from "./client/http-client.js";
import type { Client } from "./client/client.js";
import { packageRoot } from "../base/source-path.js";
import { Prng } from "../base/prng.js";
import { realTimers } from "../base/timers.js";

const ROUNDS = Number(process.env["PLUMB_KILL_ROUNDS"] ?? 3);
const SEED = Number(process.env["PLUMB_KILL_SEED"] ?? 7);
const WRITERS = 8;
const WRITES_MAX = 400;
const CONFIG_MAPS = { group: "", version: "v1", resource: "configmaps" };
const NAMESPACE = "default";

interface Started {
  readonly process: ChildProcess;
  readonly client: Client & { close(): void };
}

function start(folder: string): Promise<Started> {
  const child = spawn(
    process.execPath,
    [
      join(packageRoot, "dist/src/cli/main.js"),
      ...["up", "--nodes", "0", "--port", "0", "--plain-port", "0", "--json", "--quiet"],
      ...["--store", `file:${join(folder, "store")}`, "--kubeconfig", join(folder, "kubeconfig")],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes("\n")) return;
      const { plainUrl } = JSON.parse(text) as { plainUrl: string };
      resolve({ process: child, client: httpClient({ server: plainUrl, timers: realTimers }) });
    });
    child.once("exit", (code) => reject(new Error(`plumb up ended with ${code}`)));
  });
}

/** Writes until the process is gone. @returns names that were acknowledged, and those under way at the end */
async function writeUntilKilled(started: Started, round: number, killAfter: number) {
  const maps = started.client.resource(CONFIG_MAPS, NAMESPACE);
  const acknowledged = new Set<string>();
  const underWay = new Set<string>();
  const writer = async (number: number) => {
    for (let index = 0; index < WRITES_MAX; index++) {
      const name = `round-${round}-writer-${number}-${index}`;
      underWay.add(name);
      try {
        await maps.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { name } });
      } catch {
        return;
      }
      underWay.delete(name);
      acknowledged.add(name);
      if (acknowledged.size === killAfter) started.process.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
  started.client.close();
  return { acknowledged, underWay };
}

test("the plane that is killed while it writes has every acknowledged write when it is back", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-kill-"));
  const prng = new Prng(SEED);
  const known = new Set<string>();
  let started = await start(folder);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const killAfter = 1 + prng.below(150);
      const { acknowledged, underWay } = await writeUntilKilled(started, round, killAfter);
      for (const name of acknowledged) known.add(name);
      started = await start(folder);
      const { items } = await started.client.resource(CONFIG_MAPS, NAMESPACE).list();
      const present = new Set(
        items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("round-")),
      );
      const lost = [...known].filter((name) => !present.has(name));
      const foreign = [...present].filter((name) => !known.has(name) && !underWay.has(name));
      context.diagnostic(
        `seed ${SEED} round ${round}: killed after ${killAfter}, ${acknowledged.size} acknowledged, ${underWay.size} under way`,
      );
      assert.deepEqual({ lost, foreign }, { lost: [], foreign: [] });
      for (const name of present) known.add(name);
    }
  } finally {
    started.client.close();
    started.process.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});
