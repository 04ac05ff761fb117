// A whole control plane in this process: composed here and nowhere else.
//
//   store ◄── API server ◄── HTTP on loopback ◄── kubectl
//                 ▲
//                 └── in process: controllers, scheduler, hollow kubelets, kube-proxies (informers shared by all)
//
// Started from left to right, stopped from right to left.
import { PlumbError } from "../base/errors.js";
import { Prng } from "../base/prng.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import type { IngressController } from "./addons/ingress/ingress-controller.js";
import type { ApiServer } from "./apiserver/api-server.js";
import { writeBootstrapObjects } from "./bootstrap-objects.js";
import type { Client } from "./client/client.js";
import type { InformerFactory } from "./client/informer-factory.js";
import type { Node } from "./client/object-types.js";
import { NODES } from "./client/resources.js";
import type { HollowKubelets } from "./kubelet/hollow-kubelets.js";
import {
  controllerManager,
  feedOf,
  startIngress,
  startKubelets,
  startProxies,
  startScheduler,
} from "./plane-components.js";
import type { PlaneOptions, Stop } from "./plane-options.js";
import { type ServerParts, startServer } from "./plane-server.js";
import { dnsAddress } from "./service-range.js";
import type { Store } from "./store/store.js";
import { announceApiServer, announceDns, type ApiServerPlace, type DnsPlace } from "./well-known-services.js";
import { ClusterNames, type NameServer } from "./wiring/cluster-names.js";
import { type HealthAnswer, healthAnswer, type HealthPath } from "./wiring/proxy-health.js";
import type { ProxyRunner } from "./wiring/proxy-runner.js";

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
   * @throws {PlumbError} Usage, Unsupported; Internal when the store does not open
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
  async nodesReady(): Promise<void> {
    const informer = this.informers.informer<Node>(NODES);
    const waiting = new Set(this.kubelets.nodeNames());
    let removeHandler = () => {};
    await new Promise<void>((resolve) => {
      const seen = (node: Node) => {
        if (isReady(node)) waiting.delete(node.metadata.name);
        if (waiting.size === 0) resolve();
      };
      removeHandler = informer.addHandler({ onAdd: seen, onUpdate: (_, node) => seen(node) });
      if (waiting.size === 0) resolve();
    });
    removeHandler();
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
  const kubelets = await startKubelets(options, { client, informers, names, prng }, stops);
  parts.streams.bind(kubelets.streams);
  running.kubelets = kubelets;
  metricsApi.start({ informers, timers, statsOf: (node) => kubelets.statsSummary(node) });
  return { ...parts, kubelets, proxies, ingress, informers, serviceRange, names };
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}
