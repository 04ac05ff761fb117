// Controllers on a small API server, with a kubelet that makes Pods run: what end-to-end tests of controllers start with.
import type { KubeObject } from "../../../api/meta.js";
import { Prng } from "../../../base/prng.js";
import { ManualTimers } from "../../../base/timers.js";
import type { Client, ResourceClient } from "../../client/client.js";
import { InformerFactory } from "../../client/informer-factory.js";
import { MemoryApi } from "../../client/memory-api.test-data.js";
import type { Event, Pod } from "../../client/object-types.js";
import { clientOf, PODS, type Resource } from "../../client/resources.js";
import type { Controller } from "./controller.js";
import { ControllerManager } from "./controller-manager.js";
import { isTerminating } from "./pod-state.js";
import { timeNow } from "./times.js";

export interface TestCluster {
  readonly timers: ManualTimers;
  readonly api: MemoryApi;
  readonly client: Client;
  readonly manager: ControllerManager;
  readonly kubelet: TestKubelet;
  readonly errors: string[];
  /** A client of the namespace "default". */
  of<Kind extends KubeObject>(resource: Resource<Kind>): ResourceClient<Kind>;
  pods(): Pod[];
  /** "Normal ScalingReplicaSet Scaled up…", those that were counted with "x2". */
  events(): string[];
  stop(): Promise<void>;
}

export async function startCluster(controllers: readonly Controller[]): Promise<TestCluster> {
  const timers = new ManualTimers();
  const api = new MemoryApi(timers);
  const client = api.client();
  const errors: string[] = [];
  const manager = new ControllerManager({
    client,
    controllers,
    timers,
    prng: new Prng(7),
    onError: (where, error) => errors.push(`${where}: ${error.message}`),
  });
  await manager.start();
  const kubelet = new TestKubelet(client, timers);
  return {
    timers,
    api,
    client,
    manager,
    kubelet,
    errors,
    of: (resource) => clientOf(client, resource, "default"),
    pods: () => api.all("/pods") as Pod[],
    events: () => (api.all("/events") as Event[]).map(eventText),
    stop: async () => {
      kubelet.stop();
      const stopped = manager.stop();
      await timers.advance(0);
      await stopped;
    },
  };
}

function eventText({ type, reason, message, count = 1 }: Event): string {
  return `${type} ${reason} ${message}${count > 1 ? ` x${count}` : ""}`;
}

/** Binds Pods to the node they name, else to "node-1"; makes them ready, deletes those that are to go. Each takes 10 ms. */
export class TestKubelet {
  /** Which Pods become ready; others run unready. */
  isReady: (pod: Pod) => boolean = () => true;
  /** Nothing happens to these. */
  isStuck: (pod: Pod) => boolean = () => false;
  readonly #client: Client;
  readonly #timers: ManualTimers;
  readonly #informers: InformerFactory;

  constructor(client: Client, timers: ManualTimers) {
    this.#client = client;
    this.#timers = timers;
    this.#informers = new InformerFactory({ client, timers, prng: new Prng(3) });
    const look = (pod: Pod): void => void timers.after(10, () => void this.#sync(pod));
    this.#informers.informer(PODS).addHandler({ onAdd: look, onUpdate: (_, pod) => look(pod) });
    this.#informers.start();
  }

  stop(): void {
    this.#informers.stop();
  }

  /** Ends a Pod's containers. */
  async finish(name: string, phase: "Succeeded" | "Failed", exitCode = phase === "Succeeded" ? 0 : 1) {
    const finishedAt = timeNow(this.#timers);
    await this.#patchStatus(name, {
      phase,
      conditions: [],
      containerStatuses: [{ name: "main", restartCount: 0, state: { terminated: { exitCode, finishedAt } } }],
    });
  }

  async #sync(seen: Pod): Promise<void> {
    const pods = clientOf(this.#client, PODS, seen.metadata.namespace ?? "");
    const pod = await pods.get(seen.metadata.name).catch(() => null);
    if (pod === null || this.isStuck(pod)) return;
    const { name } = pod.metadata;
    if (isTerminating(pod)) {
      await pods.delete(name, { gracePeriodSeconds: 0 }).catch(() => {});
    } else if (pod.spec?.nodeName === undefined) {
      await pods.post(name, "binding", { target: { name: wantedNode(pod) } });
    } else if ((pod.status?.phase ?? "Pending") === "Pending") {
      const status = this.isReady(pod) ? "True" : "False";
      const ready = { type: "Ready", status, lastTransitionTime: timeNow(this.#timers) };
      await this.#patchStatus(name, { phase: "Running", conditions: [ready] });
    }
  }

  async #patchStatus(name: string, status: object): Promise<void> {
    await clientOf(this.#client, PODS, "default").patch(name, "merge", { status }, { subresource: "status" });
  }
}

function wantedNode(pod: Pod): string {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? "node-1";
}

/** Becomes ready, or not any more. */
export async function setReady(cluster: TestCluster, name: string, isReady: boolean): Promise<void> {
  const status = isReady ? "True" : "False";
  const ready = { type: "Ready", status, lastTransitionTime: timeNow(cluster.timers) };
  await cluster.of(PODS).patch(name, "merge", { status: { conditions: [ready] } }, { subresource: "status" });
}

export function labelled(labels: Record<string, string>, image = "web:1") {
  return { metadata: { labels }, spec: { containers: [{ name: "main", image }] } };
}
