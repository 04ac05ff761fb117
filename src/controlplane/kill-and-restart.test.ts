// The whole process is killed while clients write, and started again on the same folder: every acknowledged write is
// there, and no other but those that were under way; the kubeconfig of the first start still works; a watch from before
// the kill goes on, or is told that it cannot. PLUMB_KILL_ROUNDS=50 for more rounds; seeds are printed.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { StatusError } from "../api/status.js";
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
  readonly port: number;
  readonly client: Client & { close(): void };
}

/** @param port 0: any that is free */
function start(folder: string, port: number): Promise<Started> {
  const child = spawn(
    process.execPath,
    [
      join(packageRoot, "dist/src/cli/main.js"),
      ...["up", "--nodes", "0", "--port", String(port), "--plain-port", "0", "--json", "--quiet"],
      ...["--store", `file:${join(folder, "store")}`, "--kubeconfig", join(folder, "kubeconfig")],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes("\n")) return;
      const { url, plainUrl } = JSON.parse(text) as { url: string; plainUrl: string };
      const port = Number(new URL(url).port);
      resolve({ process: child, port, client: httpClient({ server: plainUrl, timers: realTimers }) });
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

/** How a watch from an old version begins: with these names that came since, or with 410. */
function watchedSince({ client }: Started, resourceVersion: string, count: number) {
  return new Promise<ReadonlySet<string> | 410>((resolve, reject) => {
    const names = new Set<string>();
    const isExpired = (error: unknown) => error instanceof StatusError && error.status.code === 410;
    const cancel = client.resource(CONFIG_MAPS, NAMESPACE).watch(
      { resourceVersion, timeoutSeconds: 10 },
      {
        event({ type, object }) {
          const { code, metadata } = object as { code?: number; metadata: { name: string } };
          if (type === "ERROR")
            return code === 410 ? resolve(410) : reject(new Error(JSON.stringify(object)));
          if (type === "ADDED" && metadata.name.startsWith("round-")) names.add(metadata.name);
          if (names.size < count) return;
          resolve(names);
          cancel();
        },
        end: (error) =>
          isExpired(error) ? resolve(410) : reject(error ?? new Error(`${names.size} of ${count}`)),
      },
    );
  });
}

async function configMapNames(kubeconfigPath: string): Promise<ReadonlySet<string>> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const { items } = await config.makeApiClient(CoreV1Api).listNamespacedConfigMap({ namespace: NAMESPACE });
  return new Set(items.map(({ metadata }) => metadata?.name ?? ""));
}

test("the plane that is killed while it writes has every acknowledged write when it is back", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-kill-"));
  const prng = new Prng(SEED);
  const known = new Set<string>();
  let started = await start(folder, 0);
  const firstKubeconfig = join(folder, "first-kubeconfig");
  copyFileSync(join(folder, "kubeconfig"), firstKubeconfig);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const killAfter = 1 + prng.below(150);
      const before = await started.client.resource(CONFIG_MAPS, NAMESPACE).list();
      const { acknowledged, underWay } = await writeUntilKilled(started, round, killAfter);
      for (const name of acknowledged) known.add(name);
      started = await start(folder, started.port);
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
      const isNew = (name: string) => name.startsWith(`round-${round}-`);
      const fresh = [...present].filter(isNew);
      const watched = await watchedSince(started, before.metadata.resourceVersion, fresh.length);
      if (watched !== 410) assert.deepEqual([...watched].sort(), fresh.sort());
      context.diagnostic(`watch from before: ${watched === 410 ? 410 : `${watched.size} events`}`);
      const seen = await configMapNames(firstKubeconfig);
      assert.deepEqual(
        fresh.filter((name) => !seen.has(name)),
        [],
      );
      for (const name of present) known.add(name);
    }
    const keys = ["ca.key", "sa.key"];
    const kept = readdirSync(join(folder, "store", "pki"));
    assert.deepEqual(
      keys.filter((name) => !kept.includes(name)),
      [],
    );
    for (const path of [...kept.map((name) => join("store", "pki", name)), "kubeconfig"])
      assert.equal(statSync(join(folder, path)).mode & 0o777, 0o600, path);
  } finally {
    started.client.close();
    started.process.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});
