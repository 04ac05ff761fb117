// A whole control plane in this process: composed here and nowhere else.
//
//   store ◄── API server ◄── HTTP on loopback ◄── kubectl
//                 ▲
//                 └── in process: controllers, scheduler, hollow kubelets, kube-proxies (informers shared by all)
//
// Started from left to right, stopped from right to left.
import { Prng } from "../base/prng.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import { MetricsApi } from "./addons/metrics/metrics-api.js";
import { type ApiServer, type ApiServerOptions, createApiServer } from "./apiserver/api-server.js";
import { DEFAULT_NODE_PORTS, standardAccess } from "./apiserver/standard-access.js";
import { writeBootstrapObjects } from "./bootstrap-objects.js";
import type { Client, ResourceName } from "./client/client.js";
import { EventRecorder } from "./client/event-recorder.js";
import { inProcessClient } from "./client/in-process-client.js";
import type { InformerFactory } from "./client/informer-factory.js";
import type { Node } from "./client/object-types.js";
import { NODES, resourceOf } from "./client/resources.js";
import { ControllerManager } from "./controllers/harness/controller-manager.js";
import { allControllers } from "./controllers/controllers.js";
import { HollowKubelets } from "./kubelet/hollow-kubelets.js";
import type { MeasuredProxy, PlaneOptions } from "./plane-options.js";
import { openStore } from "./store/open-store.js";
import type { Store } from "./store/store.js";
import { autoscalerMetrics } from "./wiring/autoscaler-metrics.js";
import { certificateSigner, legacyTokens, QUOTA } from "./wiring/controller-parts.js";
import { PlaneMetrics } from "./wiring/plane-metrics.js";
import { NodeStreamsLater } from "./wiring/node-streams-later.js";
import type { ObjectFeed, ObjectListener } from "./wiring/object-feed.js";
import { ProxyRunner } from "./wiring/proxy-runner.js";
import { SchedulerRunner } from "./wiring/scheduler-runner.js";

const TOKEN_ISSUER = "https://kubernetes.default.svc.cluster.local";
const LOAD_BALANCER_RANGE = "192.0.2.0/24";

export class Plane {
  readonly store: Store;
  readonly server: ApiServer;
  /** May do everything. */
  readonly client: Client;
  readonly kubelets: HollowKubelets;
  readonly scheduler: SchedulerRunner | null;
  readonly proxies: readonly ProxyRunner[];
  readonly #manager: ControllerManager;
  readonly #events: EventRecorder;

  private constructor(parts: PlaneParts) {
    this.store = parts.store;
    this.server = parts.server;
    this.client = parts.client;
    this.kubelets = parts.kubelets;
    this.scheduler = parts.scheduler;
    this.proxies = parts.proxies;
    this.#manager = parts.manager;
    this.#events = parts.events;
  }

  /** Resolves when the nodes are registered and everything watches. @throws {PlumbError, StoreError} */
  static async start(options: PlaneOptions): Promise<Plane> {
    const { timers, newUid } = options;
    const prng = new Prng(options.seed);
    const streams = new NodeStreamsLater();
    const metrics = new PlaneMetrics();
    const metricsApi = new MetricsApi();
    /** What is made after the server that reports of it. */
    const running: Running = { scheduler: null, kubelets: null };
    const store = await openStore(options.store, { timers });
    const access = {
      timers,
      prng: prng.fork("access"),
      newId: newUid,
      tokenKey: options.tokenKey,
      issuer: TOKEN_ISSUER,
      serviceRanges: [options.serviceRange],
      nodePorts: DEFAULT_NODE_PORTS,
    };
    const server = await createApiServer({
      store,
      timers,
      prng: prng.fork("server"),
      newUid,
      nodes: streams,
      accessOver: (objects) => standardAccess(objects, access),
      extraGroups: [metricsApi],
      components: componentsOf(() => store.revision()),
      moreMetrics: () => `${metrics.expose(running.kubelets)}${schedulerMetrics(running.scheduler)}`,
      ...options.server,
    });
    const client = inProcessClient(server, LOOPBACK_ADMIN);
    await writeBootstrapObjects(client, {
      apiServiceIP: "10.96.0.1",
      apiAddress: "127.0.0.1",
      apiPort: 6443,
    });
    const events = new EventRecorder({
      client,
      component: "default-scheduler",
      timers,
      prng: prng.fork("events"),
    });
    const manager = controllerManager(options, { client, prng, metrics, metricsApi });
    await manager.start();
    const feed = feedOf(manager.informers);
    const scheduler = await startScheduler(options, { client, feed, events });
    running.scheduler = scheduler;
    const proxies = await startProxies(options, { feed, metrics });
    const kubelets = await HollowKubelets.start({
      client,
      nodes: options.nodes,
      timers,
      prng: prng.fork("kubelets"),
      profile: options.profile,
      reportsEvents: options.kubeletEvents,
      informers: manager.informers,
    });
    streams.bind(kubelets.streams);
    running.kubelets = kubelets;
    metricsApi.start({
      informers: manager.informers,
      timers,
      statsOf: (node) => kubelets.statsSummary(node),
    });
    return new Plane({ store, server, client, kubelets, scheduler, proxies, manager, events });
  }

  /** Informers that others may share. */
  get informers(): InformerFactory {
    return this.#manager.informers;
  }

  /** Resolves when every node's Ready condition is true. */
  nodesReady(): Promise<void> {
    const informer = this.informers.informer<Node>(NODES);
    const waiting = new Set(this.kubelets.nodeNames());
    return new Promise((resolve) => {
      const seen = (node: Node) => {
        if (isReady(node)) waiting.delete(node.metadata.name);
        if (waiting.size === 0) resolve();
      };
      informer.addHandler({ onAdd: seen, onUpdate: (_, node) => seen(node) });
      if (waiting.size === 0) resolve();
    });
  }

  async stop(): Promise<void> {
    this.kubelets.stop();
    for (const proxy of this.proxies) proxy.stop();
    this.scheduler?.stop();
    await this.#manager.stop();
    this.#events.stop();
    this.server.close();
    await this.store.close();
  }
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}

/** As `kubectl get componentstatuses` lists them: everything lives and dies with this process. */
function componentsOf(readStore: () => unknown): NonNullable<ApiServerOptions["components"]> {
  const well = { failure: () => null };
  return [
    { name: "scheduler", ...well },
    { name: "controller-manager", ...well },
    { name: "etcd-0", failure: () => (readStore() === undefined ? "no answer" : null) },
  ];
}

interface PlaneParts {
  readonly store: Store;
  readonly server: ApiServer;
  readonly client: Client;
  readonly kubelets: HollowKubelets;
  readonly scheduler: SchedulerRunner | null;
  readonly proxies: readonly ProxyRunner[];
  readonly manager: ControllerManager;
  readonly events: EventRecorder;
}

interface ControllerParts {
  readonly client: Client;
  readonly prng: Prng;
  readonly metrics: PlaneMetrics;
  readonly metricsApi: MetricsApi;
}

interface Running {
  scheduler: SchedulerRunner | null;
  kubelets: HollowKubelets | null;
}

function schedulerMetrics(runner: SchedulerRunner | null): string {
  runner?.scheduler.updateGauges();
  return runner?.scheduler.metrics.expose() ?? "";
}

function controllerManager(
  options: PlaneOptions,
  { client, prng, metrics, metricsApi }: ControllerParts,
): ControllerManager {
  const { timers, controllers, onError } = options;
  return new ControllerManager({
    client,
    controllers: allControllers({
      clusterCidrs: options.clusterCidrs,
      loadBalancerCidr: LOAD_BALANCER_RANGE,
      rootCertificate: options.authority?.cert ?? "",
      quota: QUOTA,
      metrics: autoscalerMetrics(metricsApi),
      legacyTokens: legacyTokens(client),
      ...(options.authority === null ? {} : { certificates: certificateSigner(options.authority) }),
    }),
    timers,
    prng: prng.fork("controllers"),
    enabled: controllers,
    metrics,
    ...(onError === undefined ? {} : { onError }),
  });
}

/** Objects as shared informers hold them. */
function feedOf(informers: InformerFactory): ObjectFeed {
  return async ({ group, version, resource }: ResourceName, listener: ObjectListener) => {
    const informer = informers.informer(resourceOf(group, version, resource));
    informer.addHandler({
      onAdd: (object) => listener.set(object),
      onUpdate: (_, object) => listener.set(object),
      onDelete: (object) => listener.delete(object),
    });
    await informer.synced();
  };
}

async function startScheduler(
  { scheduler: configuration, timers, seed, onAttempt }: PlaneOptions,
  { client, feed, events }: { client: Client; feed: ObjectFeed; events: EventRecorder },
): Promise<SchedulerRunner | null> {
  if (configuration === null) return null;
  const runner = new SchedulerRunner({
    configuration,
    client,
    feed,
    timers,
    seed,
    callExtender: null,
    recordEvent: ({ namespace, name, uid, type, reason, message }) =>
      events.record(
        { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, uid } },
        type,
        reason,
        message,
      ),
    onAttempt: onAttempt ?? (() => {}),
  });
  await runner.start();
  return runner;
}

function startProxies(
  options: PlaneOptions,
  { feed, metrics }: { feed: ObjectFeed; metrics: PlaneMetrics },
): Promise<ProxyRunner[]> {
  const { proxies, proxyTiming, timers, onSync } = options;
  const started = proxies.map(async (proxy: MeasuredProxy) => {
    const node = { name: proxy.node, addresses: [], podCIDRs: [], zone: null };
    const runner = new ProxyRunner({
      config: defaultProxyConfig(proxy.mode, "IPv4", node),
      timing: proxyTiming,
      feed,
      timers,
      onSync: (record) => {
        metrics.synced(record);
        onSync?.(proxy, record);
      },
    });
    await runner.start();
    return runner;
  });
  return Promise.all(started);
}
