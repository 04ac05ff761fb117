// A control plane as the cluster of a workload: every object is made by a request, the scheduler learns of it by a watch
// and binds by requests, and what is waited for and measured is what a watch shows.
//
//   operations ──► PlaneWrites ──► API server ──► informers ──► scheduler, this
//                                     ▲                             │
//                                     └── bindings, status ◄────────┘
//
// As in upstream's benchmark nodes have no kubelets, and the same admission plugins are left out: templates set priorities
// that no class has, and nodes are ready because they say so. Volumes are bound by the controller that plumb up runs.
// Only real time passes here: a control plane is not simulated.
// Source: kubernetes/kubernetes test/integration/util/util.go (InitTestAPIServer).
import type { KubeObject, Pod } from "../../api/types.js";
import { present } from "../../base/assert.js";
import { PODS } from "../../controlplane/client/resources.js";
import type { Plane } from "../../controlplane/plane.js";
import { objectKey } from "../../scheduler/objects.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import type { MadePod } from "../../workload/scheduler-perf/make-pods.js";
import { Agenda } from "../scheduling/agenda.js";
import { MeasuredWindow } from "../scheduling/measured-window.js";
import { isBound } from "../scheduling/pod-objects.js";
import type { PodChange, PodListener } from "../scheduling/pod-source.js";
import type { SimulationOptions } from "../scheduling/simulation.js";
import { RealTimeline } from "../scheduling/timeline.js";
import type { WaitLimit } from "../scheduling/wait-limit.js";
import type { WorkloadCluster } from "../scheduling/workload-cluster.js";
import { collectGarbage, startPlane, timers } from "./bench-plane.js";
import { ClockedWait } from "./clocked-wait.js";
import { PlaneWrites } from "./plane-writes.js";
import { saturated } from "./request-load.js";

const DISABLED_ADMISSION = [
  "ServiceAccount",
  "TaintNodesByCondition",
  "Priority",
  "StorageObjectInUseProtection",
];
const CONTROLLERS = ["persistentvolume-binder"];
/** Answers that are waited for at a time. */
const IN_FLIGHT = 100;
/** Longest wait for answers, and for watches to show what was written. */
const WRITES_MS = 10 * 60_000;

export type PlaneClusterOptions = Omit<SimulationOptions, "timeMode" | "runsPods" | "callExtender">;

/** @throws {PlumbError} Unsupported for a scheduler with extenders */
export async function startPlaneCluster(options: PlaneClusterOptions): Promise<WorkloadCluster> {
  let cluster: PlaneCluster | null = null;
  const plane = await startPlane(options.seed, {
    scheduler: options.configuration,
    schedulerFeatures: options.features,
    controllers: CONTROLLERS,
    disabledAdmission: DISABLED_ADMISSION,
    onAttempt: (attempt, cycleMs) => {
      if (cluster === null) return;
      const { timeline, window, scheduler } = cluster;
      const decidedMs = timeline.now();
      window.attempted(attempt, { begunMs: decidedMs - cycleMs, decidedMs });
      if (window.isOpen) options.onAttempt?.(attempt, { scheduler, nowMs: decidedMs });
    },
  });
  cluster = new PlaneCluster(plane, options);
  return cluster;
}

class PlaneCluster implements WorkloadCluster {
  readonly agenda = new Agenda();
  readonly timeline: RealTimeline;
  readonly window: MeasuredWindow;
  readonly scheduler: Scheduler;
  readonly #plane: Plane;
  readonly #writes: PlaneWrites;
  readonly #signal: AbortSignal | null;
  readonly #pods = new Map<string, Pod>();
  readonly #podListeners = new Set<PodListener>();
  /** The last one; operations wait one after another. */
  #wait: ClockedWait | null = null;

  constructor(plane: Plane, options: PlaneClusterOptions) {
    const { clock, sleep, signal, readsThroughput, fragmentation, onWindow } = options;
    const scheduler = present(plane.scheduler, "scheduler of the plane");
    this.#plane = plane;
    this.scheduler = scheduler;
    this.timeline = new RealTimeline(clock, sleep);
    this.#signal = signal ?? null;
    this.#writes = new PlaneWrites(plane, IN_FLIGHT, () => this.#wait?.look());
    this.window = new MeasuredWindow({
      scheduler,
      source: this,
      agenda: this.agenda,
      timeline: this.timeline,
      // An operation is over when its writes have been seen.
      bringUpToDate: () => {},
      readsThroughput,
      fragmentation: () => fragmentation(scheduler),
      onEdge: onWindow ?? (() => {}),
      collectGarbage,
    });
    this.#followPods();
  }

  pods(): Iterable<Pod> {
    return this.#pods.values();
  }

  onPod(listener: PodListener): () => void {
    this.#podListeners.add(listener);
    return () => this.#podListeners.delete(listener);
  }

  create(object: KubeObject): Promise<void> {
    if (object.kind === "Pod") this.window.startsAt(objectKey(object), this.timeline.now());
    return this.#writes.create(object);
  }

  ensure(object: KubeObject): Promise<void> {
    return this.#writes.ensure(object);
  }

  createPod(made: MadePod): Promise<void> {
    this.window.startsAt(objectKey(made.pod), this.timeline.now());
    if (made.persistentVolume === null && made.persistentVolumeClaim === null) return this.create(made.pod);
    const created = this.#createWithVolume(made);
    // Its requests have told of it already.
    created.catch(() => {});
    return created;
  }

  update(object: KubeObject, subresources: readonly string[]): Promise<void> {
    return this.#writes.update(object, subresources);
  }

  delete(object: KubeObject): Promise<void> {
    return this.#writes.delete(object, null);
  }

  deletePod(pod: Pod): Promise<void> {
    return this.#writes.delete(pod, pod.metadata.uid ?? null);
  }

  inBulk(count: number, write: (index: number) => Promise<void>): Promise<void> {
    const limit = { timeoutMs: WRITES_MS, waitingFor: () => `answers to ${count} requests` };
    return this.#until(saturated({ count, run: write }, IN_FLIGHT, timers), limit);
  }

  async settled(): Promise<void> {
    const timeoutMs = WRITES_MS;
    const waitingFor = () => "requests to be answered";
    await this.#until(this.#writes.answered(), { timeoutMs, waitingFor });
    const isSeen = this.#writes.seenTest();
    await this.runUntil(isSeen, { timeoutMs, waitingFor: () => "watches to show what was written" });
  }

  runUntil(isDone: () => boolean, limit: WaitLimit): Promise<void> {
    const { agenda, timeline } = this;
    const failure = () => this.#writes.failure;
    this.#wait = new ClockedWait({ agenda, timeline, timers, signal: this.#signal, failure, isDone, limit });
    return this.#wait.over;
  }

  close(): Promise<void> {
    return this.#plane.stop();
  }

  /** The volume first: a claim whose volume is not there counts as lost. */
  async #createWithVolume({ pod, persistentVolume, persistentVolumeClaim }: MadePod): Promise<void> {
    if (persistentVolume !== null) await this.ensure(persistentVolume);
    if (persistentVolumeClaim !== null) await this.ensure(persistentVolumeClaim);
    await this.create(pod);
  }

  /** What runs beside is carried out until the work is over. */
  async #until(work: Promise<unknown>, limit: WaitLimit): Promise<void> {
    let isOver = false;
    const over = () => {
      isOver = true;
      this.#wait?.look();
    };
    work.then(over, over);
    await this.runUntil(() => isOver, limit);
    await work;
  }

  #followPods(): void {
    this.#plane.informers.informer(PODS).addHandler({
      // The watch's Pods are the scheduler's, too: one type for what both read of them.
      onAdd: (pod) => this.#podChanged(null, pod as Pod),
      onUpdate: (before, pod) => this.#podChanged(before as Pod, pod as Pod),
      onDelete: (pod) => this.#podChanged(pod as Pod, null),
    });
  }

  #podChanged(before: Pod | null, after: Pod | null): void {
    const change: PodChange = {
      before,
      after,
      wasBound: before !== null && isBound(before),
      isBound: after !== null && isBound(after),
    };
    if (after !== null) this.#pods.set(objectKey(after), after);
    else if (before !== null) this.#pods.delete(objectKey(before));
    for (const listener of this.#podListeners) listener(change);
    if (after !== null && before?.metadata.deletionTimestamp === undefined) this.#endWhenDue(after);
    this.#wait?.look();
  }

  /** A Pod that is given time to end is ended when it is over, as its kubelet would. */
  #endWhenDue(pod: Pod): void {
    const { deletionTimestamp, deletionGracePeriodSeconds: seconds = 0, uid } = pod.metadata;
    if (deletionTimestamp === undefined || seconds === 0) return;
    this.agenda.at(this.timeline.now() + seconds * 1000, () => void this.#writes.delete(pod, uid ?? null, 0));
  }
}
