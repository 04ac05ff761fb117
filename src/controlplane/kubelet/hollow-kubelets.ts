// Thousands of kubelets in one thread. They share a watch of Pods and one of Nodes, a heap of due times, the writer of
// statuses, and caches; each is a few small objects that do nothing while nothing happens.
import type { Service } from "../../api/types.js";
import { StatusError } from "../../api/status.js";
import type { Prng } from "../../base/prng.js";
import type { Timers } from "../../base/timers.js";
import type { Client } from "../client/client.js";
import { InformerFactory } from "../client/informer-factory.js";
import type { Lister } from "../client/object-store.js";
import type { Node } from "../client/object-types.js";
import { NODES, resourceOf } from "../client/resources.js";
import { NO_NAMES } from "../protocol/name-lookup.js";
import type { NodePage, NodeStreams } from "../protocol/node-streams.js";
import { DueTimes } from "./due-times.js";
import { type EventSink, NO_EVENTS, NodeEvents } from "./events.js";
import { type KubeletMetrics, kubeletMetrics } from "./kubelet-metrics.js";
import { type KubeletShared, NodeAgent } from "./node/node-agent.js";
import { nodeAddress } from "./node/node-addresses.js";
import type { NodeSpec } from "./node/node-spec.js";
import { nodePage } from "./node/node-pages.js";
import { nodeSummary } from "./node/node-summary.js";
import type { StatsSummary } from "./node/stats-summary.js";
import { ObjectCache } from "./object-cache.js";
import type { NodeNames } from "./pod/pod-context.js";
import type { Pod } from "./pod/pod.js";
import type { SimulationProfile } from "./runtime/profile.js";
import { StatusManager } from "./status-manager.js";
import { PodStreams } from "./streams/pod-streams.js";

const ALL_PODS = resourceOf<Pod>("", "v1", "pods");
const ALL_SERVICES = resourceOf<Service>("", "v1", "services");
const NAMELESS: NodeNames = { cluster: { servers: [], domain: "cluster.local" }, lookup: NO_NAMES };
const BY_NODE = "kubelet/spec.nodeName";
/** Nodes that register at the same time. */
const REGISTERING_MAX = 64;

export interface HollowKubeletsOptions {
  readonly client: Client;
  readonly nodes: readonly NodeSpec[];
  readonly timers: Timers;
  readonly prng: Prng;
  readonly profile: SimulationProfile;
  /** False: no Events, for runs where they would be most of the load. */
  readonly reportsEvents: boolean;
  /** Absent: Pods have no name server that answers. */
  readonly names?: NodeNames;
  /** Shared with others in this process; absent: its own. Whoever made it starts it. */
  readonly informers?: InformerFactory;
}

export class HollowKubelets {
  /** Logs, exec, attach, port-forward of all their Pods, and pages of the kubelets. */
  readonly streams: NodeStreams;
  readonly #options: HollowKubeletsOptions;
  readonly #due: DueTimes;
  readonly #agents = new Map<string, NodeAgent>();
  readonly #events: EventSink;
  readonly #statuses: StatusManager;
  readonly #shared: KubeletShared;
  readonly #informers: InformerFactory;
  readonly #pods: Lister<Pod>;
  readonly #services: Lister<Service>;
  readonly #handlers: (() => void)[];
  #nodesAddedCount = 0;

  private constructor(options: HollowKubeletsOptions) {
    const { client, timers, prng } = options;
    this.#options = options;
    this.#due = new DueTimes(timers);
    this.#events = options.reportsEvents
      ? new NodeEvents({ client, timers, prng: prng.fork("events") })
      : NO_EVENTS;
    this.#statuses = new StatusManager(client, this.#due);
    this.#informers =
      options.informers ?? new InformerFactory({ client, timers, prng: prng.fork("informers") });
    const pods = this.#informers.informer(ALL_PODS);
    pods.addIndex(BY_NODE, nodeOf);
    this.#pods = pods.lister;
    this.#services = this.#informers.informer(ALL_SERVICES).lister;
    this.#shared = {
      client,
      timers,
      profile: options.profile,
      due: this.#due,
      events: this.#events,
      statuses: this.#statuses,
      objects: new ObjectCache(client, this.#due),
      names: options.names ?? NAMELESS,
      servicesOf: (namespace) => this.#services.list(namespace),
      apiService: () => this.#services.get("default/kubernetes") ?? null,
    };
    this.#handlers = [
      pods.addHandler({
        onAdd: (pod) => this.#agentOf(pod)?.onPod(pod),
        onUpdate: (_, pod) => this.#agentOf(pod)?.onPod(pod),
        onDelete: (pod) => this.#agentOf(pod)?.onPodDeleted(pod),
      }),
      this.#informers.informer<Node>(NODES).addHandler({
        onUpdate: (_, node) => this.#agents.get(node.metadata.name)?.onNode(node),
      }),
    ];
    this.streams = new PodStreams(
      (namespace, name) => this.#find(namespace, name),
      (node, path) => this.#page(node, path),
    );
  }

  /** Resolves when all nodes are registered. */
  static async start(options: HollowKubeletsOptions): Promise<HollowKubelets> {
    const kubelets = new HollowKubelets(options);
    if (options.informers === undefined) kubelets.#informers.start();
    await kubelets.addNodes(options.nodes);
    return kubelets;
  }

  get nodeCount(): number {
    return this.#agents.size;
  }

  nodeNames(): readonly string[] {
    return [...this.#agents.keys()];
  }

  /** Resolves when they are registered. A name that is there already is left as it is. */
  async addNodes(specs: readonly NodeSpec[]): Promise<void> {
    const waiting = specs.filter((spec) => !this.#agents.has(spec.name)).map((spec) => this.#newAgent(spec));
    waiting.reverse();
    const registerSome = async () => {
      for (let agent = waiting.pop(); agent !== undefined; agent = waiting.pop())
        await this.#startAgent(agent);
    };
    await Promise.all(Array.from({ length: REGISTERING_MAX }, registerSome));
  }

  /** The machine is taken away. @param options.deletesNode also the Node object, as a cloud provider does */
  async removeNode(name: string, options: { readonly deletesNode: boolean }): Promise<void> {
    const agent = this.#agents.get(name);
    if (agent === undefined) return;
    this.#agents.delete(name);
    agent.stop();
    if (options.deletesNode) await this.#options.client.resource(NODES, null).delete(name);
  }

  /** The node goes silent: no heartbeat, no status, no Event; what runs on it goes on. @returns whether there is such a node */
  failNode(name: string): boolean {
    const agent = this.#agents.get(name);
    agent?.fail();
    return agent !== undefined;
  }

  /** Ends what `failNode` began. */
  recoverNode(name: string): boolean {
    const agent = this.#agents.get(name);
    agent?.recover(this.#pods.byIndex(BY_NODE, name));
    return agent !== undefined;
  }

  /** The node's container runtime does not answer: after three minutes the node is not ready. */
  hangRuntime(name: string): boolean {
    const agent = this.#agents.get(name);
    agent?.hangRuntime();
    return agent !== undefined;
  }

  resumeRuntime(name: string): boolean {
    const agent = this.#agents.get(name);
    agent?.resumeRuntime();
    return agent !== undefined;
  }

  /** As /stats/summary of the node; null: no such node, or it is silent. */
  statsSummary(name: string): StatsSummary | null {
    const agent = this.#agents.get(name);
    return agent === undefined || agent.isDown ? null : nodeSummary(agent);
  }

  /** By upstream's names, of all nodes together. */
  metrics(): KubeletMetrics {
    return kubeletMetrics(this.#agents.values(), this.#statuses);
  }

  /** All kubelets end; what they wrote stays. */
  stop(): void {
    for (const remove of this.#handlers) remove();
    for (const agent of this.#agents.values()) agent.stop();
    if (this.#options.informers === undefined) this.#informers.stop();
    this.#events.stop();
    this.#due.stop();
  }

  #newAgent(spec: NodeSpec): NodeAgent {
    const address = nodeAddress(spec, this.#nodesAddedCount++);
    const agent = new NodeAgent(this.#shared, spec, address, this.#options.prng.fork(`node ${spec.name}`));
    this.#agents.set(spec.name, agent);
    return agent;
  }

  async #startAgent(agent: NodeAgent): Promise<void> {
    await agent.start();
    // Pods may have been bound to it before it was known here.
    for (const pod of this.#pods.byIndex(BY_NODE, agent.nodeName)) agent.onPod(pod);
  }

  #agentOf(pod: Pod): NodeAgent | undefined {
    const name = pod.spec.nodeName;
    return name === undefined || name === "" ? undefined : this.#agents.get(name);
  }

  #page(node: string, path: string): NodePage | null {
    const agent = this.#agents.get(node);
    if (agent === undefined || agent.isDown)
      throw new StatusError("ServiceUnavailable", `dial tcp: node "${node}" does not answer`);
    return nodePage({ agent, pods: () => this.#pods.byIndex(BY_NODE, node) }, path);
  }

  #find(namespace: string, name: string) {
    const pod = this.#pods.get(`${namespace}/${name}`);
    const agent = pod === undefined ? undefined : this.#agentOf(pod);
    if (pod === undefined || agent === undefined || agent.isDown) return null;
    return agent.workerOf(pod) ?? null;
  }
}

function nodeOf(pod: Pod): readonly string[] {
  const name = pod.spec.nodeName;
  return name === undefined || name === "" ? [] : [name];
}
