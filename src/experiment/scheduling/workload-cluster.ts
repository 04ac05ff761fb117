// The cluster that a workload is carried out on: an API in memory, or a control plane. Operations and measurements are
// the same code on both; what differs is how a write gets there, and how time passes until something has come about.
import type { KubeObject, Pod } from "../../api/types.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import type { MadePod } from "../../workload/scheduler-perf/make-pods.js";
import type { Agenda } from "./agenda.js";
import type { MeasuredWindow } from "./measured-window.js";
import type { PodSource } from "./pod-source.js";
import type { Timeline } from "./timeline.js";
import type { WaitLimit } from "./wait-limit.js";

/**
 * A write resolves when it has been answered; in memory it is done when the call returns. Who does not wait for it need
 * not look after it: a refusal ends the next wait. Writes to one object are carried out in the order of the calls.
 */
export interface WorkloadCluster extends PodSource {
  readonly scheduler: Scheduler;
  readonly agenda: Agenda;
  readonly timeline: Timeline;
  readonly window: MeasuredWindow;

  create(object: KubeObject): Promise<void>;
  /** Creates what is not there yet. */
  ensure(object: KubeObject): Promise<void>;
  /** A Pod after the volume and the claim that it needs, where those are not there yet. */
  createPod(made: MadePod): Promise<void>;
  /** @param subresources the part that is written; empty: the object, and its status if it says one */
  update(object: KubeObject, subresources: readonly string[]): Promise<void>;
  /** As its owner asks. What is gone already is fine. */
  delete(object: KubeObject): Promise<void>;
  /** The same for one Pod, not for another that came to its name. */
  deletePod(pod: Pod): Promise<void>;
  /** As fast as writes are answered: in memory one after another, over the API several at a time. */
  inBulk(count: number, write: (index: number) => Promise<void>): Promise<void>;
  /** Resolves when whatever was written so far is seen by all who watch. */
  settled(): Promise<void>;
  /**
   * Lets time pass, and does what is due, until something has come about.
   *
   * @throws {PlumbError} Internal when it takes too long; what a write was refused with; the reason of an interruption
   */
  runUntil(isDone: () => boolean, limit: WaitLimit): Promise<void>;
  /** Nothing is carried out afterwards; what was found can still be read. */
  close(): Promise<void>;
}
