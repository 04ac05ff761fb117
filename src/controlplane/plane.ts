// A whole control plane in this process: composed here and nowhere else.
//
//   store ◄── API server ◄── HTTP on loopback ◄── kubectl
//                 ▲
//                 └── in process: controllers, scheduler, hollow kubelets, kube-proxies (informers shared by all)
//
// Started from left to right, stopped from right to left.
import { PlumbError } from "../base/errors.js";
import { Prng } from "../base/prng.js";
import type { ProxyNode } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { DEFAULT_FEATURES, type Scheduler } from "../scheduler/scheduler.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import { IngressController } from "./addons/ingress/ingress-controller.js";
import { MetricsApi } from "./addons/metrics/metrics-api.js";
import { type ApiServer, type ApiServerOptions, createApiServer } from "./apiserver/api-server.js";
import { DEFAULT_NODE_PORTS, standardAccess } from "./apiserver/standard-access.js";
import { writeBootstrapObjects } from "./bootstrap-objects.js";
import type { Client, ResourceName } from "./client/client.js";
import { EventSeriesRecorder } from "./client/event-series.js";
import { inProcessClient } from "./client/in-process-client.js";
import type { InformerFactory } from "./client/informer-factory.js";
import type { Node } from "./client/object-types.js";
import { NODES, resourceOf } from "./client/resources.js";
import { ControllerManager } from "./controllers/harness/controller-manager.js";
import { allControllers } from "./controllers/controllers.js";
import { nodeAddress } from "./kubelet/node/node-addresses.js";
import { HollowKubelets } from "./kubelet/hollow-kubelets.js";
import type { MeasuredProxy, PlaneOptions } from "./plane-options.js";
import { dnsAddress } from "./service-range.js";
import { openStore } from "./store/open-store.js";
import { type Store, StoreError, type StoreErrorCode } from "./store/store.js";
import { announceApiServer, announceDns, type ApiServerPlace, type DnsPlace } from "./well-known-services.js";
import { autoscalerMetrics } from "./wiring/autoscaler-metrics.js";
import { certificateSigner, legacyTokens, QUOTA } from "./wiring/controller-parts.js";
import { ClusterNames, type NameServer } from "./wiring/cluster-names.js";
import { PlaneMetrics } from "./wiring/plane-metrics.js";
import { NodeStreamsLater } from "./wiring/node-streams-later.js";
import type { ObjectFeed, ObjectListener } from "./wiring/object-feed.js";
import { type HealthAnswer, healthAnswer, type HealthPath } from "./wiring/proxy-health.js";
import { ProxyRunner } from "./wiring/proxy-runner.js";
import { SchedulerRunner } from "./wiring/scheduler-runner.js";

const CLUSTER_DOMAIN = "cluster.local";
const TOKEN_ISSUER = `https://kubernetes.default.svc.${CLUSTER_DOMAIN}`;
const INGRESS_ADDRESS = "192.0.2.1";
const LOAD_BALANCER_RANGE = "192.0.2.0/24";

/** Ends a part. */
type Stop = () => void | Promise<void>;

export class Plane {
  readonly store: Store;
  readonly server: ApiServer;
  /** May do everything. */
  readonly client: Client;
  readonly kubelets: HollowKubelets;
  readonly proxies: readonly ProxyRunner[];
  /** Knows where a host and path lead; null: there is none. */
  readonly ingress: IngressController | null;
  readonly #parts: PlaneParts;
  /** In the order in which parts were started. */
  readonly #stops: readonly Stop[];

  private constructor(parts: PlaneParts, stops: readonly Stop[]) {
    this.store = parts.store;
    this.server = parts.server;
    this.client = parts.client;
    this.kubelets = parts.kubelets;
    this.proxies = parts.proxies;
    this.ingress = parts.ingress;
    this.#parts = parts;
    this.#stops = stops;
  }

  /**
   * Resolves when the nodes are registered and everything watches. What was started is stopped again when a part cannot.
   *
   * @throws {PlumbError} Usage, Unsupported @throws {StoreError}
   */
  static async start(options: PlaneOptions): Promise<Plane> {
    if ((options.scheduler?.extenders.length ?? 0) > 0)
      throw new PlumbError("Unsupported", "Cannot start a scheduler with extenders on a control plane", {
        hint: "plumb run asks them: --scheduler-config with a scheduler_perf: workload, without --through api",
      });
    const stops: Stop[] = [];
    try {
      return new Plane(await startParts(options, stops), stops);
    } catch (error) {
      await stopAll(stops);
      throw error;
    }
  }

  /** Makes the server known to Pods as Service default/kubernetes. */
  announce(place: ApiServerPlace): Promise<void> {
    return announceApiServer(this.client, this.#parts.serviceRange, place);
  }

  /** Makes the cluster's name server known to Pods, as Service kube-system/kube-dns, and reached by them. */
  announceDns(server: NameServer, place: DnsPlace): Promise<void> {
    const { serviceRange, names } = this.#parts;
    names.bind(dnsAddress(serviceRange), server);
    return announceDns(this.client, serviceRange, place);
  }

  /** null: there is none. */
  get scheduler(): Scheduler | null {
    return this.#parts.running.scheduler?.scheduler ?? null;
  }

  /** Informers that others may share. */
  get informers(): InformerFactory {
    return this.#parts.informers;
  }

  /** What port 10256 of a proxy's node answers. */
  proxyHealth(proxy: ProxyRunner, path: HealthPath): HealthAnswer {
    const node = this.informers.informer<Node>(NODES).lister.get(proxy.node) ?? null;
    const answer = healthAnswer(path, proxy.health(), node);
    this.#parts.metrics.healthAsked(path, answer.code);
    return answer;
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

  stop(): Promise<void> {
    return stopAll(this.#stops);
  }
}

async function stopAll(stops: readonly Stop[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop();
}

interface PlaneParts extends ServerParts {
  readonly kubelets: HollowKubelets;
  readonly proxies: readonly ProxyRunner[];
  readonly ingress: IngressController | null;
  readonly informers: InformerFactory;
  readonly serviceRange: string;
  readonly names: ClusterNames;
}

/** From left to right. */
async function startParts(options: PlaneOptions, stops: Stop[]): Promise<PlaneParts> {
  const { timers } = options;
  const prng = new Prng(options.seed);
  const parts = await startServer(options, prng, stops);
  const { client, metrics, metricsApi, running } = parts;
  await writeBootstrapObjects(client, options.serviceRange);
  const manager = controllerManager(options, { client, prng, metrics, metricsApi });
  stops.push(() => manager.stop());
  await manager.start();
  const { informers } = manager;
  const ingress = await startIngress(options, { client, informers, prng }, stops);
  const feed = feedOf(informers);
  running.scheduler = await startScheduler(options, { client, feed, prng }, stops);
  const proxies = await startProxies(options, { feed, metrics }, stops);
  const { serviceRange } = options;
  const names = new ClusterNames();
  const kubelets = await HollowKubelets.start({
    client,
    nodes: options.nodes,
    timers,
    prng: prng.fork("kubelets"),
    profile: options.profile,
    reportsEvents: options.kubeletEvents,
    names: {
      cluster: { servers: [dnsAddress(serviceRange)], domain: CLUSTER_DOMAIN },
      lookup: names.lookup,
    },
    informers,
  });
  stops.push(() => kubelets.stop());
  parts.streams.bind(kubelets.streams);
  running.kubelets = kubelets;
  metricsApi.start({ informers, timers, statsOf: (node) => kubelets.statsSummary(node) });
  return { ...parts, kubelets, proxies, ingress, informers, serviceRange, names };
}

interface ServerParts {
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

async function startServer(options: PlaneOptions, prng: Prng, stops: Stop[]): Promise<ServerParts> {
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

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}

interface ControllerParts {
  readonly client: Client;
  readonly prng: Prng;
  readonly metrics: PlaneMetrics;
  readonly metricsApi: MetricsApi;
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

async function startIngress(
  { runsIngress, timers }: PlaneOptions,
  { client, informers, prng }: { client: Client; informers: InformerFactory; prng: Prng },
  stops: Stop[],
): Promise<IngressController | null> {
  if (!runsIngress) return null;
  const controller = await IngressController.start({
    client,
    informers,
    timers,
    prng: prng.fork("ingress"),
    address: INGRESS_ADDRESS,
  });
  stops.push(() => controller.stop());
  return controller;
}

/** What the scheduler was doing when it says so. */
const ACTION_OF = { Scheduled: "Binding", FailedScheduling: "Scheduling", Preempted: "Preempting" } as const;

async function startScheduler(
  { scheduler: configuration, schedulerFeatures, timers, seed, onAttempt }: PlaneOptions,
  { client, feed, prng }: { client: Client; feed: ObjectFeed; prng: Prng },
  stops: Stop[],
): Promise<SchedulerRunner | null> {
  if (configuration === null) return null;
  const component = "default-scheduler";
  const events = new EventSeriesRecorder({
    client,
    component,
    instance: `${component}-plumbline`,
    timers,
    prng: prng.fork("events"),
  });
  stops.push(() => events.stop());
  const runner = new SchedulerRunner({
    configuration,
    features: schedulerFeatures ?? DEFAULT_FEATURES,
    client,
    feed,
    timers,
    seed,
    recordEvent: ({ namespace, name, uid, type, reason, message }) =>
      events.record({
        subject: { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, uid } },
        type,
        reason,
        action: ACTION_OF[reason],
        message,
      }),
    onAttempt: onAttempt ?? (() => {}),
  });
  stops.push(() => runner.stop());
  await runner.start();
  return runner;
}

function startProxies(
  options: PlaneOptions,
  { feed, metrics }: { feed: ObjectFeed; metrics: PlaneMetrics },
  stops: Stop[],
): Promise<ProxyRunner[]> {
  const { proxies, proxyTiming, timers, onSync } = options;
  const started = proxies.map(async (proxy) => {
    const runner = new ProxyRunner({
      config: defaultProxyConfig(proxy.mode, "IPv4", proxyNode(options, proxy)),
      timing: proxyTiming,
      feed,
      timers,
      onSync: (record) => {
        metrics.synced(record);
        onSync?.(proxy, record);
      },
    });
    stops.push(() => runner.stop());
    await runner.start();
    return runner;
  });
  return Promise.all(started);
}

/** What the proxy's node will register with; the proxy starts first. */
function proxyNode({ nodes }: PlaneOptions, { node: name }: MeasuredProxy): ProxyNode {
  const index = nodes.findIndex((spec) => spec.name === name);
  const spec = nodes[index];
  if (spec === undefined) return { name, addresses: [], podCIDRs: [], zone: null };
  const { internalIP } = nodeAddress(spec, index);
  return { name, addresses: [internalIP], podCIDRs: [], zone: spec.zone ?? null };
}
