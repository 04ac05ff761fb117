// The scheduler on the API: informers tell it what happens, it decides, and what it wants done is asked of the API server.
// Attempts are made in slices, so that requests and watches get their turn on the same thread.
//
//   informers ──► events kept ──► [ events in, one attempt, actions out ] ... ──► API
//                                     ▲                          │
//                                     └── bound / bindFailed ◄───┘ answers
//
// Source: kube-scheduler cmd/kube-scheduler/app, schedule_one.go (bind, handleSchedulingFailure).
import type { KubeObject } from "../../api/meta.js";
import type { Node, Pod, PodCondition } from "../../api/types.js";
import { type Cancel, type Timers, wallMs } from "../../base/timers.js";
import type { Attempt } from "../../scheduler/attempt.js";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import type { Action, BindAction, EventAction } from "../../scheduler/framework/action.js";
import { LISTED_KINDS, type ListedKind, type ListedKinds } from "../../scheduler/objects.js";
import { Scheduler, type SchedulerFeatures } from "../../scheduler/scheduler.js";
import type { Client, ResourceName } from "../client/client.js";
import {
  NAMESPACES,
  PERSISTENT_VOLUMES,
  POD_DISRUPTION_BUDGETS,
  SERVICES,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
} from "../client/cluster-resources.js";
import {
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from "../client/resources.js";
import type { ObjectFeed } from "./object-feed.js";

export interface SchedulerRunnerOptions {
  /** Without extenders. */
  readonly configuration: SchedulerConfiguration;
  readonly features: SchedulerFeatures;
  readonly client: Client;
  readonly feed: ObjectFeed;
  readonly timers: Timers;
  /** Decides ties. */
  readonly seed: number;
  /** Told of every event that users see. */
  readonly recordEvent: (event: EventAction) => void;
  readonly onAttempt: OnAttempt;
}

/** Told of every attempt, and what it took, before it is carried out. */
export type OnAttempt = (attempt: Attempt, cycleMs: number) => void;

/** Longest stretch of attempts before others get their turn. */
const SLICE_MS = 4;
/** Bindings under way at most: the API server's answers are to be heard before more is asked of it. */
const BINDINGS_MAX = 256;

const LISTED_RESOURCES: Readonly<Record<ListedKind, ResourceName>> = {
  Namespace: NAMESPACES,
  Service: SERVICES,
  ReplicaSet: REPLICA_SETS,
  ReplicationController: REPLICATION_CONTROLLERS,
  StatefulSet: STATEFUL_SETS,
  PersistentVolume: PERSISTENT_VOLUMES,
  PersistentVolumeClaim: PERSISTENT_VOLUME_CLAIMS,
  StorageClass: STORAGE_CLASSES,
  CSINode: { group: "storage.k8s.io", version: "v1", resource: "csinodes" },
  CSIDriver: { group: "storage.k8s.io", version: "v1", resource: "csidrivers" },
  CSIStorageCapacity: { group: "storage.k8s.io", version: "v1", resource: "csistoragecapacities" },
  VolumeAttachment: VOLUME_ATTACHMENTS,
  PodDisruptionBudget: POD_DISRUPTION_BUDGETS,
};

export class SchedulerRunner {
  readonly scheduler: Scheduler;
  readonly #options: SchedulerRunnerOptions;
  readonly #actions: Action[] = [];
  /** What happened since the last attempt; nothing is told in the middle of one. */
  #happened: ((nowMs: number) => void)[] = [];
  #isRunning = false;
  #isStopped = false;
  #cancelWake: Cancel = () => {};
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(options: SchedulerRunnerOptions) {
    this.#options = options;
    const { configuration, features, seed, timers } = options;
    this.scheduler = new Scheduler({
      configuration,
      features,
      seed,
      stopwatch: () => timers.milliseconds(),
      act: (action) => this.#actions.push(action),
    });
  }

  /** Resolves when everything that was there has been read. */
  async start(): Promise<void> {
    const { feed } = this.#options;
    const { cluster } = this.scheduler;
    // Nodes and what plugins read come first: a Pod that is tried before its node is known would wait in vain.
    await Promise.all([
      this.#follow(NODES, {
        set: (node, nowMs) => cluster.setNode(node as Node, nowMs),
        delete: (node, nowMs) => cluster.deleteNode(node.metadata.name, nowMs),
      }),
      ...LISTED_KINDS.map((kind) => this.#followListed(kind)),
    ]);
    await feed(PODS, {
      set: (pod) => this.#happen((nowMs) => cluster.setPod(pod as Pod, nowMs)),
      delete: (pod) => this.#happen((nowMs) => cluster.deletePod(pod as Pod, nowMs)),
    });
    this.#wake(0);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelWake();
  }

  #followListed(kind: ListedKind): Promise<void> {
    const { cluster } = this.scheduler;
    type Listed = ListedKinds[ListedKind];
    // Lists leave the kind of their items out; the scheduler tells kinds by it.
    const named = (object: KubeObject) => (object.kind === kind ? object : { ...object, kind }) as Listed;
    return this.#follow(LISTED_RESOURCES[kind], {
      set: (object, nowMs) => cluster.set(named(object), nowMs),
      delete: (object, nowMs) => cluster.delete(named(object), nowMs),
    });
  }

  #follow(
    resource: ResourceName,
    told: Readonly<Record<"set" | "delete", (object: KubeObject, nowMs: number) => void>>,
  ): Promise<void> {
    return this.#options.feed(resource, {
      set: (object) => this.#happen((nowMs) => told.set(object, nowMs)),
      delete: (object) => this.#happen((nowMs) => told.delete(object, nowMs)),
    });
  }

  #happen(change: (nowMs: number) => void): void {
    this.#happened.push(change);
    this.#wake(0);
  }

  /** Runs a slice so many ms from now, or earlier when one is due earlier. */
  #wake(ms: number): void {
    const { timers } = this.#options;
    const atMs = timers.milliseconds() + ms;
    if (this.#isStopped || this.#isRunning || atMs >= this.#wakeAtMs) return;
    this.#cancelWake();
    this.#wakeAtMs = atMs;
    this.#cancelWake = timers.after(ms, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#slice();
    });
  }

  #slice(): void {
    const { timers } = this.#options;
    const endMs = timers.milliseconds() + SLICE_MS;
    this.#isRunning = true;
    let outcome = this.#step();
    while (outcome === "attempted" && timers.milliseconds() < endMs) outcome = this.#step();
    this.#isRunning = false;
    if (outcome === "attempted" || this.#happened.length > 0) this.#wake(0);
    else if (outcome === "idle") this.#sleep();
  }

  /** One attempt. "full": the next answer to a binding wakes the scheduler again. */
  #step(): "attempted" | "idle" | "full" {
    const { timers, onAttempt } = this.#options;
    const nowMs = wallMs(timers);
    this.#tellWhatHappened(nowMs);
    this.scheduler.tick(nowMs);
    if (this.scheduler.bindingCount >= BINDINGS_MAX) {
      this.#carryOut();
      return "full";
    }
    const begunMs = timers.milliseconds();
    const attempt = this.scheduler.scheduleOne(nowMs);
    if (attempt !== null) onAttempt(attempt, timers.milliseconds() - begunMs);
    this.#carryOut();
    return attempt === null ? "idle" : "attempted";
  }

  #sleep(): void {
    const nowMs = wallMs(this.#options.timers);
    const tickMs = this.scheduler.nextTickMs(nowMs);
    if (tickMs !== null) this.#wake(Math.max(0, tickMs - nowMs));
  }

  #tellWhatHappened(nowMs: number): void {
    const happened = this.#happened;
    if (happened.length === 0) return;
    this.#happened = [];
    for (const change of happened) change(nowMs);
  }

  #carryOut(): void {
    // Carrying one out may bring on others.
    for (let index = 0; index < this.#actions.length; index++) this.#do(this.#actions[index] as Action);
    this.#actions.length = 0;
  }

  #do(action: Action): void {
    const { client, recordEvent } = this.#options;
    switch (action.kind) {
      case "bind":
        this.#bind(action);
        return;
      case "event":
        recordEvent(action);
        return;
      case "updateStatus": {
        const { condition, nominatedNodeName } = action;
        void this.#patchStatus(action, {
          ...(condition === undefined ? {} : { conditions: [this.#dated(condition)] }),
          ...(nominatedNodeName === undefined ? {} : { nominatedNodeName: nominatedNodeName || null }),
        });
        return;
      }
      case "deletePod":
        void this.#patchStatus(action, { conditions: [this.#dated(action.condition)] }).then(() =>
          client
            .resource(PODS, action.namespace)
            .delete(action.name, { preconditions: { uid: action.uid } })
            .catch(ignoreGone),
        );
        return;
      case "updateVolume":
        this.#update(PERSISTENT_VOLUMES, null, action.volume);
        return;
      case "updateClaim":
        this.#update(PERSISTENT_VOLUME_CLAIMS, action.claim.metadata.namespace ?? "", action.claim);
    }
  }

  #bind({ namespace, name, uid, nodeName }: BindAction): void {
    const binding = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { apiVersion: "v1", kind: "Node", name: nodeName },
    };
    const pods = this.#options.client.resource(PODS, namespace);
    pods.post(name, "binding", binding).then(
      () => this.#answered((nowMs) => this.scheduler.bound(uid, nowMs)),
      (error: Error) => this.#answered((nowMs) => this.scheduler.bindFailed(uid, error.message, nowMs)),
    );
  }

  #answered(tell: (nowMs: number) => void): void {
    this.#happen((nowMs) => {
      tell(nowMs);
      this.#carryOut();
    });
  }

  async #patchStatus(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    status: object,
  ): Promise<void> {
    const pods = this.#options.client.resource(PODS, namespace);
    await pods.patch(name, "strategic", { status }, { subresource: "status" }).catch(ignoreGone);
  }

  #update(resource: ResourceName, namespace: string | null, object: KubeObject): void {
    // A conflict is seen as a change of the object, and the Pod that waits for it is tried again.
    this.#options.client.resource(resource, namespace).update(object).catch(ignoreGone);
  }

  #dated(condition: PodCondition): object {
    const now = this.#options.timers
      .wall()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
    return { lastProbeTime: null, lastTransitionTime: now, ...condition };
  }
}

/** The Pod is gone, or someone else was faster: the watch tells what came of it. */
function ignoreGone(): void {}
