// What every controller is: a name, its wiring from events to keys, and one function that makes a key right.
// Level-triggered: handlers add keys, reconcile reads what is there now. What to do is decided by pure functions, which
// return actions or plans; reconcile reads the listers for them and has their actions carried out.
import type { Prng } from "../../../base/prng.js";
import type { Timers } from "../../../base/timers.js";
import type { Client } from "../../client/client.js";
import type { EventRecorder } from "../../client/event-recorder.js";
import type { InformerFactory } from "../../client/informer-factory.js";
import type { WorkQueue } from "../../client/work-queue.js";

export interface ControllerContext {
  readonly client: Client;
  /** Shared by all controllers; those asked for in `start` have synced before the first key is worked on. */
  readonly informers: InformerFactory;
  /** Records under the controller's component. */
  readonly events: EventRecorder;
  readonly queue: WorkQueue;
  readonly timers: Timers;
  readonly prng: Prng;
  /** For what goes wrong beside a reconcile. */
  readonly onError: (error: Error) => void;
}

/** Makes one key right. A failure is tried again, later and later. */
export type Reconcile = (key: string) => Promise<void>;

export interface Controller {
  /** Label `name` of its queue's metrics; how it is switched on and off: "deployment". */
  readonly name: string;
  /** Source of its Events: "deployment-controller". */
  readonly component: string;
  /** Keys worked on at a time. */
  readonly workersCount: number;
  /** Off unless it is asked for by name. */
  readonly isOffByDefault?: boolean;
  /** Asks for informers, wires them to the queue. Called once. */
  start(context: ControllerContext): Reconcile;
}
