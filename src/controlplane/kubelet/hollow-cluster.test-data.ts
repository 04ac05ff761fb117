// Hollow kubelets over the API in memory, for tests.
import type { KubeObject } from "../../api/meta.js";
import { Prng } from "../../base/prng.js";
import { ManualTimers } from "../../base/timers.js";
import { MemoryApi } from "../client/memory-api.test-data.js";
import { HollowKubelets } from "./hollow-kubelets.js";
import type { NodeSpec } from "./node/node-spec.js";
import type { Container, ContainerStatus, Pod, PodSpec } from "./pod/pod.js";
import { INSTANT_PROFILE, type SimulationProfile } from "./runtime/profile.js";

export interface HollowCluster {
  readonly timers: ManualTimers;
  readonly api: MemoryApi;
  readonly kubelets: HollowKubelets;
}

export interface HollowClusterOptions {
  readonly nodes?: readonly NodeSpec[];
  readonly profile?: SimulationProfile;
  readonly reportsEvents?: boolean;
}

export async function hollowCluster(options: HollowClusterOptions = {}): Promise<HollowCluster> {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const kubelets = await HollowKubelets.start({
    client: api.client(),
    nodes: options.nodes ?? [{ name: "node-0" }],
    timers,
    prng: new Prng(1),
    profile: options.profile ?? INSTANT_PROFILE,
    reportsEvents: options.reportsEvents ?? true,
  });
  await timers.advance(0);
  return { timers, api, kubelets };
}

export interface NewPod {
  readonly name: string;
  readonly namespace?: string;
  readonly run?: string;
  readonly container?: Partial<Container>;
  readonly spec?: Partial<PodSpec>;
}

/** Bound to node-0, with one container "web" of nginx, unless it says otherwise. */
export async function createPod({ api, timers }: HollowCluster, pod: NewPod): Promise<Pod> {
  const namespace = pod.namespace ?? "default";
  const created = await pods(api, namespace).create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.name,
      namespace,
      ...(pod.run === undefined ? {} : { annotations: { "plumbline.dev/run": pod.run } }),
    },
    spec: {
      nodeName: "node-0",
      restartPolicy: "Always",
      containers: [{ name: "web", image: "nginx:1.27", ...pod.container }],
      ...pod.spec,
    },
  });
  await timers.advance(0);
  return created;
}

function pods(api: MemoryApi, namespace: string) {
  return api.client().resource<Pod>({ group: "", version: "v1", resource: "pods" }, namespace);
}

export async function deletePod(
  { api, timers }: HollowCluster,
  name: string,
  namespace = "default",
): Promise<void> {
  await pods(api, namespace).delete(name);
  await timers.advance(0);
}

export function podNamed({ api }: HollowCluster, name: string): Pod | undefined {
  return api.all("/pods").find((pod) => pod.metadata.name === name) as Pod | undefined;
}

export function nodeNamed({ api }: HollowCluster, name: string) {
  return api.all("/nodes").find((node) => node.metadata.name === name) as
    | (KubeObject & { status: { conditions: { type: string; status: string; message: string }[] } })
    | undefined;
}

/** "Running web:running#0+ready": phase, and each container's state, restarts, readiness. */
export function sketch(cluster: HollowCluster, name: string): string {
  const status = podNamed(cluster, name)?.status;
  if (status === undefined) return "gone";
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return [status.phase, ...all.map(containerSketch)].join(" ");
}

function containerSketch({ name, state, restartCount, ready }: ContainerStatus): string {
  const what =
    state?.running !== undefined
      ? "running"
      : (state?.waiting?.reason ?? `${state?.terminated?.reason}(${state?.terminated?.exitCode})`);
  return `${name}:${what}#${restartCount}${ready ? "+ready" : ""}`;
}

export function eventsOf({ api }: HollowCluster, name: string): string[] {
  const all = api.all("events.k8s.io/events").concat(api.all("/events")) as (KubeObject & {
    reason: string;
    message: string;
    involvedObject: { name: string };
  })[];
  return all
    .filter((event) => event.involvedObject.name === name)
    .map((event) => `${event.reason}: ${event.message}`);
}
