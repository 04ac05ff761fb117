// A real etcd on loopback, with a folder of its own, where one is installed.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay, realTimers } from "../../../base/timers.js";
import { openStore } from "../open-store.js";

export interface EtcdProcess {
  readonly port: number;
  readonly url: string;
  /** Waits until it answers. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  /** And removes its folder. */
  stop(): Promise<void>;
}

/** Null: it is installed. */
export function whyNoEtcd(): string | null {
  return whyMissing("etcd", "etcd-server");
}

export function whyNoEtcdctl(): string | null {
  return whyMissing("etcdctl", "etcd-client");
}

function whyMissing(program: string, packageName: string): string | null {
  const run = spawnSync(program, ["version"], { stdio: "ignore", env: { ...process.env, ETCDCTL_API: "3" } });
  return run.error === undefined ? null : `${program} is not installed (Debian: ${packageName})`;
}

export async function startEtcd(): Promise<EtcdProcess> {
  const folder = mkdtempSync(join(tmpdir(), "plumb-etcd-"));
  const [port, peerPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const args = [
    ...["--data-dir", folder, "--name", "test", "--logger", "zap", "--log-level", "error"],
    ...["--listen-client-urls", url, "--advertise-client-urls", url],
    ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
    ...["--initial-cluster", `test=${peerUrl}`],
  ];
  let child = spawn("etcd", args, { stdio: "ignore" });
  await answering(url);
  const kill = async (): Promise<void> => {
    const over = once(child, "exit");
    child.kill("SIGKILL");
    await over;
  };
  return {
    port,
    url,
    kill,
    restart: async () => {
      child = spawn("etcd", args, { stdio: "ignore" });
      await answering(url);
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await (await openStore(`etcd:${url}`, { timers: realTimers })).close();
      return;
    } catch {
      await delay(realTimers, 100);
    }
  }
  throw new Error(`etcd does not answer at ${url}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
