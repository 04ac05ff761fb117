// Watches over nodes: those that fall silent become Unknown, their Pods unready; taints follow conditions; silent and
// unready nodes get the taints that drive Pods away, slowly, and slower still when many fall silent at once.
// Keys: a node's name (taints that keep Pods away, labels), MONITOR (one look at all nodes), TAINT (one round of eviction).
// Cost: O(nodes) each monitorPeriodMs; nothing is written for nodes that are well.
// Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go.
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import type { Lease, Node, Pod } from "../../client/object-types.js";
import { clientOf, LEASES, NODES, PODS } from "../../client/resources.js";
import { conditionOf, withCondition } from "../harness/conditions.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { indexByNode, podsOn } from "../harness/pods-by-node.js";
import { isReady } from "../harness/pod-state.js";
import { timeText } from "../harness/times.js";
import { type GracePeriods, heard, type Heartbeats, silentConditions } from "./node-health.js";
import {
  evictionTaintOf,
  hasEvictionTaint,
  missingLabels,
  NOT_READY,
  scheduleTaints,
  UNREACHABLE,
  withEvictionTaint,
} from "./node-taints.js";
import {
  EVICTION_RATES,
  evictionRate,
  type EvictionRates,
  TokenBucket,
  type ZoneCounts,
  zoneOf,
  type ZoneState,
  zoneState,
} from "./zone-state.js";

export interface NodeLifecycleOptions {
  readonly grace: GracePeriods;
  readonly monitorPeriodMs: number;
  readonly rates: EvictionRates;
}

const NODE_LIFECYCLE_DEFAULTS: NodeLifecycleOptions = {
  grace: { monitorMs: 50_000, startupMs: 60_000 },
  monitorPeriodMs: 5000,
  rates: EVICTION_RATES,
};

const MONITOR = "/monitor";
const TAINT = "/taint";
const TAINT_PERIOD_MS = 100;
const NODE_LEASES = "kube-node-lease";
const EXCLUDED = "node.kubernetes.io/exclude-disruption";

export function nodeLifecycleController(options = NODE_LIFECYCLE_DEFAULTS): Controller {
  return {
    name: "nodelifecycle",
    component: "node-controller",
    workersCount: 8,
    start(context) {
      const shell = new NodeLifecycle(options, context);
      return (key) => shell.reconcile(key);
    },
  };
}

interface Zone {
  state: ZoneState;
  readonly bucket: TokenBucket;
  /** Nodes that wait for their taint. */
  readonly waiting: Set<string>;
}

class NodeLifecycle {
  readonly #options: NodeLifecycleOptions;
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  readonly #pods: Informer<Pod>;
  readonly #heartbeats = new Map<string, Heartbeats>();
  readonly #known = new Map<string, Node>();
  readonly #zones = new Map<string, Zone>();
  /** Nodes whose Pods could not all be marked. */
  readonly #unmarked = new Set<string>();

  constructor(options: NodeLifecycleOptions, context: ControllerContext) {
    const { informers, queue } = context;
    this.#options = options;
    this.#context = context;
    this.#nodes = informers.informer(NODES);
    this.#leases = informers.informer(LEASES);
    this.#pods = informers.informer(PODS);
    indexByNode(this.#pods);
    const look = ({ metadata }: Node): void => queue.add(metadata.name);
    this.#nodes.addHandler({ onAdd: look, onUpdate: (_, node) => look(node) });
    queue.add(MONITOR);
  }

  async reconcile(key: string): Promise<void> {
    if (key === TAINT) return this.#taintRound();
    if (key !== MONITOR) return this.#follow(key);
    try {
      await this.#monitor();
    } finally {
      this.#context.queue.addAfter(MONITOR, this.#options.monitorPeriodMs);
    }
  }

  /** Taints that keep Pods away, and labels. */
  async #follow(name: string): Promise<void> {
    const node = this.#nodes.lister.get(name);
    if (node === undefined) return;
    const taints = scheduleTaints(node, this.#now());
    const labels = missingLabels(node);
    if (taints === null && labels === null) return;
    const { resourceVersion } = node.metadata;
    const metadata = { resourceVersion, ...(labels === null ? {} : { labels }) };
    await this.#patch(node, { metadata, ...(taints === null ? {} : { spec: { taints } }) });
  }

  async #monitor(): Promise<void> {
    const nodes = this.#nodes.lister.list();
    this.#register(nodes);
    const counts = new Map<string, ZoneCounts>();
    for (const node of nodes) {
      try {
        const status = await this.#judge(node);
        if (node.metadata.labels?.[EXCLUDED] !== undefined) continue;
        const { ready, notReady } = counts.get(zoneOf(node)) ?? { ready: 0, notReady: 0 };
        const isUp = status === "True";
        counts.set(zoneOf(node), { ready: ready + (isUp ? 1 : 0), notReady: notReady + (isUp ? 0 : 1) });
      } catch (error) {
        // No Pod is driven away from a node that nothing is known of.
        if (!isStatus(error, "Conflict") && !isStatus(error, "NotFound"))
          this.#context.onError(error as Error);
      }
    }
    await this.#handleDisruption(counts, nodes);
    if ([...this.#zones.values()].some(({ waiting }) => waiting.size > 0)) this.#context.queue.add(TAINT);
  }

  #register(nodes: readonly Node[]): void {
    const { events } = this.#context;
    for (const node of nodes) {
      const { name } = node.metadata;
      if (!this.#known.has(name)) {
        const message = `Node ${name} event: Registered Node ${name} in Controller`;
        events.record(node, "Normal", "RegisteredNode", message);
      }
      this.#known.set(name, node);
      this.#zone(node);
    }
    if (this.#known.size === nodes.length) return;
    for (const [name, node] of this.#known) {
      if (this.#nodes.lister.get(name) !== undefined) continue;
      const message = `Node ${name} event: Removing Node ${name} from Controller`;
      events.record(node, "Normal", "RemovingNode", message);
      this.#known.delete(name);
      this.#heartbeats.delete(name);
      this.#unmarked.delete(name);
      for (const { waiting } of this.#zones.values()) waiting.delete(name);
    }
  }

  /** @returns the status of its Ready condition, as it is now */
  async #judge(seen: Node): Promise<string> {
    const { name } = seen.metadata;
    const nowMs = this.#nowMs();
    const lease = this.#leases.lister.get(`${NODE_LEASES}/${name}`);
    const heartbeats = heard(this.#heartbeats.get(name), seen, lease, nowMs);
    this.#heartbeats.set(name, heartbeats);
    const conditions = silentConditions(seen, heartbeats.heardMs, nowMs, this.#options.grace);
    const before = conditionOf(seen.status?.conditions, "Ready")?.status;
    let node = seen;
    if (conditions !== null) {
      const status = { ...seen.status, conditions } as Node["status"] & object;
      node = await clientOf(this.#context.client, NODES, null).updateStatus({ ...seen, status });
    }
    const after = conditionOf(node.status?.conditions, "Ready")?.status;
    if (after === undefined) return "Unknown";
    await this.#chooseEviction(node);
    await this.#markPods(node, before, after);
    return after;
  }

  async #chooseEviction(node: Node): Promise<void> {
    const taint = evictionTaintOf(node);
    const { waiting } = this.#zone(node);
    const { name } = node.metadata;
    const isTainted = hasEvictionTaint(node, NOT_READY) || hasEvictionTaint(node, UNREACHABLE);
    if (taint === null) waiting.delete(name);
    if (taint === null || isTainted) await this.#setEvictionTaint(node, taint);
    else waiting.add(name);
  }

  async #markPods(node: Node, before: string | undefined, after: string): Promise<void> {
    const { name } = node.metadata;
    const isTurned = after !== "True" && before === "True";
    if (isTurned) {
      const message = `Node ${name} status is now: NodeNotReady`;
      this.#context.events.record(node, "Normal", "NodeNotReady", message);
    }
    const mustMark = isTurned || (this.#unmarked.has(name) && after !== "True");
    this.#unmarked.delete(name);
    if (!mustMark) {
      // Pods that came late show as ready on a node that is not.
      if (after === "True" || !podsOn(this.#pods, name).some(isReady)) return;
    }
    for (const pod of podsOn(this.#pods, name)) if (isReady(pod)) await this.#markPod(node, pod);
  }

  async #markPod(node: Node, pod: Pod): Promise<void> {
    const { name, namespace = "" } = pod.metadata;
    const condition = { ...conditionOf(pod.status?.conditions, "Ready"), type: "Ready", status: "False" };
    const lastTransitionTime = this.#now();
    const conditions = withCondition(pod.status?.conditions, { ...condition, lastTransitionTime });
    this.#context.events.record(pod, "Warning", "NodeNotReady", "Node is not ready");
    try {
      const { uid } = pod.metadata;
      const patch = { metadata: { uid }, status: { conditions } };
      await clientOf(this.#context.client, PODS, namespace).patch(name, "merge", patch, {
        subresource: "status",
      });
    } catch (error) {
      if (isStatus(error, "NotFound")) return;
      this.#unmarked.add(node.metadata.name);
      throw error;
    }
  }

  async #handleDisruption(counts: ReadonlyMap<string, ZoneCounts>, nodes: readonly Node[]): Promise<void> {
    const nowMs = this.#nowMs();
    const { rates } = this.#options;
    const states = new Map([...counts].map(([zone, of]) => [zone, zoneState(of, rates)]));
    for (const name of this.#zones.keys()) if (!counts.has(name)) this.#zones.delete(name);
    const areAllFull = [...states.values()].every((state) => state === "FullDisruption");
    const wereAllFull = [...this.#zones.values()].every(({ state }) => state === "FullDisruption");
    if (areAllFull && wereAllFull) return;
    if (areAllFull) return this.#stopEvictions(nodes);
    if (wereAllFull)
      for (const [name, known] of this.#heartbeats) this.#heartbeats.set(name, { ...known, heardMs: nowMs });
    for (const [name, zone] of this.#zones) {
      const state = states.get(name) ?? "Normal";
      zone.state = state;
      zone.bucket.setRate(evictionRate(state, counts.get(name) ?? { ready: 0, notReady: 0 }, rates), nowMs);
    }
  }

  /** Not one node is heard of: it is rather us. */
  async #stopEvictions(nodes: readonly Node[]): Promise<void> {
    for (const zone of this.#zones.values()) {
      zone.state = "FullDisruption";
      zone.bucket.setRate(0, this.#nowMs());
      zone.waiting.clear();
    }
    for (const node of nodes) {
      const live = this.#nodes.lister.get(node.metadata.name);
      if (live !== undefined) await this.#setEvictionTaint(live, null).catch(this.#context.onError);
    }
  }

  async #taintRound(): Promise<void> {
    const { queue } = this.#context;
    let isWaiting = false;
    for (const { waiting, bucket, state } of this.#zones.values()) {
      for (const name of waiting) {
        const node = this.#nodes.lister.get(name);
        const taint = node === undefined ? null : evictionTaintOf(node);
        if (node === undefined || taint === null) {
          waiting.delete(name);
          continue;
        }
        if (state === "Initial" || !bucket.take(this.#nowMs())) break;
        waiting.delete(name);
        await this.#setEvictionTaint(node, taint).catch((error: unknown) => {
          waiting.add(name);
          if (!isStatus(error, "Conflict")) throw error;
        });
      }
      isWaiting ||= waiting.size > 0;
    }
    if (isWaiting) queue.addAfter(TAINT, TAINT_PERIOD_MS);
  }

  async #setEvictionTaint(node: Node, taint: string | null): Promise<void> {
    const taints = withEvictionTaint(node, taint, this.#now());
    if (taints === null) return;
    const { resourceVersion } = node.metadata;
    await this.#patch(node, { metadata: { resourceVersion }, spec: { taints } });
  }

  async #patch({ metadata }: Node, patch: object): Promise<void> {
    await clientOf(this.#context.client, NODES, null).patch(metadata.name, "merge", patch);
  }

  #zone(node: Node): Zone {
    const name = zoneOf(node);
    let zone = this.#zones.get(name);
    if (zone === undefined) {
      const bucket = new TokenBucket(this.#options.rates.perSecond, this.#nowMs());
      zone = { state: "Initial", bucket, waiting: new Set() };
      this.#zones.set(name, zone);
    }
    return zone;
  }

  #nowMs(): number {
    return wallMs(this.#context.timers);
  }

  #now(): string {
    return timeText(this.#nowMs());
  }
}
