// Runs a scenario: every case once per block, blocks in seeded random order inside, a fresh process per sample.
// Decides when to start what; how a sample is taken is handed in (a forked process, or a function in tests).
// Interrupted or out of time, it stops at a block's end, so that what it keeps is balanced over the cases.
import { durationBetween, type Clock } from "../base/clock.js";
import type { Calibration } from "../calibration/calibration.js";
import { planBlocks } from "../measure/blocks.js";
import type { Scenario, ScenarioCase } from "./scenario-types.js";
import type { SampleRequest, SampleResult } from "./sample-types.js";

export interface ExecutorOptions {
  readonly clock: Clock;
  readonly runSample: (request: SampleRequest, stopNow: AbortSignal) => Promise<SampleResult>;
  /** Aborted: finish the block under way, start no other. */
  readonly finish: AbortSignal;
  /** Aborted: give up at once; the block under way is dropped. */
  readonly stopNow: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** For modelled times; absent: the recorded one. */
  readonly calibration?: Calibration;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly block: number;
  readonly blocks: number;
  readonly caseId: string;
  /** Expected time to the end, ns; null before the first block is done. */
  readonly remainingNs: number | null;
  /** True when a block has just been finished. */
  readonly blockDone: boolean;
}

export interface Execution {
  /** Whole blocks only, in the order taken. */
  readonly results: readonly SampleResult[];
  readonly failures: readonly { readonly caseId: string; readonly reason: string }[];
  readonly blocksDone: number;
  readonly end: "complete" | "interrupted" | "time-budget";
}

/** Measuring time per timed metric and sample, ns: long enough for stable medians, short enough for many processes. */
const TIMED_NS = 80e6;

export async function executeScenario(scenario: Scenario, options: ExecutorOptions): Promise<Execution> {
  const { sampling } = scenario;
  const plan = planBlocks(scenario.cases, {
    blocks: sampling.samples,
    order: sampling.order,
    seed: scenario.seed,
  });
  const run = new Run(scenario, options);
  for (const [block, cases] of plan.entries()) {
    if (options.finish.aborted) return run.finish("interrupted");
    if (block > 0 && run.exceedsBudget(block)) return run.finish("time-budget");
    await run.block(block, cases, plan.length);
    if (options.stopNow.aborted) return run.finish("interrupted");
  }
  return run.finish("complete");
}

class Run {
  readonly #scenario: Scenario;
  readonly #options: ExecutorOptions;
  readonly #startedAt;
  readonly #results: SampleResult[] = [];
  /** A case that failed once is not tried again: its reason is reported, the others go on. */
  readonly #failures = new Map<string, string>();
  #blocksDone = 0;
  #samplesDone = 0;

  constructor(scenario: Scenario, options: ExecutorOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  async block(block: number, cases: readonly ScenarioCase[], blocks: number): Promise<void> {
    const results: SampleResult[] = [];
    for (const scenarioCase of cases) {
      if (this.#options.stopNow.aborted) return;
      this.#report(scenarioCase.id, block, blocks, false);
      const result = await this.#sample(scenarioCase, block);
      if (result !== null) results.push(result);
      this.#samplesDone++;
    }
    this.#results.push(...results);
    this.#blocksDone++;
    this.#report("", block, blocks, true);
  }

  /** Whether one more block, as long as the ones before, would end after the budget. */
  exceedsBudget(blocksDone: number): boolean {
    const { timeBudget } = this.#scenario.sampling;
    if (timeBudget === null) return false;
    const used = this.#elapsedNs();
    return used + used / blocksDone > timeBudget;
  }

  finish(end: Execution["end"]): Execution {
    const failures = [...this.#failures].map(([caseId, reason]) => ({ caseId, reason }));
    return { results: this.#results, failures, blocksDone: this.#blocksDone, end };
  }

  async #sample(scenarioCase: ScenarioCase, block: number): Promise<SampleResult | null> {
    if (this.#failures.has(scenarioCase.id)) return null;
    const { seed, sampling } = this.#scenario;
    const { calibration } = this.#options;
    const request: SampleRequest = {
      case: scenarioCase,
      seed,
      block,
      warmup: sampling.warmup,
      timedNs: TIMED_NS,
      ...(calibration === undefined ? {} : { calibration }),
    };
    try {
      return await this.#options.runSample(request, this.#options.stopNow);
    } catch (error) {
      if (!this.#options.stopNow.aborted) {
        this.#failures.set(scenarioCase.id, error instanceof Error ? error.message : String(error));
      }
      return null;
    }
  }

  #report(caseId: string, block: number, blocks: number, blockDone: boolean): void {
    const total = this.#scenario.cases.length * blocks;
    const done = this.#samplesDone;
    const perBlock = this.#blocksDone === 0 ? null : this.#elapsedNs() / (done / this.#scenario.cases.length);
    const remainingNs = perBlock === null ? null : perBlock * ((total - done) / this.#scenario.cases.length);
    this.#options.onProgress({ done, total, block, blocks, caseId, remainingNs, blockDone });
  }

  #elapsedNs(): number {
    return durationBetween(this.#startedAt, this.#options.clock.now());
  }
}
