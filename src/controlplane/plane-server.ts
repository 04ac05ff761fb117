// The part of a plane that all others talk to: the store and the API server over it.
import { PlumbError } from "../base/errors.js";
import type { Prng } from "../base/prng.js";
import { MetricsApi } from "./addons/metrics/metrics-api.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import { type ApiServer, type ApiServerOptions, createApiServer } from "./apiserver/api-server.js";
import { DEFAULT_NODE_PORTS, standardAccess } from "./apiserver/standard-access.js";
import type { Client } from "./client/client.js";
import { inProcessClient } from "./client/in-process-client.js";
import type { HollowKubelets } from "./kubelet/hollow-kubelets.js";
import { CLUSTER_DOMAIN, type PlaneOptions, type Stop } from "./plane-options.js";
import { openStore } from "./store/open-store.js";
import { type Store, StoreError, type StoreErrorCode } from "./store/store.js";
import { NodeStreamsLater } from "./wiring/node-streams-later.js";
import { PlaneMetrics } from "./wiring/plane-metrics.js";
import type { SchedulerRunner } from "./wiring/scheduler-runner.js";

const TOKEN_ISSUER = `https://kubernetes.default.svc.${CLUSTER_DOMAIN}`;

export interface ServerParts {
  readonly store: Store;
  readonly server: ApiServer;
  readonly client: Client;
  readonly streams: NodeStreamsLater;
  readonly metrics: PlaneMetrics;
  readonly metricsApi: MetricsApi;
  readonly running: Running;
}

/** What is started after the server that reports of it. */
interface Running {
  scheduler: SchedulerRunner | null;
  kubelets: HollowKubelets | null;
}

/** @param stops how to end what is started, in the order in which it is */
export async function startServer(options: PlaneOptions, prng: Prng, stops: Stop[]): Promise<ServerParts> {
  const { timers, newUid, tokenKey, serviceRange } = options;
  const streams = new NodeStreamsLater();
  const metrics = new PlaneMetrics();
  const metricsApi = new MetricsApi();
  const running: Running = { scheduler: null, kubelets: null };
  const store = await openStore(options.store, { timers }).catch((error: unknown) => {
    throw error instanceof StoreError ? unopened(options.store, error) : error;
  });
  stops.push(() => store.close());
  const access = {
    timers,
    prng: prng.fork("access"),
    newId: newUid,
    tokenKey,
    issuer: TOKEN_ISSUER,
    serviceRanges: [serviceRange],
    nodePorts: DEFAULT_NODE_PORTS,
    disabledPlugins: options.disabledAdmission ?? [],
  };
  const server = await createApiServer({
    store,
    timers,
    prng: prng.fork("server"),
    newUid,
    nodes: streams,
    accessOver: (objects) => standardAccess(objects, access),
    extraGroups: [metricsApi],
    components: COMPONENTS,
    moreMetrics: () => `${metrics.expose(running.kubelets)}${schedulerMetrics(running.scheduler)}`,
    ...options.server,
  });
  stops.push(() => server.close());
  return {
    store,
    server,
    client: inProcessClient(server, LOOPBACK_ADMIN),
    streams,
    metrics,
    metricsApi,
    running,
  };
}

/** What a user can mend when the store does not open. */
const STORE_HINTS: Readonly<Partial<Record<StoreErrorCode, string>>> = {
  Locked: "another plumb up holds it: stop that one, or name another folder",
  Unwritable: "free the disk, or name a folder that may be written",
  Unavailable: "is etcd listening there?",
};

function unopened(spec: string, { code, message }: StoreError): PlumbError {
  const hint = STORE_HINTS[code];
  return new PlumbError(
    "Internal",
    `Cannot open store '${spec}': ${message}`,
    hint === undefined ? {} : { hint },
  );
}

/** As `kubectl get componentstatuses` lists them: who answers lives, and they all live and die together. */
const COMPONENTS: NonNullable<ApiServerOptions["components"]> = [
  "scheduler",
  "controller-manager",
  "etcd-0",
].map((name) => ({ name, failure: () => null }));

function schedulerMetrics(runner: SchedulerRunner | null): string {
  runner?.scheduler.updateGauges();
  return runner?.scheduler.metrics.expose() ?? "";
}
