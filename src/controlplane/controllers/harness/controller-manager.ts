// Runs controllers: one queue and a few workers each, informers shared by all.
// Source: kube-controller-manager; client-go's controller pattern.
import { isStatus } from "../../../api/status.js";
import { PlumbError } from "../../../base/errors.js";
import type { Prng } from "../../../base/prng.js";
import type { Timers } from "../../../base/timers.js";
import type { Client } from "../../client/client.js";
import { EventRecorder } from "../../client/event-recorder.js";
import { InformerFactory } from "../../client/informer-factory.js";
import type { MetricSink } from "../../client/metric-sink.js";
import { WorkQueue } from "../../client/work-queue.js";
import type { Controller, Reconcile } from "./controller.js";

export interface ControllerManagerOptions {
  readonly client: Client;
  readonly controllers: readonly Controller[];
  readonly timers: Timers;
  readonly prng: Prng;
  /** As `--controllers`: names, "-name" switches off, "*" is all that are on by default, "none" none. Absent: ["*"]. */
  readonly enabled?: readonly string[];
  readonly metrics?: MetricSink;
  /** @param where name of the controller, and the key or resource */
  readonly onError?: (where: string, error: Error) => void;
}

interface Running {
  readonly controller: Controller;
  readonly queue: WorkQueue;
  readonly events: EventRecorder;
  readonly reconcile: Reconcile;
}

export class ControllerManager {
  readonly #options: ControllerManagerOptions;
  readonly #informers: InformerFactory;
  #running: Running[] = [];

  /** @throws {PlumbError} Usage when `enabled` names a controller that there is none of */
  constructor(options: ControllerManagerOptions) {
    checkNames(options);
    this.#options = options;
    const { client, timers, prng } = options;
    this.#informers = new InformerFactory({
      client,
      timers,
      prng: prng.fork("informers"),
      onError: (resource, error) => options.onError?.(`informer ${resource.resource}`, error),
    });
  }

  /** Shared with whoever runs beside the controllers. */
  get informers(): InformerFactory {
    return this.#informers;
  }

  /** Names of those that run, or will. */
  get names(): string[] {
    return this.#options.controllers
      .filter((controller) => isEnabled(controller, this.#options.enabled ?? ["*"]))
      .map((controller) => controller.name);
  }

  /** Whether no queue holds a key, now or later: nothing is to be done until something changes. */
  get isIdle(): boolean {
    return this.#running.every(({ queue }) => queue.isIdle);
  }

  /** Resolves when the informers have synced and the workers work. */
  async start(): Promise<void> {
    const names = new Set(this.names);
    for (const controller of this.#options.controllers)
      if (names.has(controller.name)) this.#running.push(this.#wire(controller));
    this.#informers.start();
    await this.#informers.synced();
    for (const running of this.#running)
      for (let worker = 0; worker < running.controller.workersCount; worker++) void this.#work(running);
  }

  /** Resolves when what was being worked on is done. */
  async stop(): Promise<void> {
    this.#informers.stop();
    for (const { queue, events } of this.#running) {
      queue.shutDown();
      events.stop();
    }
    await Promise.all(this.#running.map(({ queue }) => queue.drained()));
  }

  #wire(controller: Controller): Running {
    const { client, timers, prng, metrics } = this.#options;
    const queue = new WorkQueue({
      name: controller.name,
      timers,
      ...(metrics === undefined ? {} : { metrics }),
    });
    const chance = prng.fork(controller.name);
    const events = new EventRecorder({
      client,
      component: controller.component,
      timers,
      prng: chance.fork("events"),
    });
    const reconcile = controller.start({
      client,
      informers: this.#informers,
      events,
      queue,
      timers,
      prng: chance,
      onError: (error) => this.#options.onError?.(controller.name, error),
    });
    return { controller, queue, events, reconcile };
  }

  async #work({ controller, queue, reconcile }: Running): Promise<void> {
    for (;;) {
      const key = await queue.take();
      if (key === null) return;
      try {
        await reconcile(key);
        queue.forget(key);
      } catch (error) {
        queue.addRateLimited(key);
        // Someone else changed the object first: no failure, the next look will show what is left to do.
        if (!isStatus(error, "Conflict"))
          this.#options.onError?.(
            `${controller.name} ${key}`,
            error instanceof Error ? error : new Error(String(error)),
          );
      }
      queue.done(key);
    }
  }
}

const WILDCARDS = ["*", "none"];

function checkNames({ controllers, enabled = [] }: ControllerManagerOptions): void {
  const known = controllers.map(({ name }) => name);
  const unknown = enabled.find(
    (name) => !WILDCARDS.includes(name) && !known.includes(name.replace(/^-/, "")),
  );
  if (unknown !== undefined)
    throw new PlumbError(
      "Usage",
      `Cannot run controller '${unknown.replace(/^-/, "")}': there is none of that name`,
      {
        hint: `controllers: ${known.toSorted().join(", ")}; * for all, none for none`,
      },
    );
}

function isEnabled(controller: Controller, enabled: readonly string[]): boolean {
  if (enabled.includes(`-${controller.name}`)) return false;
  if (enabled.includes(controller.name)) return true;
  return enabled.includes("*") && controller.isOffByDefault !== true;
}
