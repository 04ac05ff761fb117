// A plane for tests that come from outside: three nodes, containers at once, HTTPS and a kubeconfig.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realTimers, type Timers } from "../base/timers.js";
import { defaultConfiguration } from "../scheduler/config/default-configuration.js";
import { Plane } from "./plane.js";
import { openAccess, type Served } from "./plane-access.js";
import {
  DEFAULT_CLUSTER_CIDRS,
  DEFAULT_PROXY_TIMING,
  DEFAULT_SERVICE_RANGE,
  INSTANT_PROFILE,
  numberedNodes,
} from "./plane-options.js";

export interface TestPlane {
  readonly plane: Plane;
  readonly served: Served;
  readonly kubeconfigPath: string;
  /** Of a plane that is audited. */
  readonly auditLogPath: string;
  /** Gone with the plane. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Time that runs so many times faster: probes that wait a minute are done in a second or two. */
export function fastTimers(factor: number): Timers {
  const beginMs = realTimers.milliseconds();
  const beginWallMs = realTimers.wall().getTime();
  const elapsedMs = () => (realTimers.milliseconds() - beginMs) * factor;
  return {
    now: () => BigInt(Math.round(elapsedMs() * 1e6)) as ReturnType<Timers["now"]>,
    milliseconds: elapsedMs,
    wall: () => new Date(beginWallMs + elapsedMs()),
    after: (ms, run) => realTimers.after(ms / factor, run),
  };
}

interface TestPlaneOptions {
  readonly timers?: Timers;
  readonly nodes?: number;
  readonly isAudited?: boolean;
  readonly dnsPort?: number | null;
  /** Leaves scheduler and controllers out. */
  readonly isServerOnly?: boolean;
}

/** Resolves when all nodes are Ready. */
export async function startTestPlane(options: TestPlaneOptions = {}): Promise<TestPlane> {
  const { timers = realTimers, nodes = 3, isAudited = false, isServerOnly = false, dnsPort = null } = options;
  const folder = mkdtempSync(join(tmpdir(), "plumb-plane-"));
  const auditLogPath = join(folder, "audit.log");
  const access = openAccess({
    timers,
    store: "memory",
    port: 0,
    plainPort: null,
    etcdPort: null,
    dnsPort,
    proxyHealth: { first: 0, elseFree: false },
    kubeconfigPath: join(folder, "kubeconfig"),
    auditLogPath: isAudited ? auditLogPath : null,
  });
  const plane = await Plane.start({
    store: "memory",
    timers,
    seed: 42,
    newUid: randomUUID,
    nodes: numberedNodes(nodes),
    profile: INSTANT_PROFILE,
    kubeletEvents: true,
    scheduler: isServerOnly ? null : defaultConfiguration(),
    controllers: [isServerOnly ? "none" : "*"],
    proxies: [{ mode: "nftables", node: "node-0" }],
    proxyTiming: DEFAULT_PROXY_TIMING,
    runsIngress: true,
    serviceRange: DEFAULT_SERVICE_RANGE,
    clusterCidrs: DEFAULT_CLUSTER_CIDRS,
    authority: access.authority,
    tokenKey: access.tokenKey,
    server: access.serverOptions,
  });
  const served = await access.serve(plane);
  await plane.nodesReady();
  return {
    plane,
    served,
    kubeconfigPath: access.kubeconfigPath,
    auditLogPath,
    folder,
    async stop() {
      await access.close();
      await plane.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
