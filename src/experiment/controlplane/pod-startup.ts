// A Deployment's Pods, from being created to running: controllers, scheduler and kubelets work, containers start at once.
import type { Pod } from "../../controlplane/client/object-types.js";
import { clientOf, DEPLOYMENTS, PODS } from "../../controlplane/client/resources.js";
import { numberedNodes } from "../../controlplane/plane-options.js";
import { Histogram } from "../../measure/histogram.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import type { Findings } from "../phase.js";
import { collectGarbage, NAMESPACE, nodesReady, reached, startPlane, timers } from "./bench-plane.js";
import { addLatency, addPercentile } from "./controlplane-metrics.js";
import type { PodStartupSpec, Workload } from "./controlplane-types.js";
import { deployment, serviceAccountReady } from "./workload-objects.js";

const READY_MS_MAX = 300_000;

export async function measurePodStartup(
  findings: Findings,
  { nodes, pods }: PodStartupSpec,
  seed: number,
): Promise<Workload> {
  const plane = await startPlane(seed, {
    nodes: numberedNodes(nodes),
    controllers: ["*"],
    scheduler: defaultConfiguration(),
  });
  try {
    await nodesReady(plane, nodes, READY_MS_MAX);
    await serviceAccountReady(plane);
    const latency = new Histogram(1000);
    const createdMs = new Map<string, number>();
    let lastMs = 0;
    const ran = ({ metadata: { uid = "" }, status }: Pod) => {
      const began = createdMs.get(uid);
      if (status?.phase !== "Running" || began === undefined) return;
      createdMs.delete(uid);
      lastMs = timers.milliseconds();
      latency.record((lastMs - began) * 1e6);
    };
    plane.informers.informer(PODS).addHandler({
      onAdd: ({ metadata: { uid = "" } }) => createdMs.set(uid, timers.milliseconds()),
      onUpdate: (_, pod) => ran(pod),
    });
    collectGarbage();
    const begunMs = timers.milliseconds();
    await clientOf(plane.client, DEPLOYMENTS, NAMESPACE).create(deployment("startup", pods, {}));
    await reached(pods, () => latency.count, "Pods running");
    addLatency(findings, "startup.running_ns", latency);
    addPercentile(findings, "startup.running_p99_ns", latency, 99);
    findings.add("startup.pods_per_second", (pods * 1000) / (lastMs - begunMs));
    return {
      requested: { nodes, pods },
      applied: { nodes: plane.kubelets.nodeNames().length, pods: latency.count },
    };
  } finally {
    await plane.stop();
  }
}
