// Pods become ready at a rate behind Services among many: how long until kube-proxy's rules lead to each.
// Timed by what a watcher sees: the trigger time that EndpointSlices carry, and kube-proxy reports by, has whole seconds.
import type { Pod } from "../../controlplane/client/object-types.js";
import { clientOf, PODS } from "../../controlplane/client/resources.js";
import type { Plane } from "../../controlplane/plane.js";
import { numberedNodes } from "../../controlplane/plane-options.js";
import type { Findings } from "../phase.js";
import { NAMESPACE, nodesReady, reached, startPlane, timers } from "./bench-plane.js";
import { addLatency, addPercentile } from "./controlplane-metrics.js";
import type { ProgrammingLatencySpec, Workload } from "./controlplane-types.js";
import { paced } from "./request-load.js";
import { RulesWatch } from "./rules-watch.js";
import { countServices, createQuietServices, SERVICES } from "./service-cluster.js";
import { isPodReady, service, serviceAccountReady } from "./workload-objects.js";

/** Services that change; all others are quiet. */
const CHANGING_MAX = 20;
const PODS_PER_NODE = 50;
const READY_MS_MAX = 60_000;

export async function measureProgrammingLatency(
  findings: Findings,
  { mode, services, changes, rate, minSyncPeriod }: ProgrammingLatencySpec,
  seed: number,
): Promise<Workload> {
  const names = Array.from({ length: Math.min(CHANGING_MAX, services) }, (_, index) => `changing-${index}`);
  const nodes = Math.ceil(changes / PODS_PER_NODE);
  const rules = new RulesWatch(names);
  const plane = await startPlane(seed, {
    ...rules.options(mode, "node-0", minSyncPeriod / 1e6),
    nodes: numberedNodes(nodes),
    controllers: ["*"],
  });
  rules.bind(plane);
  try {
    await nodesReady(plane, nodes, READY_MS_MAX);
    await serviceAccountReady(plane);
    for (const name of names)
      await plane.client.resource(SERVICES, NAMESPACE).create(service(name, { app: name }));
    await createQuietServices(plane, services - names.length);
    await reached(services, () => servicesInRules(plane), "Services in the rules");
    rules.begin();
    plane.informers.informer(PODS).addHandler({
      onUpdate: (before, pod) => {
        if (!isPodReady(before) && isPodReady(pod)) rules.await(addressOf(pod), "in");
      },
    });
    const api = clientOf(plane.client, PODS, NAMESPACE);
    const run = (index: number) =>
      api.create(placedPod(index, names[index % names.length] as string, `node-${index % nodes}`));
    await paced({ count: changes, run }, rate, timers);
    await reached(changes, () => rules.latency.count, "Pods in the rules");
    addLatency(findings, "programming.latency_ns", rules.latency);
    addPercentile(findings, "programming.latency_p99_ns", rules.latency, 99);
    addLatency(findings, "programming.reported_ns", rules.reported);
    addLatency(findings, "programming.sync_ns", rules.syncs);
    return {
      requested: { services, changes, endpoints: changes },
      applied: {
        services: await countServices(plane),
        changes: rules.latency.count,
        endpoints: rules.reachable().size,
      },
    };
  } finally {
    await plane.stop();
  }
}

function addressOf({ status, metadata }: Pod): string {
  return status?.podIP ?? metadata.name;
}

/** But for Service kubernetes. */
function servicesInRules(plane: Plane): number {
  const entries = plane.proxies[0]?.applied?.entries ?? [];
  return entries.filter(({ port }) => port.serviceName !== "kubernetes").length;
}

/** On its node from the start: scheduling is no part of this. */
function placedPod(index: number, app: string, nodeName: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `changing-${index}`, labels: { app } },
    spec: { nodeName, containers: [{ name: "web", image: "registry.k8s.io/pause:3.10.1" }] },
  };
}
