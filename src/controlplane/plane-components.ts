// The parts of a plane that talk to its API server: controllers, ingress, scheduler, proxies, kubelets. Each start function
// adds to `stops` how to end what it starts, so that a plane of which a later part cannot start leaves nothing behind.
import type { Prng } from "../base/prng.js";
import type { ProxyNode } from "../proxy/config.js";
import { defaultProxyConfig } from "../proxy/default-config.js";
import { DEFAULT_FEATURES } from "../scheduler/scheduler.js";
import { IngressController } from "./addons/ingress/ingress-controller.js";
import type { MetricsApi } from "./addons/metrics/metrics-api.js";
import type { Client, ResourceName } from "./client/client.js";
import { EventSeriesRecorder } from "./client/event-series.js";
import type { InformerFactory } from "./client/informer-factory.js";
import { resourceOf } from "./client/resources.js";
import { ControllerManager } from "./controllers/harness/controller-manager.js";
import { allControllers } from "./controllers/controllers.js";
import { HollowKubelets } from "./kubelet/hollow-kubelets.js";
import { nodeAddress } from "./kubelet/node/node-addresses.js";
import { CLUSTER_DOMAIN, type MeasuredProxy, type PlaneOptions, type Stop } from "./plane-options.js";
import { dnsAddress } from "./service-range.js";
import { autoscalerMetrics } from "./wiring/autoscaler-metrics.js";
import type { ClusterNames } from "./wiring/cluster-names.js";
import { certificateSigner, legacyTokens, QUOTA } from "./wiring/controller-parts.js";
import type { ObjectFeed, ObjectListener } from "./wiring/object-feed.js";
import type { PlaneMetrics } from "./wiring/plane-metrics.js";
import { ProxyRunner } from "./wiring/proxy-runner.js";
import { SchedulerRunner } from "./wiring/scheduler-runner.js";

const INGRESS_ADDRESS = "192.0.2.1";
const LOAD_BALANCER_RANGE = "192.0.2.0/24";

interface ControllerParts {
  readonly client: Client;
  readonly prng: Prng;
  readonly metrics: PlaneMetrics;
  readonly metricsApi: MetricsApi;
}

export function controllerManager(
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
export function feedOf(informers: InformerFactory): ObjectFeed {
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

export async function startIngress(
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

export async function startScheduler(
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

export function startProxies(
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

interface KubeletParts {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly names: ClusterNames;
  readonly prng: Prng;
}

/** Resolves when the nodes are registered. */
export async function startKubelets(
  { nodes, timers, profile, kubeletEvents, serviceRange }: PlaneOptions,
  { client, informers, names, prng }: KubeletParts,
  stops: Stop[],
): Promise<HollowKubelets> {
  const kubelets = await HollowKubelets.start({
    client,
    nodes,
    timers,
    prng: prng.fork("kubelets"),
    profile,
    reportsEvents: kubeletEvents,
    names: {
      cluster: { servers: [dnsAddress(serviceRange)], domain: CLUSTER_DOMAIN },
      lookup: names.lookup,
    },
    informers,
  });
  stops.push(() => kubelets.stop());
  return kubelets;
}
