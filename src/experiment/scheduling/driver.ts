// Drives a scheduler over the in-memory API: what is due, what has changed, one attempt, what it wants done; and again.
//
//   agenda (arrivals, churn, readings) ──► API ──► watch events ──► scheduler: one attempt
//                                           ▲                            │
//                                           └────── actions ◄────────────┘
//
// With nothing to do it waits for what is due next. Bindings take no time of their own: what is measured is the
// scheduler. No promise is made per Pod; only extenders, which are asked over a network, are awaited.
import type { Attempt } from "../../scheduler/attempt.js";
import type { ExtenderConfig } from "../../scheduler/config/configuration.js";
import type { ExtenderReply, ExtenderRequest } from "../../scheduler/extender/extender.js";
import type { Action, BindAction } from "../../scheduler/framework/action.js";
import type { Scheduler } from "../../scheduler/scheduler.js";
import type { Agenda } from "./agenda.js";
import type { InMemoryApi } from "./in-memory-api.js";
import type { Timeline } from "./timeline.js";
import { VolumeController } from "./volume-controller.js";
import { deliver } from "./watch-delivery.js";
import { type WaitLimit, waitedTooLong } from "./wait-limit.js";

export type CallExtender = (request: ExtenderRequest) => Promise<ExtenderReply>;

/** Told of every attempt, before it is carried out. */
export type OnAttempt = (
  attempt: Attempt,
  time: { readonly begunMs: number; readonly decidedMs: number },
) => void;

export interface DriverParts {
  readonly scheduler: Scheduler;
  /** Filled by the scheduler's `act`. */
  readonly actions: Action[];
  readonly api: InMemoryApi;
  readonly agenda: Agenda;
  readonly timeline: Timeline;
  readonly extenders: readonly ExtenderConfig[];
  readonly callExtender: CallExtender;
  /** For an interrupted wait. */
  readonly signal: AbortSignal | null;
  readonly pause: () => Promise<void>;
}

/** After so many attempts signals get a chance to be heard. */
const ATTEMPTS_PER_PAUSE = 4096;

export class Driver {
  readonly #parts: DriverParts;
  readonly #volumes: VolumeController;
  /** Bindings that an extender makes. */
  readonly #extenderBinds: BindAction[] = [];
  onAttempt: OnAttempt = () => {};
  #attempts = 0;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#volumes = new VolumeController(parts.api);
  }

  /** @throws {PlumbError} Internal when it takes too long; the signal's reason when it is aborted */
  async runUntil(isDone: () => boolean, limit: WaitLimit): Promise<void> {
    const { timeline, agenda, extenders } = this.#parts;
    const deadlineMs = timeline.now() + limit.timeoutMs;
    let nowMs = timeline.now();
    for (;;) {
      agenda.runDue(nowMs);
      this.bringUpToDate(nowMs);
      if (isDone()) return;
      if (nowMs >= deadlineMs) throw waitedTooLong(limit);
      const decidedMs = extenders.length === 0 ? this.#attempt() : await this.#attemptWithExtenders();
      if (decidedMs !== null) {
        if (isDone()) return;
        if (++this.#attempts % ATTEMPTS_PER_PAUSE === 0) await this.#listen();
        // As good as now, and saves a look at the clock.
        nowMs = decidedMs;
        continue;
      }
      if (!this.#parts.api.hasChanges) await this.#rest(nowMs, deadlineMs);
      nowMs = timeline.now();
    }
  }

  /** Watch events in, and what has waited long enough. */
  bringUpToDate(nowMs: number): void {
    const { api, scheduler } = this.#parts;
    while (api.hasChanges)
      for (const change of api.takeChanges()) {
        deliver(change, scheduler.cluster, nowMs);
        this.#volumes.changed(change);
      }
    const tickMs = scheduler.nextTickMs(nowMs);
    // A binding may wait for what has just been delivered.
    if (scheduler.bindingCount === 0 && (tickMs === null || tickMs > nowMs)) return;
    scheduler.tick(nowMs);
    this.#carryOut(nowMs);
  }

  /** @returns when it was over; null: no Pod is ready */
  #attempt(): number | null {
    const { scheduler, timeline } = this.#parts;
    const begunMs = timeline.now();
    const attempt = scheduler.scheduleOne(begunMs);
    return attempt === null ? null : this.#attempted(attempt, begunMs);
  }

  async #attemptWithExtenders(): Promise<number | null> {
    const { scheduler, timeline, callExtender } = this.#parts;
    const begunMs = timeline.now();
    const steps = scheduler.attempt(begunMs);
    let step = steps.next();
    while (step.done !== true) step = steps.next(await callExtender(step.value));
    const decidedMs = step.value === null ? null : this.#attempted(step.value, begunMs);
    for (const bind of this.#extenderBinds.splice(0)) await this.#bindByExtender(bind);
    return decidedMs;
  }

  #attempted(attempt: Attempt, begunMs: number): number {
    const { timeline } = this.#parts;
    timeline.attempted();
    const decidedMs = timeline.now();
    this.onAttempt(attempt, { begunMs, decidedMs });
    this.#carryOut(decidedMs);
    return decidedMs;
  }

  /** Carrying one out may bring on others. */
  #carryOut(nowMs: number): void {
    const { actions } = this.#parts;
    for (let index = 0; index < actions.length; index++) this.#do(actions[index] as Action, nowMs);
    actions.length = 0;
  }

  #do(action: Action, nowMs: number): void {
    const { api } = this.#parts;
    switch (action.kind) {
      case "bind":
        if (action.extender === undefined)
          this.#bound(action.uid, api.bind(action.uid, action.nodeName), nowMs);
        else this.#extenderBinds.push(action);
        return;
      case "updateStatus":
        api.patchStatus(action);
        return;
      case "deletePod":
        api.deletePod(action.uid, action.condition);
        return;
      case "updateVolume":
        api.update(action.volume);
        return;
      case "updateClaim":
        api.update(action.claim);
        return;
      case "event":
        api.record(action);
    }
  }

  #bound(uid: string, refusal: string | null, nowMs: number): void {
    const { scheduler } = this.#parts;
    if (refusal === null) scheduler.bound(uid, nowMs);
    else scheduler.bindFailed(uid, refusal, nowMs);
  }

  /** The extender writes the binding into the API; here this is done for it. */
  async #bindByExtender({ uid, namespace, name, nodeName, extender: urlPrefix }: BindAction): Promise<void> {
    const { extenders, callExtender, api, timeline } = this.#parts;
    const extender = extenders.find((each) => each.urlPrefix === urlPrefix && each.bindVerb !== null);
    const verb = extender?.bindVerb ?? null;
    if (extender === undefined || verb === null) return;
    const body = { PodName: name, PodNamespace: namespace, PodUID: uid, Node: nodeName };
    const refusal = refusalOf(await callExtender({ extender, verb, body }));
    const nowMs = timeline.now();
    this.#bound(uid, refusal ?? api.bind(uid, nodeName), nowMs);
    this.#carryOut(nowMs);
  }

  async #rest(nowMs: number, deadlineMs: number): Promise<void> {
    const { agenda, scheduler, timeline } = this.#parts;
    const dueMs = Math.min(
      agenda.nextMs,
      scheduler.nextTickMs(nowMs) ?? Number.POSITIVE_INFINITY,
      deadlineMs,
    );
    const wait = timeline.waitUntil(dueMs);
    if (wait !== null) await wait;
    this.#parts.signal?.throwIfAborted();
  }

  async #listen(): Promise<void> {
    const { signal, pause } = this.#parts;
    if (signal === null) return;
    await pause();
    signal.throwIfAborted();
  }
}

/** ExtenderBindingResult: an empty Error means done. */
function refusalOf(reply: ExtenderReply): string | null {
  if (!reply.ok) return reply.error;
  const { Error: error } = (reply.value ?? {}) as { Error?: unknown };
  return typeof error === "string" && error !== "" ? error : null;
}
