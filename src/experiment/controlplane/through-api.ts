// SchedulingBasic with an API server in between: Pods are created by requests, the scheduler learns of them by a watch, and
// binds by requests. Nodes are objects without a kubelet, as in upstream's benchmark.
import { delay } from "../../base/timers.js";
import { clientOf, NODES, PODS } from "../../controlplane/client/resources.js";
import type { Plane } from "../../controlplane/plane.js";
import { Histogram } from "../../measure/histogram.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import type { Findings } from "../phase.js";
import { collectGarbage, NAMESPACE, reached, startPlane, timers } from "./bench-plane.js";
import { addLatency } from "./controlplane-metrics.js";
import type { ThroughApiSpec, Workload } from "./controlplane-types.js";
import { lightPod } from "./pod-load.js";
import { saturated } from "./request-load.js";
import { serviceAccountReady } from "./workload-objects.js";

const IN_FLIGHT = 100;
/** For what the last nodes have set going. */
const SETTLE_MS = 200;

export async function measureThroughApi(
  findings: Findings,
  { nodes, initPods, measurePods }: ThroughApiSpec,
  seed: number,
): Promise<Workload> {
  const plane = await startPlane(seed, { scheduler: defaultConfiguration() });
  try {
    await serviceAccountReady(plane);
    await createNodes(plane, nodes);
    const bindings = watchBindings(plane);
    await createPods(plane, "init", initPods);
    await reached(initPods, () => bindings.count, "initial Pods bound");
    collectGarbage();
    const latency = new Histogram(1000);
    const askedMs = new Map<string, number>();
    bindings.onBound = (name, nowMs) => latency.record((nowMs - (askedMs.get(name) ?? nowMs)) * 1e6);
    const begunMs = timers.milliseconds();
    await createPods(plane, "measured", measurePods, (name) => askedMs.set(name, timers.milliseconds()));
    await reached(initPods + measurePods, () => bindings.count, "Pods bound");
    findings.add("through_api.pods_per_second", (measurePods * 1000) / (bindings.lastMs - begunMs));
    addLatency(findings, "through_api.bound_ns", latency);
    return {
      requested: { nodes, podsInitial: initPods, podsMeasured: measurePods },
      applied: { nodes: await countNodes(plane), podsInitial: initPods, podsMeasured: latency.count },
    };
  } finally {
    await plane.stop();
  }
}

async function createNodes({ client }: Plane, count: number): Promise<void> {
  const api = clientOf(client, NODES, null);
  const run = async (index: number) => {
    const wanted = basicNode(index);
    const { spec: { taints: _, ...spec } = {}, ...born } = await api.create(wanted);
    // A node is born tainted, and without a kubelet nobody but us says that it is ready.
    const { metadata } = await api.update({ ...born, spec });
    await api.updateStatus({ ...wanted, metadata, spec });
  };
  await saturated({ count, run }, IN_FLIGHT, timers);
  await delay(timers, SETTLE_MS);
}

/** Upstream's node-default.yaml of scheduler_perf. */
function basicNode(index: number): object {
  const amounts = { pods: "110", cpu: "4", memory: "32Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: `node-${index}` },
    spec: {},
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [{ type: "Ready", status: "True" }],
      phase: "Running",
    },
  };
}

async function countNodes({ client }: Plane): Promise<number> {
  return (await clientOf(client, NODES, null).list({ resourceVersion: "0" })).items.length;
}

async function createPods(
  { client }: Plane,
  prefix: string,
  count: number,
  onAsked: (name: string) => void = () => undefined,
): Promise<void> {
  const api = clientOf(client, PODS, NAMESPACE);
  const run = (index: number) => {
    const name = `${prefix}-${index}`;
    onAsked(name);
    return api.create(lightPod(name));
  };
  await saturated({ count, run }, IN_FLIGHT, timers);
}

interface Bindings {
  count: number;
  lastMs: number;
  onBound: (name: string, nowMs: number) => void;
}

function watchBindings(plane: Plane): Bindings {
  const bindings: Bindings = { count: 0, lastMs: 0, onBound: () => undefined };
  const seen = (name: string) => {
    bindings.count++;
    bindings.lastMs = timers.milliseconds();
    bindings.onBound(name, bindings.lastMs);
  };
  const isBound = (pod: { readonly spec?: { readonly nodeName?: string } }) => Boolean(pod.spec?.nodeName);
  plane.informers.informer(PODS).addHandler({
    onAdd: (pod) => isBound(pod) && seen(pod.metadata.name),
    onUpdate: (before, pod) => !isBound(before) && isBound(pod) && seen(pod.metadata.name),
  });
  return bindings;
}
