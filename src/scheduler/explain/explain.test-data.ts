// A scheduler over a small cluster, for tests of explanations.
import type { ResourceList } from "../../api/scheduling.js";
import type { Node, Pod, PodSpec } from "../../api/types.js";
import { defaultConfiguration } from "../config/default-configuration.js";
import type { PluginForm } from "../cycle/pod-cycle.js";
import { DEFAULT_FEATURES, Scheduler } from "../scheduler.js";
import { type Explained, explainPod } from "./explain-pod.js";

export function node(name: string, parts: Partial<Node> = {}): Node {
  const allocatable: ResourceList = { cpu: "4", memory: "8Gi", pods: "10" };
  return { apiVersion: "v1", kind: "Node", metadata: { name }, status: { allocatable }, ...parts };
}

/** Asks for this CPU and 1Gi. */
export function pod(name: string, cpu: string, spec: PodSpec = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name },
    spec: { containers: [{ resources: { requests: { cpu, memory: "1Gi" } } }], ...spec },
  };
}

export function schedulerOver(nodes: readonly Node[], running: readonly Pod[] = []): Scheduler {
  const scheduler = new Scheduler({
    configuration: defaultConfiguration(),
    features: DEFAULT_FEATURES,
    seed: 1,
    stopwatch: () => 0,
    act: () => {},
  });
  for (const each of nodes) scheduler.cluster.setNode(each, 0);
  for (const each of running) scheduler.cluster.setPod(each, 0);
  return scheduler;
}

export function explain(scheduler: Scheduler, wanted: Pod, form: PluginForm = "objects"): Explained {
  const [profile] = scheduler.profiles.values();
  if (profile === undefined) throw new Error("a scheduler has a profile");
  return explainPod(scheduler, scheduler.cluster.read(wanted), profile, { form, nowMs: 0 });
}
