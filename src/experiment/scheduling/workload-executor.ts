// Carries out the operations of a scheduler_perf workload, one after another, over the in-memory API.
// As upstream: createPods waits until its Pods have nodes, a barrier for the Pods of operations that did not wait; churn
// and slow deletions go on beside what follows. Unlike upstream, Pods are made before the window opens: making them is
// the generator's work, not the scheduler's.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/executor.go, operations.go.
import { PlumbError } from "../../base/errors.js";
import type { Prng } from "../../base/prng.js";
import type { KubeObject } from "../../api/types.js";
import { objectKey } from "../../scheduler/objects.js";
import { type LoadModel, scheduledStarts } from "../../workload/arrivals.js";
import { makeObject, type Making } from "../../workload/scheduler-perf/made-objects.js";
import { makeNamespaces, makeNodes } from "../../workload/scheduler-perf/make-nodes.js";
import { type MadePod, podMaker } from "../../workload/scheduler-perf/make-pods.js";
import type {
  Barrier,
  CreateAny,
  CreatePods,
  DeletePods,
  Op,
  UpdateAny,
} from "../../workload/scheduler-perf/ops.js";
import type { ResolvedWorkload } from "../../workload/scheduler-perf/test-case.js";
import { startChurn } from "./churn.js";
import { isInScope, PodTally } from "./pod-scope.js";
import { type RatedWork, startRated } from "./rated-work.js";
import type { Simulation } from "./simulation.js";
import { keepSteady } from "./steady-state.js";

export interface WorkloadOrder {
  readonly workload: ResolvedWorkload;
  readonly making: Making;
  /** How measured Pods arrive; null: all at once. */
  readonly load: LoadModel | null;
  readonly prng: Prng;
}

/** Longest wait for Pods, as upstream. */
const WAIT_MS = 10 * 60_000;

/** @returns what did not go as written */
export async function executeWorkload(
  simulation: Simulation,
  order: WorkloadOrder,
): Promise<readonly string[]> {
  const execution = new WorkloadExecution(simulation, order);
  try {
    for (const [index, op] of order.workload.ops.entries()) await execution.carryOut(op, index);
  } finally {
    execution.end();
  }
  return execution.warnings;
}

class WorkloadExecution {
  readonly warnings: string[] = [];
  readonly #simulation: Simulation;
  readonly #order: WorkloadOrder;
  /** Ends what runs beside the operations. */
  readonly #background: (() => void)[] = [];
  /** Namespaces with Pods that nobody has waited for. */
  readonly #unawaited = new Set<string>();

  constructor(simulation: Simulation, order: WorkloadOrder) {
    this.#simulation = simulation;
    this.#order = order;
  }

  async carryOut(op: Op, index: number): Promise<void> {
    const { window } = this.#simulation;
    const { making } = this.#order;
    switch (op.opcode) {
      case "createNodes": {
        const { nodes, csiNodes } = makeNodes(op, index, making);
        return this.#createAll([...nodes, ...csiNodes]);
      }
      case "createNamespaces":
        return this.#createAll(makeNamespaces(op, making));
      case "createPods":
        return this.#createPods(op);
      case "createAny":
        return this.#createAny(op);
      case "updateAny":
        return this.#updateAny(op);
      case "deletePods":
        return this.#deletePods(op);
      case "churn":
        this.#needNamespace(op.namespace);
        this.#background.push(startChurn(op, this.#simulation, making));
        return;
      case "barrier":
        return this.#barrier(op);
      case "sleep":
        return this.#atRate({ count: 1, perSecond: 1000 / Math.max(op.durationMs, 1), run: () => {} });
      case "startCollectingMetrics":
        for (const namespace of op.namespaces) this.#needNamespace(namespace);
        return window.open({ namespaces: new Set(op.namespaces), labels: op.labelSelector });
      case "stopCollectingMetrics":
        return window.close();
      case "startCollectingProfile":
      case "stopCollectingProfile":
        this.warnings.push(`${op.opcode} does nothing here: profile the whole run instead`);
        return;
      case "unsupported":
        throw new PlumbError("Unsupported", `Cannot carry out operation '${op.written}': it ${op.reason}`, {
          position: op.at,
        });
    }
  }

  end(): void {
    for (const stop of this.#background) stop();
  }

  async #createPods(op: CreatePods): Promise<void> {
    const { window, api } = this.#simulation;
    const { namespace, count } = op;
    this.#needNamespace(namespace);
    const make = podMaker(op, this.#order.making);
    const made = op.steadyState ? [] : Array.from({ length: count }, (_, index) => make(index));
    const scope = { namespaces: new Set([namespace]), labels: {} };
    const tally = new PodTally(api, scope);
    if (op.collectMetrics) window.open(scope);
    if (op.steadyState) {
      const { durationMs } = op;
      await keepSteady(this.#simulation, {
        count,
        durationMs,
        make,
        create: (each) => this.#createPod(each),
      });
    } else if (op.collectMetrics && this.#order.load !== null) this.#arrive(made, this.#order.load);
    else for (const each of made) this.#createPod(each);
    if (op.skipWaitToCompletion) this.#unawaited.add(namespace);
    else if (!op.steadyState) {
      const missing = () => `${count - tally.bound} of ${count} Pods of '${namespace}' to be scheduled`;
      await this.#wait(() => tally.bound >= count, missing);
    }
    tally.close();
    if (op.collectMetrics) window.close();
  }

  /** Pods come when their load model says so; their latency counts from then. */
  #arrive(made: readonly MadePod[], load: LoadModel): void {
    const { agenda, timeline, window } = this.#simulation;
    const starts = scheduledStarts(load, made.length, this.#order.prng);
    const beganMs = timeline.now();
    let next = 0;
    const arrive = (nowMs: number): void => {
      for (; next < made.length && beganMs + (starts[next] as number) <= nowMs; next++) {
        const uid = this.#createPod(made[next] as MadePod);
        window.startsAt(uid, beganMs + (starts[next] as number));
      }
      if (next < made.length) agenda.at(beganMs + (starts[next] as number), arrive);
    };
    arrive(beganMs);
  }

  #createPod({ pod, persistentVolume, persistentVolumeClaim }: MadePod): string {
    const { api } = this.#simulation;
    for (const object of [persistentVolume, persistentVolumeClaim]) {
      // A Pod of a steady state finds those of the one before it.
      if (object === null || api.get(object.kind, objectKey(object)) !== undefined) continue;
      api.create(object);
    }
    return api.create(pod).metadata.uid as string;
  }

  #createAny(op: CreateAny): void {
    if (op.namespace !== "") this.#needNamespace(op.namespace);
    for (let index = 0; index < op.count; index++)
      this.#simulation.api.create(makeObject({ ...op, index }, this.#order.making));
  }

  #updateAny(op: UpdateAny): Promise<void> {
    const update = (index: number) => {
      this.#simulation.api.update(makeObject({ ...op, templateParams: {}, index }, this.#order.making));
    };
    return this.#atRate({ count: op.count, perSecond: op.updatePerSecond, run: update });
  }

  async #deletePods(op: DeletePods): Promise<void> {
    const { api, agenda, timeline } = this.#simulation;
    const scope = { namespaces: new Set([op.namespace]), labels: op.labelSelector };
    const uids = [...api.pods()]
      .filter((pod) => isInScope(pod, scope))
      .map(({ metadata }) => metadata.uid ?? "");
    const run = (index: number) => api.deletePod(uids[index] as string);
    const deletions = { count: uids.length, perSecond: op.deletePodsPerSecond, run };
    if (op.skipWaitToCompletion && op.deletePodsPerSecond > 0)
      this.#background.push(startRated(deletions, agenda, timeline.now()));
    else await this.#atRate(deletions);
  }

  async #barrier({ namespaces, labelSelector, stageRequirement }: Barrier): Promise<void> {
    const awaited = new Set(namespaces.length === 0 ? this.#unawaited : namespaces);
    const tally = new PodTally(this.#simulation.api, { namespaces: awaited, labels: labelSelector });
    const left = () => (stageRequirement === "Attempted" ? tally.untried : tally.waiting);
    const stage = stageRequirement === "Attempted" ? "tried" : "scheduled";
    await this.#wait(
      () => left() === 0,
      () => `${left()} Pods of ${[...awaited].map((name) => `'${name}'`).join(", ")} to be ${stage}`,
    );
    tally.close();
    if (stageRequirement === "Scheduled") for (const name of awaited) this.#unawaited.delete(name);
  }

  async #atRate(work: RatedWork): Promise<void> {
    let isDone = false;
    const { agenda, timeline } = this.#simulation;
    startRated(work, agenda, timeline.now(), () => {
      isDone = true;
    });
    const timeoutMs = WAIT_MS + (work.perSecond === 0 ? 0 : (work.count * 1000) / work.perSecond);
    await this.#wait(
      () => isDone,
      () => `${work.count} operations at ${work.perSecond} a second`,
      timeoutMs,
    );
  }

  #wait(isDone: () => boolean, waitingFor: () => string, timeoutMs = WAIT_MS): Promise<void> {
    return this.#simulation.driver.runUntil(isDone, { timeoutMs, waitingFor });
  }

  #needNamespace(name: string): void {
    const { api } = this.#simulation;
    if (api.get("Namespace", name) === undefined)
      api.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  #createAll(objects: readonly KubeObject[]): void {
    for (const object of objects) this.#simulation.api.create(object);
  }
}
