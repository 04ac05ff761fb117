// Durable puts of 1 KB: the store in a folder beside a real etcd, on the same disk, in the same run, taking turns.
// etcd is reached over the same client that `--store etcd:` uses; the folder store also over gRPC, served by another
// process, so that one row differs only in the store.
// usage: node dist/bench/store/puts.js [--rounds 7] [--seconds 2]
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Prng } from "../../src/base/prng.js";
import { realTimers } from "../../src/base/timers.js";
import { startEtcd, whyNoEtcd } from "../../src/controlplane/store/etcd/etcd-process.test-data.js";
import { openStore } from "../../src/controlplane/store/open-store.js";
import type { Store } from "../../src/controlplane/store/store.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "2" },
    serve: { type: "string" },
  },
});

const VALUE_BYTES = 1024;
const KEYS_COUNT = 10_000;

interface Contender {
  readonly name: string;
  readonly store: Store;
}

async function main(rounds: number, ms: number): Promise<void> {
  const missing = whyNoEtcd();
  if (missing !== null) {
    console.log(`skipped: ${missing}`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "plumb-puts-"));
  const etcd = await startEtcd();
  const served = await startServed(join(folder, "served"));
  const contenders: Contender[] = [
    { name: "real etcd, gRPC", store: await openStore(`etcd:${etcd.url}`, { timers: realTimers }) },
    {
      name: "file store, in process",
      store: await openStore(`file:${join(folder, "own")}`, { timers: realTimers }),
    },
    { name: "file store served, gRPC", store: await openStore(`etcd:${served.url}`, { timers: realTimers }) },
  ];
  const prng = new Prng(1);
  for (const writers of [1, 64]) {
    const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
    for (const { store } of contenders) await measure(store, writers, ms / 4);
    for (let round = 0; round < rounds; round++)
      for (const { name, store } of prng.shuffled(contenders))
        rates.get(name)?.push(await measure(store, writers, ms));
    print(writers, rates);
  }
  console.log(provenance(rounds, ms));
  for (const { store } of contenders) await store.close();
  served.child.kill();
  await etcd.stop();
  rmSync(folder, { recursive: true });
}

/** Puts per second. */
async function measure(store: Store, writers: number, ms: number): Promise<number> {
  const value = Buffer.from(Array.from({ length: VALUE_BYTES }, (_, index) => (index * 7919) % 251));
  const start = realTimers.milliseconds();
  let done = 0;
  const write = async () => {
    while (realTimers.milliseconds() - start < ms) {
      const key = `bench/${done++ % KEYS_COUNT}`;
      await store.txn({ compare: [], success: [{ op: "put", key, value }], failure: [] });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return (done / (realTimers.milliseconds() - start)) * 1000;
}

function print(writers: number, rates: ReadonlyMap<string, readonly number[]>): void {
  const reference = median([...rates.values()][0] ?? []);
  console.log(`\n${writers} ${writers === 1 ? "writer" : "writers"}: puts per second`);
  for (const [name, samples] of rates) {
    const sorted = [...samples].sort((left, right) => left - right);
    const [min, max] = [sorted[0] ?? 0, sorted.at(-1) ?? 0].map(Math.round);
    const ratio = (median(samples) / reference).toFixed(2);
    console.log(
      `  ${name.padEnd(24)} median ${String(Math.round(median(samples))).padStart(7)}  (${min}..${max}, n=${samples.length})  ${ratio}x`,
    );
  }
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const middle = sorted.length >>> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}

function provenance(rounds: number, ms: number): string {
  const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
  return (
    `\n${VALUE_BYTES}-byte values over ${KEYS_COUNT} keys, ${rounds} rounds of ${ms} ms in shuffled order; node ${process.version}, ` +
    `Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, load ${load}, both stores below ${tmpdir()}`
  );
}

async function startServed(folder: string): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--serve", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return { url: `http://127.0.0.1:${String(port).trim()}`, child };
}

async function serve(folder: string): Promise<void> {
  const { serveEtcd } = await import("../../src/controlplane/store/etcd/serve-etcd.js");
  const store = await openStore(`file:${folder}`, { timers: realTimers });
  const server = await serveEtcd(store, { host: "127.0.0.1", port: 0, timers: realTimers });
  console.log(server.port);
}

if (values.serve !== undefined) await serve(values.serve);
else await main(Number(values.rounds), Number(values.seconds) * 1000);
