// The API in memory as the cluster of a workload: every write is done when the call returns, and seen between two
// attempts.
import type { KubeObject, Pod } from "../../api/types.js";
import type { MadePod } from "../../workload/scheduler-perf/make-pods.js";
import { uidOf } from "./object-store.js";
import type { PodListener } from "./pod-source.js";
import type { Simulation } from "./simulation.js";
import type { WaitLimit } from "./wait-limit.js";
import type { WorkloadCluster } from "./workload-cluster.js";

const DONE = Promise.resolve();

export class InMemoryCluster implements WorkloadCluster {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  get scheduler() {
    return this.#simulation.scheduler;
  }

  get agenda() {
    return this.#simulation.agenda;
  }

  get timeline() {
    return this.#simulation.timeline;
  }

  get window() {
    return this.#simulation.window;
  }

  pods(): Iterable<Pod> {
    return this.#simulation.api.pods();
  }

  onPod(listener: PodListener): () => void {
    return this.#simulation.api.onPod(listener);
  }

  create(object: KubeObject): Promise<void> {
    this.#simulation.api.create(object);
    return DONE;
  }

  ensure(object: KubeObject): Promise<void> {
    const { api } = this.#simulation;
    if (!api.has(object)) api.create(object);
    return DONE;
  }

  createPod({ pod, persistentVolume, persistentVolumeClaim }: MadePod): Promise<void> {
    if (persistentVolume !== null) this.ensure(persistentVolume);
    if (persistentVolumeClaim !== null) this.ensure(persistentVolumeClaim);
    return this.create(pod);
  }

  update(object: KubeObject): Promise<void> {
    this.#simulation.api.update(object);
    return DONE;
  }

  delete(object: KubeObject): Promise<void> {
    this.#simulation.api.delete(object);
    return DONE;
  }

  deletePod(pod: Pod): Promise<void> {
    this.#simulation.api.deletePod(uidOf(pod));
    return DONE;
  }

  inBulk(count: number, write: (index: number) => Promise<void>): Promise<void> {
    for (let index = 0; index < count; index++) void write(index);
    return DONE;
  }

  settled(): Promise<void> {
    const { driver, timeline } = this.#simulation;
    driver.bringUpToDate(timeline.now());
    return DONE;
  }

  runUntil(isDone: () => boolean, limit: WaitLimit): Promise<void> {
    return this.#simulation.driver.runUntil(isDone, limit);
  }

  close(): Promise<void> {
    return DONE;
  }
}
