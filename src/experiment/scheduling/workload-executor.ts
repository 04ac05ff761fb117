// Carries out the operations of a scheduler_perf workload, one after another, on a cluster: an API in memory or a whole
// control plane.
// As upstream: createPods waits until its Pods have nodes, a barrier for the Pods of operations that did not wait; churn
// and slow deletions go on beside what follows. Unlike upstream, Pods are made before the window opens: making them is
// the generator's work, not the scheduler's.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/executor.go, operations.go.
import { PlumbError, type SourcePosition } from "../../base/errors.js";
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
  CreateNamespaces,
  CreateNodes,
  CreatePods,
  DeletePods,
  Op,
  UpdateAny,
} from "../../workload/scheduler-perf/ops.js";
import type { ResolvedWorkload } from "../../workload/scheduler-perf/test-case.js";
import { startChurn } from "./churn.js";
import { isInScope, type PodScope, PodTally } from "./pod-scope.js";
import { type RatedWork, startRated } from "./rated-work.js";
import { keepSteady } from "./steady-state.js";
import type { AppliedWorkload } from "./scheduling-types.js";
import { WorkloadAccount } from "./workload-account.js";
import type { WorkloadCluster } from "./workload-cluster.js";

export interface WorkloadOrder {
  readonly workload: ResolvedWorkload;
  readonly making: Making;
  /** How measured Pods arrive; null: all at once. */
  readonly load: LoadModel | null;
  readonly prng: Prng;
}

export interface WorkloadOutcome {
  /** What was asked for, and what came of it. */
  readonly workload: AppliedWorkload;
  /** What did not go as written. */
  readonly warnings: readonly string[];
}

/** Longest wait for Pods, as upstream. */
const WAIT_MS = 10 * 60_000;

/** @throws {PlumbError} with the place of the operation that could not be carried out */
export async function executeWorkload(
  cluster: WorkloadCluster,
  order: WorkloadOrder,
): Promise<WorkloadOutcome> {
  const execution = new WorkloadExecution(cluster, order);
  try {
    for (const [index, op] of order.workload.ops.entries())
      await execution.carryOut(op, index).catch((error: unknown) => {
        throw execution.isAlone ? placed(error, op.at) : error;
      });
  } finally {
    execution.end();
  }
  await cluster.settled();
  return { workload: execution.account.result(), warnings: execution.warnings };
}

class WorkloadExecution {
  readonly warnings: string[] = [];
  readonly account: WorkloadAccount;
  readonly #cluster: WorkloadCluster;
  readonly #order: WorkloadOrder;
  /** Ends what runs beside the operations. */
  readonly #background: (() => void)[] = [];
  /** Namespaces with Pods that nobody has waited for. */
  readonly #unawaited = new Set<string>();

  constructor(cluster: WorkloadCluster, order: WorkloadOrder) {
    this.#cluster = cluster;
    this.#order = order;
    this.account = new WorkloadAccount(cluster);
  }

  async carryOut(op: Op, index: number): Promise<void> {
    const { window } = this.#cluster;
    switch (op.opcode) {
      case "createNodes":
        return this.#createNodes(op, index);
      case "createNamespaces":
        return this.#createNamespaces(op);
      case "createPods":
        return this.#createPods(op);
      case "createAny":
        return this.#createAny(op);
      case "updateAny":
        return this.#updateAny(op);
      case "deletePods":
        return this.#deletePods(op);
      case "churn":
        await this.#needNamespace(op.namespace);
        this.#background.push(startChurn(op, this.#cluster, this.#order.making));
        return;
      case "barrier":
        return this.#barrier(op);
      case "sleep":
        return this.#sleep(op.durationMs);
      case "startCollectingMetrics":
        for (const namespace of op.namespaces) await this.#needNamespace(namespace);
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

  /** Nothing runs beside the operations, so that whatever fails is the operation's. */
  get isAlone(): boolean {
    return this.#background.length === 0;
  }

  end(): void {
    for (const stop of this.#background) stop();
  }

  async #createNodes(op: CreateNodes, opIndex: number): Promise<void> {
    const { nodes, csiNodes } = makeNodes(op, opIndex, this.#order.making);
    this.account.askNodes(nodes);
    await this.#createAll(nodes);
    await this.#createAll(csiNodes);
    // A Pod that is tried before its node is known would wait in vain.
    await this.#cluster.settled();
  }

  async #createNamespaces(op: CreateNamespaces): Promise<void> {
    await this.#createAll(makeNamespaces(op, this.#order.making));
    await this.#cluster.settled();
  }

  async #createPods(op: CreatePods): Promise<void> {
    const { window } = this.#cluster;
    const { namespace, count } = op;
    await this.#needNamespace(namespace);
    const make = podMaker(op, this.#order.making);
    const made = op.steadyState ? [] : Array.from({ length: count }, (_, index) => make(index));
    const asked = this.account.askPods(made.map(({ pod }) => pod));
    const scope = { namespaces: new Set([namespace]), labels: {} };
    const tally = new PodTally(this.#cluster, scope);
    if (op.collectMetrics) window.open(scope);
    if (op.steadyState) await keepSteady(this.#cluster, { count, durationMs: op.durationMs, make });
    else if (op.collectMetrics && this.#order.load !== null) this.#arrive(made, this.#order.load);
    else await this.#cluster.inBulk(count, (index) => this.#cluster.createPod(made[index] as MadePod));
    if (op.skipWaitToCompletion) this.#unawaited.add(namespace);
    else if (!op.steadyState) {
      const missing = () => `${count - tally.bound} of ${count} Pods of '${namespace}' to be scheduled`;
      // The tally is cheap, and counts Pods of churn that come to the same namespace.
      await this.#wait(() => tally.bound >= count && this.account.haveNodes(asked), missing);
    }
    tally.close();
    if (op.collectMetrics) window.close();
    await this.#cluster.settled();
  }

  /** Pods come when their load model says so; their latency counts from then. */
  #arrive(made: readonly MadePod[], load: LoadModel): void {
    const { agenda, timeline, window } = this.#cluster;
    const starts = scheduledStarts(load, made.length, this.#order.prng);
    const beganMs = timeline.now();
    let next = 0;
    const arrive = (nowMs: number): void => {
      for (; next < made.length && beganMs + (starts[next] as number) <= nowMs; next++) {
        const each = made[next] as MadePod;
        window.startsAt(objectKey(each.pod), beganMs + (starts[next] as number));
        void this.#cluster.createPod(each);
      }
      if (next < made.length) agenda.at(beganMs + (starts[next] as number), arrive);
    };
    arrive(beganMs);
  }

  async #createAny(op: CreateAny): Promise<void> {
    if (op.namespace !== "") await this.#needNamespace(op.namespace);
    const make = (index: number) => makeObject({ ...op, index }, this.#order.making);
    await this.#cluster.inBulk(op.count, (index) => this.#cluster.create(make(index)));
    await this.#cluster.settled();
  }

  async #updateAny(op: UpdateAny): Promise<void> {
    const run = (index: number) => {
      const object = makeObject({ ...op, templateParams: {}, index }, this.#order.making);
      return this.#cluster.update(object, op.subresources);
    };
    await this.#atRate({ count: op.count, perSecond: op.updatePerSecond, run });
  }

  async #deletePods(op: DeletePods): Promise<void> {
    const { agenda, timeline } = this.#cluster;
    const scope = { namespaces: new Set([op.namespace]), labels: op.labelSelector };
    const pods = [...this.#cluster.pods()].filter((pod) => isInScope(pod, scope));
    const run = (index: number) => this.#cluster.deletePod(pods[index] as (typeof pods)[number]);
    const deletions = { count: pods.length, perSecond: op.deletePodsPerSecond, run };
    if (op.skipWaitToCompletion && op.deletePodsPerSecond > 0)
      this.#background.push(startRated(deletions, agenda, timeline.now()));
    else await this.#atRate(deletions);
  }

  async #barrier({ namespaces, labelSelector, stageRequirement }: Barrier): Promise<void> {
    const names = new Set(namespaces.length === 0 ? this.#unawaited : namespaces);
    const scope: PodScope = { namespaces: names, labels: labelSelector };
    const tally = new PodTally(this.#cluster, scope);
    const left = () => (stageRequirement === "Attempted" ? tally.untried : tally.waiting);
    const stage = stageRequirement === "Attempted" ? "tried" : "scheduled";
    await this.#wait(
      () => left() === 0,
      () => `${left()} Pods of ${[...names].map((name) => `'${name}'`).join(", ")} to be ${stage}`,
    );
    tally.close();
    if (stageRequirement === "Attempted") return;
    this.account.awaited(scope);
    for (const name of names) this.#unawaited.delete(name);
  }

  async #sleep(durationMs: number): Promise<void> {
    const { agenda, timeline } = this.#cluster;
    let isOver = false;
    agenda.at(timeline.now() + Math.max(durationMs, 1), () => {
      isOver = true;
    });
    await this.#wait(
      () => isOver,
      () => "a sleep to end",
      WAIT_MS + durationMs,
    );
  }

  /** Rate 0: all at once. */
  async #atRate(work: RatedWork): Promise<void> {
    const { count, perSecond } = work;
    if (perSecond === 0) await this.#cluster.inBulk(count, work.run);
    else {
      let isDone = false;
      const { agenda, timeline } = this.#cluster;
      startRated(work, agenda, timeline.now(), () => {
        isDone = true;
      });
      await this.#wait(
        () => isDone,
        () => `${count} operations at ${perSecond} a second`,
        WAIT_MS + (count * 1000) / perSecond,
      );
    }
    await this.#cluster.settled();
  }

  #wait(isDone: () => boolean, waitingFor: () => string, timeoutMs = WAIT_MS): Promise<void> {
    return this.#cluster.runUntil(isDone, { timeoutMs, waitingFor });
  }

  #createAll(objects: readonly KubeObject[]): Promise<void> {
    return this.#cluster.inBulk(objects.length, (index) =>
      this.#cluster.create(objects[index] as KubeObject),
    );
  }

  #needNamespace(name: string): Promise<void> {
    return this.#cluster.ensure({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
}

function placed(error: unknown, position: SourcePosition): unknown {
  if (!(error instanceof PlumbError) || error.position !== null) return error;
  const { code, message, hint } = error;
  return new PlumbError(code, message, { position, ...(hint === null ? {} : { hint }) });
}
