// A scheduler with the API played by a few lines: what it asks for is done at once, unless a test says otherwise, and
// comes back as the events that a watch would bring. Time stands still until a test moves it.
import assert from "node:assert/strict";
import type { ResourceList } from "../api/scheduling.js";
import type { Node, ObjectMeta, Pod, PodSpec } from "../api/types.js";
import type { Attempt } from "./attempt.js";
import { defaultConfiguration } from "./config/default-configuration.js";
import type { SchedulerConfiguration } from "./config/configuration.js";
import type { ExtenderReply, ExtenderRequest } from "./extender/extender.js";
import type { Action } from "./framework/action.js";
import type { ListedKind, ListedKinds } from "./objects.js";
import type { PluginMaker } from "./plugins/registry.js";
import { DEFAULT_FEATURES, Scheduler, type SchedulerFeatures } from "./scheduler.js";

const ATTEMPTS_MAX = 10_000;

export interface SimulationOptions {
  readonly configuration?: Partial<SchedulerConfiguration>;
  readonly features?: Partial<SchedulerFeatures>;
  readonly seed?: number;
  readonly plugins?: Readonly<Record<string, PluginMaker>>;
  /** Kinds of actions that are only noted: the test carries them out. */
  readonly heldBack?: readonly Action["kind"][];
  readonly extender?: (request: ExtenderRequest) => ExtenderReply;
}

export class Simulation {
  readonly scheduler: Scheduler;
  /** All that was asked for, in order. */
  readonly actions: Action[] = [];
  /** Pods as the API has them, by uid. */
  readonly pods = new Map<string, Pod>();
  readonly #heldBack: ReadonlySet<string>;
  readonly #extender: (request: ExtenderRequest) => ExtenderReply;
  #carriedOut = 0;
  nowMs = 0;

  constructor({
    configuration,
    features,
    seed = 1,
    plugins = {},
    heldBack = [],
    extender,
  }: SimulationOptions = {}) {
    this.#heldBack = new Set(heldBack);
    this.#extender = extender ?? (() => assert.fail("no extender was expected to be asked"));
    this.scheduler = new Scheduler({
      configuration: defaultConfiguration(configuration),
      features: { ...DEFAULT_FEATURES, ...features },
      seed,
      plugins,
      stopwatch: () => 0,
      act: (action) => this.actions.push(action),
    });
  }

  setNodes(...nodes: readonly Node[]): void {
    for (const node of nodes) this.scheduler.cluster.setNode(node, this.nowMs);
  }

  set(...objects: readonly ListedKinds[ListedKind][]): void {
    for (const object of objects) this.scheduler.cluster.set(object, this.nowMs);
  }

  setPods(...pods: readonly Pod[]): void {
    for (const pod of pods) {
      this.pods.set(uidOf(pod), pod);
      this.scheduler.cluster.setPod(pod, this.nowMs);
    }
  }

  deletePod(uid: string): void {
    const pod = this.pod(uid);
    this.pods.delete(uid);
    this.scheduler.cluster.deletePod(pod, this.nowMs);
  }

  pod(uid: string): Pod {
    return this.pods.get(uid) ?? assert.fail(`there is no Pod ${uid}`);
  }

  /** One attempt, and what it asks for. */
  attempt(): Attempt | null {
    const steps = this.scheduler.attempt(this.nowMs);
    let step = steps.next();
    while (step.done !== true) step = steps.next(this.#extender(step.value));
    this.carryOut();
    return step.value;
  }

  /** Attempts until no Pod is ready. */
  run(): Attempt[] {
    const attempts: Attempt[] = [];
    for (let attempt = this.attempt(); attempt !== null; attempt = this.attempt()) {
      attempts.push(attempt);
      assert.ok(attempts.length < ATTEMPTS_MAX, `Pod ${attempt.pod.key} is tried again and again`);
    }
    return attempts;
  }

  /** Time goes on to where the scheduler wants to be called, and there the scheduler is. */
  tickNext(): void {
    const next = this.scheduler.nextTickMs(this.nowMs);
    this.tickAt(next ?? assert.fail("the scheduler waits for no time"));
  }

  tickAt(nowMs: number): void {
    this.nowMs = nowMs;
    this.scheduler.tick(nowMs);
    this.carryOut();
  }

  carryOut(): void {
    while (this.#carriedOut < this.actions.length) {
      const action = this.actions[this.#carriedOut++] as Action;
      if (!this.#heldBack.has(action.kind)) this.perform(action);
    }
  }

  perform(action: Action): void {
    switch (action.kind) {
      case "bind":
        this.setPods(bound(this.pod(action.uid), action.nodeName));
        this.scheduler.bound(action.uid, this.nowMs);
        return;
      case "deletePod":
        this.deletePod(action.uid);
        return;
      case "updateStatus": {
        const { uid, nominatedNodeName } = action;
        const pod = this.pods.get(uid);
        // Writing what stands there already makes no event.
        if (
          pod !== undefined &&
          nominatedNodeName !== undefined &&
          nominatedNodeName !== (pod.status?.nominatedNodeName ?? "")
        )
          this.setPods({ ...pod, status: { ...pod.status, nominatedNodeName } });
        return;
      }
      case "updateVolume":
        this.set(action.volume);
        return;
      case "updateClaim":
        this.set(action.claim);
        return;
      case "event":
        return;
    }
  }

  /** Pod name -> node, of Pods that have one. */
  placements(): Record<string, string> {
    const placed = [...this.pods.values()].filter(({ spec }) => spec?.nodeName !== undefined);
    return Object.fromEntries(placed.map(({ metadata, spec }) => [metadata.name, spec?.nodeName ?? ""]));
  }

  /** Events, as kubectl shows them: "Warning FailedScheduling p: why". */
  events(): string[] {
    return this.actions.flatMap((action) =>
      action.kind === "event" ? [`${action.type} ${action.reason} ${action.name}: ${action.message}`] : [],
    );
  }

  of<Kind extends Action["kind"]>(kind: Kind): (Action & { readonly kind: Kind })[] {
    return this.actions.filter((action): action is Action & { readonly kind: Kind } => action.kind === kind);
  }
}

export function aNode(
  name: string,
  allocatable: ResourceList = {},
  labels: Readonly<Record<string, string>> = {},
  spec: NonNullable<Node["spec"]> = {},
): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec,
    status: { allocatable: { cpu: "4", memory: "16Gi", pods: 110, ...allocatable } },
  };
}

/** In namespace "default", with its name as uid. */
export function aPod(
  name: string,
  requests: ResourceList = {},
  spec: PodSpec = {},
  metadata: Partial<ObjectMeta> = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, ...metadata },
    spec: { containers: [{ resources: { requests } }], ...spec },
  };
}

export function bound(pod: Pod, nodeName: string): Pod {
  return { ...pod, spec: { ...pod.spec, nodeName } };
}

/** "node0", "node1", ... in so many zones, by turns. */
export function someNodes(count: number, allocatable: ResourceList = {}, zones = 1): Node[] {
  return Array.from({ length: count }, (_, index) =>
    aNode(`node${index}`, allocatable, { "topology.kubernetes.io/zone": `zone${index % zones}` }),
  );
}

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? assert.fail(`Pod ${metadata.name} has no uid`);
}
