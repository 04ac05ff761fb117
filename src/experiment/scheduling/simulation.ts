// The parts of one case in process, put together: API, scheduler, driver, and the window that is measured.
import type { Clock } from "../../base/clock.js";
import type { Attempt } from "../../scheduler/attempt.js";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import type { Action } from "../../scheduler/framework/action.js";
import { Scheduler, type SchedulerFeatures } from "../../scheduler/scheduler.js";
import { Agenda } from "./agenda.js";
import { type CallExtender, Driver } from "./driver.js";
import { InMemoryApi } from "./in-memory-api.js";
import { MeasuredWindow } from "./measured-window.js";
import type { TimeMode } from "./scheduling-types.js";
import { RealTimeline, SimulatedTimeline, type Timeline } from "./timeline.js";

/** What the process that runs a case provides. */
export interface Surroundings {
  readonly seed: number;
  readonly timeMode: TimeMode;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  readonly callExtender: CallExtender;
  readonly signal?: AbortSignal;
  /** Told when the measured window opens and closes, at once; for profilers. */
  readonly onWindow?: (isOpen: boolean) => void;
  /** Told of every attempt of the window before it is carried out; for those who explain it. */
  readonly onAttempt?: (
    attempt: Attempt,
    at: { readonly scheduler: Scheduler; readonly nowMs: number },
  ) => void;
}

export interface SimulationOptions extends Surroundings {
  readonly configuration: SchedulerConfiguration;
  readonly features: SchedulerFeatures;
  readonly runsPods: boolean;
  readonly readsThroughput: boolean;
  readonly fragmentation: (scheduler: Scheduler) => number | null;
}

export interface Simulation {
  readonly api: InMemoryApi;
  readonly agenda: Agenda;
  readonly timeline: Timeline;
  readonly scheduler: Scheduler;
  readonly driver: Driver;
  readonly window: MeasuredWindow;
}

export function newSimulation(options: SimulationOptions): Simulation {
  const { configuration, features, seed, timeMode, clock, sleep, callExtender, signal } = options;
  const timeline = timeMode === "real" ? new RealTimeline(clock, sleep) : new SimulatedTimeline();
  const agenda = new Agenda();
  const api = new InMemoryApi({
    now: () => timeline.now(),
    later: (dueMs, run) => agenda.at(dueMs, run),
    runsPods: options.runsPods,
  });
  const actions: Action[] = [];
  const scheduler = new Scheduler({
    configuration,
    features,
    seed,
    stopwatch: () => timeline.now(),
    act: (action) => actions.push(action),
  });
  const driver = new Driver({
    scheduler,
    actions,
    api,
    agenda,
    timeline,
    callExtender,
    extenders: configuration.extenders,
    signal: signal ?? null,
    pause: () => sleep(0),
  });
  const window = new MeasuredWindow({
    scheduler,
    source: api,
    agenda,
    timeline,
    bringUpToDate: () => driver.bringUpToDate(timeline.now()),
    readsThroughput: options.readsThroughput,
    fragmentation: () => options.fragmentation(scheduler),
    onEdge: options.onWindow ?? (() => {}),
    collectGarbage: () => globalThis.gc?.(),
  });
  const { onAttempt } = options;
  driver.onAttempt = (attempt, time) => {
    window.attempted(attempt, time);
    if (window.isOpen) onAttempt?.(attempt, { scheduler, nowMs: time.decidedMs });
  };
  return { api, agenda, timeline, scheduler, driver, window };
}
